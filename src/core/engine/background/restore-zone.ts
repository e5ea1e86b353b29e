import { refusal } from '../../catalogue.ts';
import { isFinal, type CreateOperation } from '../../operation.ts';
import { nextTry, writeWithEcho } from './echo.ts';
import { isUntouched } from './make-zone.ts';
import { agreesTwice, type PanelView } from '../knowledge/panel-view.ts';
import type { Runtime } from '../runtime.ts';
import { endUndo } from './zone-steps.ts';

/**
 * Deletes a zone in the panel because the central refused to create it (class `compensate`). Does so only
 * soon after the create, and only if the zone is unchanged and no edit was made in it. Otherwise the zone
 * stays, and the operation becomes stuck.
 * @throws {PanelError | JournalError} the caller tries again later
 */
export async function restoreZone(
  runtime: Runtime,
  operation: CreateOperation,
  view: PanelView,
): Promise<void> {
  const { settings } = runtime.ports;
  const { zone } = operation;
  if (view.records === null) {
    if (!agreesTwice(runtime, operation, view, 'missing', { patience: 0, gap: settings.readGap })) return;
    await endUndo(runtime, operation);
    return;
  }
  if (!isUntouched(operation, view) || !(await isNew(runtime, operation))) {
    const problems = [refusal('zone.create-refused', { zone }), ...operation.problems];
    await runtime.store.advance(operation, 'stuck', { problems });
    runtime.ports.log(1, 'operation.stuck', { operation: operation.id, code: 'zone.create-refused' });
    return;
  }
  const early = nextTry(runtime, operation) - runtime.ports.clock.wall();
  if (early <= 0)
    await writeWithEcho(runtime, operation, (echo, ctx) => runtime.ports.panel.deleteZone(zone, echo, ctx));
  runtime.agenda.wake(zone, Math.max(early, settings.confirmDelay));
}

/** Whether the zone was created recently, and no edit was made in it since. */
async function isNew(runtime: Runtime, { id, zone, createdAt }: CreateOperation): Promise<boolean> {
  const { journal, clock, settings } = runtime.ports;
  if (clock.wall() - createdAt > settings.watch) return false;
  const since = (await journal.operations({ zone, latest: 50 })).filter((one) => one.id > id);
  return !since.some(({ kind, state }) => kind === 'records' && (!isFinal(state) || state === 'confirmed'));
}
