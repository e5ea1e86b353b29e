import type { Operation } from '../../operation.ts';
import type { Runtime } from '../runtime.ts';

/**
 * The panel has the edit already, so its operation is `kept` at once; the one it stands in for is answered.
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
