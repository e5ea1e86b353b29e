import type { DnsName } from '../../../dns/name.ts';
import type { Operation } from '../../operation.ts';
import { keptDelete, markAnswered } from '../after/after.ts';
import { readPanel, type PanelView } from '../knowledge/panel-view.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Looks for creates and deletes of a zone that a slow panel made late. We had undone them because panel reads
 * did not show them, and their `after` calls got lost. Such a create or delete is now carried out at the
 * central too.
 * @throws {PanelError | JournalError} the caller tries again later
 */
export async function findLateZones(
  runtime: Runtime,
  zone: DnsName,
  onWatch: readonly Operation[],
): Promise<void> {
  // A delete counts even if its `after` call came. We may have given it up because panel reads still showed
  // the zone after the longest wait.
  const late = onWatch.filter(
    ({ state, afterSeen, class: group, kind }) =>
      kind !== 'records' &&
      state === 'reverted' &&
      group === 'veto' &&
      (!afterSeen || kind === 'zone-delete'),
  );
  if (late.length === 0) return;
  const view = await readPanel(runtime, zone);
  for (const operation of late) if (isKept(operation, view)) await followLateZone(runtime, operation);
}

function isKept(operation: Operation, view: PanelView): boolean {
  return operation.kind === 'zone-create' ? view.records !== null : view.records === null && view.quiet;
}

async function followLateZone(runtime: Runtime, operation: Operation): Promise<void> {
  const { journal, log } = runtime.ports;
  // If the zone is not `synced`, another operation already creates or deletes it, or the zone is gone.
  const isDone = operation.kind === 'zone-delete' && (await journal.zone(operation.zone))?.state !== 'synced';
  if (isDone) return;
  log(2, 'late-edit', { operation: operation.id, zone: operation.zone });
  if (operation.kind === 'zone-delete') {
    await runtime.store.transact((tx) => keptDelete(runtime, tx, sourceOf(operation), operation));
    return;
  }
  await markAnswered(runtime, operation);
  runtime.agenda.compareSoon(operation.zone, 'late-edit');
}

function sourceOf({
  zone,
  fingerprint,
  actor,
}: Operation): Pick<Operation, 'zone' | 'fingerprint' | 'actor'> {
  return { zone, fingerprint, actor };
}
