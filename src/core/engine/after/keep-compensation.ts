import type { Operation } from '../../operation.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Marks `applied` as `kept`, because the panel has made the edit already. Also marks the operation that it
 * replaces as answered.
 * @param undone the undone operation whose edit `applied` makes again; null: none
 */
export async function keepCompensation(
  runtime: Runtime,
  applied: Operation,
  undone: Operation | null,
): Promise<void> {
  await runtime.store.transact(async (tx) => {
    await tx.record(applied, 'kept', () => ({ afterSeen: true }));
    if (undone !== null) await tx.amend(undone, () => ({ afterSeen: true }));
    tx.wake(applied.zone, runtime.ports.settings.confirmDelay);
  });
}
