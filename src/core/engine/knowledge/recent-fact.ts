import type { Clock } from '../../clock.ts';
import type { JournalReader } from '../../journal.ts';

interface Where {
  readonly journal: Pick<JournalReader, 'fact'>;
  readonly clock: Clock;
}

/** An event and its time (`at`: wall clock, milliseconds since 1970), as a fact of the journal stores it. */
interface Recent {
  readonly at: number;
  readonly what: string;
}

/**
 * Reads a short list of recent events from a fact of the journal. Without the fact, all operations would have
 * to be searched.
 * @param since wall clock, milliseconds since 1970. Older events are left out. Events that lie further in the
 *   future than `since` lies in the past are left out as well.
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
  // An event in the future was stored before the clock was set back. If it lies too far ahead, it does not
  // count.
  return entries.filter(({ at }) => at >= since && at - now <= now - since);
}

/**
 * Adds an event to the list in the fact, and returns the new fact. The caller commits the fact together with
 * the change that the event describes.
 * @param what name of the event, without blanks
 * @param most how many events the fact keeps; older ones are dropped
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
