import type { Story } from '../simulator/story.ts';
import { shrink } from '../simulator/shrink.ts';
import { playTold } from './play.ts';
import type { Violation } from './report.ts';

/**
 * Makes a story as short as possible while it still shows the violation. Its events get the times at which
 * they really happen.
 * @returns the given story, if it does not show the violation
 */
export async function shortest(story: Story, violation: Violation): Promise<Story> {
  const wanted = kind(violation);
  const shows = async (one: Story): Promise<boolean> =>
    (await playTold(one)).violations.some((found) => kind(found) === wanted);
  if (!(await shows(story))) return story;
  const small = await shrink(story, shows);
  const { events, calmAt } = (await playTold(small)).story;
  const timed = { ...small, events, calmAt };
  return (await shows(timed)) ? timed : small;
}

/** The law and the text of a violation, without the numbers of central, operation and time. */
function kind({ law, text }: Violation): string {
  const [seen = ''] = text.split('\n');
  const where = seen.replace(/^central \d+: /u, '').replace(/operation \S+/u, 'operation');
  return `${law} ${where.replaceAll(/\d{4,}(?:\.\d+)?/gu, 'time')}`;
}
