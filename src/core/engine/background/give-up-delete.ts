import type { DeleteOperation } from '../../operation.ts';
import { baselineDueFact } from '../before/unknown-zone.ts';
import { newCreate, watching } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';
import type { Transaction } from '../parts/store.ts';

/**
 * Ends a zone delete because the panel still has the zone. Deletes nothing at the central.
 * @throws {JournalError | Moved}
 */
export async function giveUpDelete(
  runtime: Runtime,
  tx: Transaction,
  operation: DeleteOperation,
): Promise<void> {
  const { zone, incarnation, formerlyOurs } = operation;
  const entry = await tx.journal.zone(zone);
  // A slow panel may still delete the zone, and the `after` of that may get lost. So the operation goes on
  // watch.
  const watch = entry === null ? operation.watch : watching(runtime.ports, operation);
  await tx.advance(operation, 'reverted', { watch });
  if (entry === null) return;
  if ((await tx.journal.fact(baselineDueFact(zone))) !== null) {
    // What the ledger has of the zone is from before the engine only observed.
    tx.with({ dropZones: [zone] });
    compareKept(runtime, operation);
    return;
  }
  if (formerlyOurs.length === 0) {
    await tx.zone(entry, { ...entry, state: 'synced' });
    // Comparisons skip a zone while its delete is open, so one that was due meanwhile is made now.
    compareKept(runtime, operation);
    return;
  }
  // This delete was resumed because a create had been undone. The panel has the zone, so the create is
  // journalled again. It may remove the records that were ours before.
  const again = { class: 'follow', zone, incarnation, snapshot: formerlyOurs, afterSeen: true } as const;
  tx.create(newCreate(runtime, again), 'kept');
  await tx.zone(entry, { ...entry, state: 'creating' });
  tx.wake(zone, 0);
}

/**
 * Schedules a comparison of a zone whose delete was given up. While the operation is on watch, each start of
 * the engine schedules it again.
 */
export function compareKept(runtime: Runtime, { zone }: DeleteOperation): void {
  runtime.agenda.compareSoon(zone, 'kept-delete', 'limited');
}
