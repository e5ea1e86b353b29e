import type { Runtime } from '../runtime.ts';

/** How long (ms) a refused call may be repeated. */
export const repeatWithin = 15 * 60_000;
/** One click may call us more than once: sooner (ms) than this nobody has read the refusal. */
export const repeatAfter = 3_000;

/**
 * Whether a call that was refused to ask for a second yes is repeated now.
 * @param fact where the wall-clock time of the refusal is kept
 * @returns the facts to commit with a refusal: none where the time of an earlier one still counts; `yes`: it
 *   is not refused
 * @throws {JournalError}
 */
export async function hearAnswer(
  { ports: { journal, clock } }: Runtime,
  fact: string,
): Promise<'yes' | Readonly<Record<string, string>>> {
  const now = clock.wall();
  const last = await askedAt(journal, fact);
  const age = last === null ? Infinity : now - last;
  if (age >= repeatAfter && age <= repeatWithin) return 'yes';
  // Also after the wall clock was set back: what lies in the future was never asked.
  return age > repeatWithin || age < 0 ? { [fact]: String(now) } : {};
}

/** When the call was refused (wall clock, ms); `null`: never. @throws {JournalError} */
export async function askedAt(journal: Runtime['ports']['journal'], fact: string): Promise<number | null> {
  const asked = await journal.fact(fact);
  return asked === null ? null : Number(asked);
}
