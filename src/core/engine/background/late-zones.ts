import type { DnsName } from '../../../dns/name.ts';
import type { Operation } from '../../operation.ts';
import { keptDelete, markAnswered } from '../after/after.ts';
import { readPanel, type PanelView } from '../knowledge/panel-view.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Checks whether the panel has kept the create or delete of a zone that two reads had shown as refused. That
 * happens if the panel was slow and its `after` was lost. The edit is then made at the central.
 * @throws {PanelError | JournalError} when it has to be tried again
 */
export async function findLateZones(
  runtime: Runtime,
  zone: DnsName,
  onWatch: readonly Operation[],
): Promise<void> {
  // A delete with its `after` may have been given up because reads showed the zone for too long.
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
  // Another delete of the zone may be under way.
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
