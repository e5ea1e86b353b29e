import type { Runtime } from '../runtime.ts';

/**
 * The longest time, in milliseconds, between the refusal of a call and a repetition that counts as
 * confirmation.
 */
export const repeatWithin = 15 * 60_000;
/**
 * The shortest time, in milliseconds, between the refusal of a call and a repetition that counts as
 * confirmation. One click may call us more than once, so an earlier repetition shows no decision of the user.
 */
export const repeatAfter = 3_000;

/**
 * Some calls are refused once, and the user confirms them by repeating the call. Finds out whether this call
 * is such a confirmation.
 * @param fact name of the journal's fact that holds the time of the refusal
 * @returns `yes`: the user has repeated the call, so the call may be carried out. Otherwise: the facts to
 * store with the refusal; empty if an earlier refusal still counts
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
  // A stored time in the future means that the wall clock was set back. Such a time proves no earlier
  // refusal.
  return age > repeatWithin || age < 0 ? { [fact]: String(now) } : {};
}

/**
 * The time of the call's last refusal (wall clock, milliseconds since 1970); `null`: no refusal is stored.
 * @throws {JournalError}
 */
export async function askedAt(journal: Runtime['ports']['journal'], fact: string): Promise<number | null> {
  const asked = await journal.fact(fact);
  return asked === null ? null : Number(asked);
}
