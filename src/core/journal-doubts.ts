/**
 * Facts with which a journal says that it may not know what happened last. The journal sets them when it is
 * opened, each with the time (wall clock, milliseconds since 1970). See docs/decisions/016-older-journals.md.
 */

/** The journal is an older copy of itself. */
export const olderFact = 'older-journal';

/** The last commit was made more than {@link longGap} ago. */
export const gapFact = 'long-gap';

/**
 * The last commit was made on another host, whose journal this is. The identity of the present host follows
 * the time.
 */
export const otherHostFact = 'other-host';

/** An operator has accepted a journal of another host. */
export const acceptedFact = 'accepted-host';

/** An uninstallation has set the ledger aside. */
export const asideFact = 'set-aside';

/** The identity of the host that the journal was written on. */
export const hostFact = 'host';

/**
 * Why a new baseline was taken, and when: one of the names of facts above and the time. It stays until an
 * operator has taken note of it.
 */
export const newBaselineFact = 'new-baseline';

/** So many milliseconds without a commit are a long gap. */
export const longGap = 30 * 24 * 3_600_000;

/** Why a journal is in doubt. */
export type Doubt = typeof olderFact | typeof gapFact | typeof otherHostFact;

/** A doubt that an operator has to see. `since`: wall clock, milliseconds since 1970. */
export interface JournalDoubt {
  readonly why: Doubt;
  readonly since: number;
}

/**
 * The doubt that an operator has to see; null: there is none. While it is `other-host`, edits are refused.
 * After any other, a new baseline was taken.
 * @throws {JournalError}
 */
export async function doubtOf(journal: {
  fact(name: string): Promise<string | null>;
}): Promise<JournalDoubt | null> {
  const other = await journal.fact(otherHostFact);
  if (other !== null) return { why: otherHostFact, since: Number(other.split(' ')[0]) };
  const [why, since] = (await journal.fact(newBaselineFact))?.split(' ') ?? [];
  if (why !== olderFact && why !== gapFact) return null;
  return { why, since: Number(since) };
}
