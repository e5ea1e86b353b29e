import type { Drawn } from './chances.ts';
import { playStory } from './history.ts';
import type { Story } from './story.ts';

/** A story with one call more in trouble. */
export interface Troubled {
  readonly story: Story;
  /** The draw, as `name #count: result`. */
  readonly what: string;
}

/**
 * The story once for each trouble that each call in it may meet, so that nothing is left to chance.
 * @param story as it is without the trouble
 */
export async function everyTrouble(story: Story): Promise<Troubled[]> {
  const { story: played, possible } = await playStory(story);
  return [...possible].flatMap(([name, troubles]) =>
    Object.entries(played.draws[name] ?? {}).flatMap(([count, drawn]) =>
      troubles.filter((trouble) => trouble !== drawn).map((trouble) => troubled(story, name, count, trouble)),
    ),
  );
}

function troubled(story: Story, name: string, count: string, trouble: Drawn): Troubled {
  const draws = { ...story.draws, [name]: { ...story.draws[name], [count]: trouble } };
  return { story: { ...story, draws }, what: `${name} #${count}: ${String(trouble)}` };
}
