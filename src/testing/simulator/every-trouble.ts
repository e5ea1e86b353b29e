import type { Drawn } from './chances.ts';
import { playStory } from './history.ts';
import type { Story } from './story.ts';

/** A story in which one more call meets a fault. */
export interface Troubled {
  readonly story: Story;
  /** The draw that causes the fault, as `name #count: result`. */
  readonly what: string;
}

/**
 * Makes one story for each fault that each call of a story may meet.
 * @param story the story without these faults
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
