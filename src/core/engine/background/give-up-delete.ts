import type { Operation } from '../../operation.ts';
import { newOperation } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';
import type { Transaction } from '../parts/store.ts';

/**
 * Ends a zone delete because the panel has the zone: nothing is deleted.
 * @throws {JournalError | Moved}
 */
export async function giveUpDelete(runtime: Runtime, tx: Transaction, operation: Operation): Promise<void> {
  const { clock, settings } = runtime.ports;
  const { zone, incarnation, added } = operation;
  const entry = await tx.journal.zone(zone);
  // A panel slower than our patience may still delete it, and its `after` may get lost, or reads show it later: stay on watch.
  const watchUntil = entry === null ? operation.watchUntil : clock.wall() + settings.watch;
  await tx.advance(operation, 'reverted', { watchUntil });
  if (entry === null) return;
  if (added.length === 0) {
    await tx.zone(entry, { ...entry, standing: 'joined' });
    return;
  }
  // A create that was undone came true after all: its content is due, and what was ours before may go.
  const again = { kind: 'zone-create', class: 'follow', zone, incarnation, snapshot: added } as const;
  tx.create({ ...newOperation(runtime, again), afterSeen: true }, 'kept');
  await tx.zone(entry, { ...entry, standing: 'creating' });
  tx.wake(zone, 0);
}
