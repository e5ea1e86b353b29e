import { everyTrouble } from '../simulator/every-trouble.ts';
import { scripted } from '../simulator/scripted/index.ts';
import { plain } from '../simulator/scripted/plain.ts';
import { recorded } from '../simulator/recorded.ts';
import type { NamedStory } from '../runs/play.ts';

/**
 * Every story there is: those that were recorded, those that are written by hand, and variants of the latter.
 * A variant meets one of the troubles that one of its calls may meet. Chance has no part in them. The
 * troubled ones, by far the most, come last.
 */
export async function everyStory(): Promise<NamedStory[]> {
  const told = Object.entries({ ...recorded(), ...scripted }).map(([name, story]) => ({ name, story }));
  for (const [name, story] of Object.entries(plain)) {
    for (const { story: troubled, what } of await everyTrouble(story))
      told.push({ name: `${name}, ${what}`, story: troubled });
  }
  return told;
}
