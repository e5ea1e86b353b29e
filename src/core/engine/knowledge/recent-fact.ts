import type { Clock } from '../../clock.ts';
import type { JournalReader } from '../parts/store.ts';

interface Where {
  readonly journal: Pick<JournalReader, 'fact'>;
  readonly clock: Clock;
}

/**
 * An event and its time (`at`: wall clock, milliseconds since 1970). A fact of the journal keeps recent
 * events.
 */
interface Recent {
  readonly at: number;
  readonly what: string;
}

/**
 * Reads a short list of recent events from a fact of the journal, so that nobody has to search the
 * operations.
 * @param since wall clock, milliseconds since 1970. Older events are left out. So are events that lie further
 *   in the future than `since` lies in the past.
 * @returns oldest first
 * @throws {JournalError}
 */
export async function recentOf(
  { journal, clock }: Where,
  fact: string,
  since: number,
): Promise<readonly Recent[]> {
  const text = (await journal.fact(fact)) ?? '';
  const entries = text.split(' ').map((entry): Recent => {
    const at = entry.indexOf('=');
    return { at: at <= 0 ? -Infinity : Number(entry.slice(0, at)), what: entry.slice(at + 1) };
  });
  const now = clock.wall();
  // Events in the future were stored before the clock was set back. If they lie too far ahead, they do not
  // count.
  return entries.filter(({ at }) => at >= since && at - now <= now - since);
}

/**
 * Makes the fact with one more event, to be committed together with what the event reports.
 * @param what name of the event, without blanks
 * @param most number of events that are kept
 */
export function withRecent(
  { clock }: Pick<Where, 'clock'>,
  fact: string,
  before: readonly Recent[],
  what: string,
  most: number,
): Readonly<Record<string, string>> {
  const entries = [...before, { at: clock.wall(), what }];
  return {
    [fact]: entries
      .slice(-most)
      .map((one) => `${one.at}=${one.what}`)
      .join(' '),
  };
}
