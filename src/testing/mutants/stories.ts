import { everyTrouble } from '../simulator/every-trouble.ts';
import { scripted } from '../simulator/scripted/index.ts';
import { plain } from '../simulator/scripted/plain.ts';
import { recorded } from '../simulator/recorded.ts';
import type { NamedStory } from '../runs/play.ts';

/**
 * All stories: the recorded ones, the scripted ones, and variants of the ordinary ones. Each variant has one
 * more fault. Most of the stories are variants, and these come last.
 */
export async function everyStory(): Promise<NamedStory[]> {
  const told = Object.entries({ ...recorded(), ...scripted }).map(([name, story]) => ({ name, story }));
  for (const [name, story] of Object.entries(plain)) {
    for (const { story: troubled, what } of await everyTrouble(story))
      told.push({ name: `${name}, ${what}`, story: troubled });
  }
  return told;
}
