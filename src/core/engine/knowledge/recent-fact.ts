import type { Clock } from '../../clock.ts';
import type { JournalReader } from '../parts/store.ts';

interface Where {
  readonly journal: Pick<JournalReader, 'fact'>;
  readonly clock: Clock;
}

/**
 * Something that happened at a wall-clock time (ms) and is remembered for a while in a fact of the journal.
 */
interface Recent {
  readonly at: number;
  readonly what: string;
}

/**
 * A short list of what happened lately, as a fact: operations need not be searched for it.
 * @param since what is older is forgotten
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
  // What lies in the future was written before the clock was set back.
  return entries.filter(({ at }) => at >= since && at <= clock.wall());
}

/**
 * The fact with one more entry, to be committed with what happened.
 * @param what without blanks
 * @param most entries that are kept
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
