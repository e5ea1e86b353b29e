import type { DnsName } from '../../../dns/name.ts';
import type { Batch } from '../../journal.ts';
import type { Transaction } from '../parts/store.ts';
import type { Runtime } from '../runtime.ts';
import type { Comparison } from './compare-rule.ts';

/** Reason of a comparison that is made because a delete has ended and the panel has the zone. */
export const keptDeleteReason = 'kept-delete';

/**
 * Name of the journal's fact that marks a zone which must still be compared, because comparisons skipped the
 * zone while its delete was open. The fact holds since when (wall clock, milliseconds since 1970).
 */
export function followDueFact(zone: DnsName): string {
  return `follow-due ${zone}`;
}

/** The facts to store when a delete of the zone ends although the panel has the zone. */
export function followDue({ clock }: Runtime['ports'], zone: DnsName): NonNullable<Batch['facts']> {
  return { [followDueFact(zone)]: String(clock.wall()) };
}

/**
 * Whether the zone must still be compared, because its delete has ended and the panel has the zone. The
 * comparison may remove records within the safety limits. It was scheduled when the delete ended, but the
 * engine may have stopped before the comparison was made.
 * @throws {JournalError}
 */
export async function isFollowDue({ ports: { journal } }: Runtime, zone: DnsName): Promise<boolean> {
  return (await journal.fact(followDueFact(zone))) !== null;
}

/** A comparison that is about to be stored. */
interface Compared {
  /** When it began, monotonic milliseconds. */
  readonly began: number;
  /** Whether it may remove records itself, and leaves no removal to a watch. */
  readonly decides: boolean;
  readonly found: Pick<Comparison, 'gone' | 'waiting'>;
}

/**
 * Called in the transaction of a comparison. If it has found nothing to remove, stores that no comparison is
 * due any more. This needs a panel read late enough to show all edits from before the end of the delete.
 * @throws {JournalError}
 */
export async function endFollowDue(
  { now, ports: { clock, settings } }: Runtime,
  tx: Transaction,
  zone: DnsName,
  { began, decides, found: { gone, waiting } }: Compared,
): Promise<void> {
  // Records that are gone in the panel are removed at the central only after this transaction. The engine may
  // stop in between, so the comparison stays due.
  if (!decides || gone.length + waiting.length > 0) return;
  const since = await tx.journal.fact(followDueFact(zone));
  if (since === null) return;
  const waited = clock.wall() - (now - began) - Number(since);
  // If the clock was set back, nobody knows how long ago the delete ended.
  if (waited < 0 || waited >= settings.readLag) tx.with({ facts: { [followDueFact(zone)]: null } });
}
