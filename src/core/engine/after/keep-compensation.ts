import type { Operation } from '../../operation.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Moves an operation to `kept`, because the panel has made its edit already. If the operation replaces an
 * undone one, stores for the undone operation that its `after` call has come.
 * @param applied the operation, which is carried out at the central
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
