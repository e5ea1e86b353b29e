import type { Runtime } from '../runtime.ts';

/** How long after its refusal a call may be repeated, milliseconds. */
export const repeatWithin = 15 * 60_000;
/**
 * Least time between a refusal and its repetition, milliseconds. One click may call us more than once, and a
 * sooner call shows no decision of the user.
 */
export const repeatAfter = 3_000;

/**
 * Finds out whether a call repeats one that was refused to get the user's confirmation.
 * @param fact name of the journal's fact that holds the time of the refusal
 * @returns `yes`: the call repeats a refused one and may go on. Otherwise the facts to commit with its
 *   refusal; none if the time of an earlier refusal still counts
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
  // A time in the future is no refusal: the wall clock was set back.
  return age > repeatWithin || age < 0 ? { [fact]: String(now) } : {};
}

/** When the call was refused: wall clock, milliseconds since 1970; `null`: never. @throws {JournalError} */
export async function askedAt(journal: Runtime['ports']['journal'], fact: string): Promise<number | null> {
  const asked = await journal.fact(fact);
  return asked === null ? null : Number(asked);
}
