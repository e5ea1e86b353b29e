import type { DeleteOperation } from '../../operation.ts';
import { baselineDueFact } from '../before/unknown-zone.ts';
import { newCreate, watching } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';
import type { Transaction } from '../parts/store.ts';

/**
 * Ends the delete operation of a zone, because the panel still has the zone. Deletes nothing at the central.
 * @throws {JournalError | Moved}
 */
export async function giveUpDelete(
  runtime: Runtime,
  tx: Transaction,
  operation: DeleteOperation,
): Promise<void> {
  const { zone, incarnation, formerlyOurs } = operation;
  const entry = await tx.journal.zone(zone);
  // A slow panel may still delete the zone, and its `after` call may get lost. So the operation is watched
  // for a while.
  const watch = entry === null ? operation.watch : watching(runtime.ports, operation);
  await tx.advance(operation, 'reverted', { watch });
  if (entry === null) return;
  if ((await tx.journal.fact(baselineDueFact(zone))) !== null) {
    // The ledger's data of the zone is out of date: it is from before the observe mode. So the ledger forgets
    // the zone.
    tx.with({ dropZones: [zone] });
    compareKept(runtime, operation);
    return;
  }
  if (formerlyOurs.length === 0) {
    await tx.zone(entry, { ...entry, state: 'synced' });
    // While the delete was open, comparisons skipped the zone. So a comparison is made now.
    compareKept(runtime, operation);
    return;
  }
  // This delete had been resumed after the undo of a create. But the panel has the zone, so the create is
  // journalled again. The new create may remove at the central the records that were ours before.
  const again = { class: 'follow', zone, incarnation, snapshot: formerlyOurs, afterSeen: true } as const;
  tx.create(newCreate(runtime, again), 'kept');
  await tx.zone(entry, { ...entry, state: 'creating' });
  tx.wake(zone, 0);
}

/**
 * Schedules comparisons of a zone whose delete was given up: now, and once panel reads show all that the
 * panel reported until now. While the ended operation is on watch for late effects, each start of the engine
 * schedules them again.
 */
export function compareKept(runtime: Runtime, { zone }: DeleteOperation): void {
  const { clock, settings } = runtime.ports;
  const compare = (): void => runtime.agenda.compareSoon(zone, 'kept-delete', 'limited');
  compare();
  // Edits that the panel reported while the delete was open have no operation, so only a comparison finds
  // them.
  clock.sleep(settings.readLag, runtime.timers.stopping.signal).then(
    compare,
    // Nothing to handle: the sleep was aborted because the engine stops.
    () => undefined,
  );
}
