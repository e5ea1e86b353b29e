import type { DnsName } from '../../../dns/name.ts';
import { CentralError } from '../../central.ts';
import { JournalError, type Batch } from '../../journal.ts';
import { PanelError } from '../../panel.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import type { Transaction } from '../parts/store.ts';
import type { Runtime } from '../runtime.ts';
import type { Comparison } from './compare-rule.ts';

/** Reason of a comparison that is made because a delete has ended and the panel has the zone. */
export const keptDeleteReason = 'kept-delete';

/**
 * Name of the journal's fact that marks a zone which must still be compared. Comparisons skipped the zone
 * while its delete was open, or a comparison that may remove records has failed. The fact holds since when
 * (wall clock, milliseconds since 1970), and the reason of that comparison.
 */
export function followDueFact(zone: DnsName): string {
  return `follow-due ${zone}`;
}

/**
 * The facts to store when a comparison of the zone becomes due that may remove records. An example is the end
 * of a delete although the panel has the zone.
 */
export function followDue(
  { clock }: Runtime['ports'],
  zone: DnsName,
  reason = keptDeleteReason,
): NonNullable<Batch['facts']> {
  return { [followDueFact(zone)]: `${clock.wall()} ${reason}` };
}

/**
 * The reason of a comparison of the zone that is still due and may remove records within the safety limits.
 * The comparison was scheduled, but the engine may have stopped before it was made. Null: none is due.
 * @throws {JournalError}
 */
export async function followDueReason(
  { ports: { journal } }: Runtime,
  zone: DnsName,
): Promise<string | null> {
  const stored = await journal.fact(followDueFact(zone));
  return stored === null ? null : stored.slice(stored.indexOf(' ') + 1);
}

/**
 * Called when a comparison has failed. If it may remove records, the journal remembers it, so that it is made
 * also if the engine stops before it succeeds. A failure of the journal is only logged: the comparison is
 * tried again in any case.
 * @param failure why the comparison failed
 */
export async function rememberFailed(
  runtime: Runtime,
  zone: DnsName,
  { reason, follow }: CompareRequest,
  failure: unknown,
): Promise<void> {
  const { journal, log } = runtime.ports;
  const isOutage = failure instanceof CentralError || failure instanceof PanelError;
  // What changes in the panel while the engine only observes is never sent.
  if (follow === 'no' || !isOutage || runtime.promises !== null) return;
  try {
    const isSynced = (await journal.zone(zone))?.state === 'synced';
    if (!isSynced || (await followDueReason(runtime, zone)) !== null) return;
    await runtime.store.commit({ facts: followDue(runtime.ports, zone, reason) });
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    log(2, 'journal.failed', { zone, code: error.code });
  }
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
 * due any more. This needs a panel read late enough to show all edits from before it became due.
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
  const waited = clock.wall() - (now - began) - Number.parseInt(since, 10);
  // If the clock was set back, nobody knows how long ago the delete ended.
  if (waited < 0 || waited >= settings.readLag) tx.with({ facts: { [followDueFact(zone)]: null } });
}
