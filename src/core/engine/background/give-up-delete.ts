import type { DeleteOperation } from '../../operation.ts';
import { baselineDueFact } from '../before/unknown-zone.ts';
import { followDue, keptDeleteReason } from '../knowledge/follow-due.ts';
import { withoutZone } from '../knowledge/forget-zones.ts';
import { newCreate, watching } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';
import type { Transaction } from '../parts/store.ts';

/**
 * Ends the delete operation of a zone without deleting anything, because the panel still has the zone.
 * @throws {JournalError | Moved}
 */
export async function giveUpDelete(
  runtime: Runtime,
  tx: Transaction,
  operation: DeleteOperation,
): Promise<void> {
  const { zone, incarnation, formerlyOurs } = operation;
  const entry = await tx.journal.zone(zone);
  // A slow panel may still delete the zone, and its `after` call may get lost. So the ended operation stays
  // on watch for some time.
  const watch = entry === null ? operation.watch : watching(runtime.ports, operation);
  // A request of unknown outcome may still delete the zone at the central. The watch then finds that the zone
  // is lost.
  const attempts = operation.watch === null ? 0 : operation.attempts;
  await tx.advance(operation, 'reverted', { watch, attempts });
  if (entry === null) return;
  const baselineDue = await tx.journal.fact(baselineDueFact(zone));
  if (baselineDue !== null) {
    // The ledger's data of the zone is out of date: it is from before the observe mode. So the ledger forgets
    // the zone, but not that its baseline is due.
    const { dropZones, facts } = withoutZone(zone);
    tx.with({ dropZones, facts: { ...facts, [baselineDueFact(zone)]: baselineDue } });
    compareKept(runtime, operation);
    return;
  }
  if (formerlyOurs.length === 0) {
    await tx.zone(entry, { ...entry, state: 'synced' });
    tx.with({ facts: followDue(runtime.ports, zone) });
    // Comparisons skipped the zone while the delete was open, so the zone is compared now.
    compareKept(runtime, operation);
    return;
  }
  // An undone create had resumed this delete. But the panel has the zone, so the create is journalled again.
  // The new create may remove records at the central that were ours before.
  const again = { class: 'follow', zone, incarnation, snapshot: formerlyOurs, afterSeen: true } as const;
  tx.create(newCreate(runtime, again), 'kept');
  await tx.zone(entry, { ...entry, state: 'creating' });
  tx.wake(zone, 0);
}

/**
 * Schedules two comparisons of a zone whose delete was given up: one now, and one when panel reads surely
 * show all edits reported so far. While the ended operation is on watch, each start of the engine schedules
 * them again.
 */
export function compareKept(runtime: Runtime, { zone }: DeleteOperation): void {
  const compare = (): void => runtime.agenda.compareSoon(zone, keptDeleteReason, 'limited');
  compare();
  // Edits that the panel reported while the delete was open have no operation, so only a comparison finds
  // them.
  runtime.timers.alarm(runtime.ports.settings.readLag, compare);
}
