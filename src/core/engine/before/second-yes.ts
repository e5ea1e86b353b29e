import type { Runtime } from '../runtime.ts';

/** A call counts as repeated only within so many milliseconds after its refusal. */
export const repeatWithin = 15 * 60_000;
/**
 * A call counts as repeated only after so many milliseconds. One click may call us more than once, so a
 * sooner call shows no decision of the user.
 */
export const repeatAfter = 3_000;

/**
 * Finds out whether a call repeats one that was refused to get the user's confirmation.
 * @param fact name of the journal's fact that holds the time of the refusal
 * @returns `yes`: the user has repeated the call, and it may go on. Otherwise the facts to store with the
 *   refusal; none if an earlier refusal still counts
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
  // If the stored time is in the future, the wall clock was set back. It then proves no refusal.
  return age > repeatWithin || age < 0 ? { [fact]: String(now) } : {};
}

/**
 * When the call was last refused: wall clock, milliseconds since 1970; `null`: never.
 * @throws {JournalError}
 */
export async function askedAt(journal: Runtime['ports']['journal'], fact: string): Promise<number | null> {
  const asked = await journal.fact(fact);
  return asked === null ? null : Number(asked);
}
