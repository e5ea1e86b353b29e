import type { DeleteOperation } from '../../operation.ts';
import { mayHaveRows } from '../knowledge/frozen.ts';
import { newCreate, watching } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';
import type { Transaction } from '../parts/store.ts';

/**
 * Ends a zone delete because the panel has the zone: nothing is deleted.
 * @throws {JournalError | Moved}
 */
export async function giveUpDelete(
  runtime: Runtime,
  tx: Transaction,
  operation: DeleteOperation,
): Promise<void> {
  const { zone, incarnation, formerlyOurs } = operation;
  const entry = await tx.journal.zone(zone);
  // A panel slower than our patience may still delete it, and its `after` may get lost, or reads show it
  // later: stay on watch.
  const watch = entry === null ? operation.watch : watching(runtime.ports, operation);
  await tx.advance(operation, 'reverted', { watch });
  if (entry === null) return;
  if (formerlyOurs.length === 0) {
    await tx.zone(entry, { ...entry, state: 'synced' });
    // Nothing was agreed on in it yet: perhaps the central does not have it.
    if (!(await mayHaveRows(tx.journal, zone))) runtime.agenda.compareSoon(zone, 'kept-delete');
    return;
  }
  // A create that was undone came true after all: its content is due, and what was ours before may go.
  const again = { class: 'follow', zone, incarnation, snapshot: formerlyOurs, afterSeen: true } as const;
  tx.create(newCreate(runtime, again), 'kept');
  await tx.zone(entry, { ...entry, state: 'creating' });
  tx.wake(zone, 0);
}
