/**
 * Names of facts about a doubt: a reason why a journal may lack the newest events. Unless said otherwise, the
 * value of a fact is the time when it was stored (wall clock, milliseconds since 1970). See
 * docs/decisions/016-older-journals.md.
 */

/** The journal's file was replaced by an older copy of itself, for example from a backup. */
export const olderFact = 'older-journal';

/** The last commit was made more than {@link longGap} ago. */
export const gapFact = 'long-gap';

/**
 * The last commit was made on another host. The value is the time and the identity of the present host,
 * separated by a blank.
 */
export const otherHostFact = 'other-host';

/** An operator has accepted a journal of another host. */
export const acceptedFact = 'accepted-host';

/** domainsync was uninstalled. The ledger lacks all events since then. */
export const asideFact = 'set-aside';

/** The value is the identity of the host on which the journal was written. */
export const hostFact = 'host';

/**
 * Why a new baseline was taken, and when. The value is the name of one of the facts above, and the time. The
 * fact stays until an operator has seen it.
 */
export const newBaselineFact = 'new-baseline';

/** Time (ms) without a commit that counts as a long gap. */
export const longGap = 30 * 24 * 3_600_000;

/** Reasons why a journal may lack the newest events. */
export type Doubt = typeof olderFact | typeof gapFact | typeof otherHostFact;

/** A doubt that an operator has to see. `since`: wall clock, milliseconds since 1970. */
export interface JournalDoubt {
  readonly why: Doubt;
  readonly since: number;
}

/**
 * The doubt that an operator has to see; null: there is none. While the doubt is `other-host`, edits are
 * refused. For any other doubt, a new baseline has been taken.
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
