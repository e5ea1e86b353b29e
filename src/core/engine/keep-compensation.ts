import type { Operation } from '../operation.ts';
import type { Runtime } from './runtime.ts';

/** The panel has the edit already, so its operation is `kept` at once; the one it stands in for is answered. */
export async function keepCompensation(
  runtime: Runtime,
  applied: Operation,
  takenBack: Operation | null,
): Promise<void> {
  await runtime.exclusively(async () => {
    const answered = takenBack === null ? null : await runtime.ports.journal.operation(takenBack.id);
    const kept = runtime.next(applied, 'kept', { afterSeen: true });
    await runtime.ports.journal.commit({
      operations: answered === null ? [kept] : [kept, { ...answered, afterSeen: true }],
    });
  });
  runtime.wakeZone(applied.zone, runtime.ports.settings.confirmDelay);
}
