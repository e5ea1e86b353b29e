import type { DnsName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import { isFinal, type Operation, type OperationItem } from '../operation.ts';
import { keptDelete, markAnswered } from './after.ts';
import { keepCompensation } from './keep-compensation.ts';
import { mirrorItems } from './mirror.ts';
import { isPassing } from './passing.ts';
import { viewItems } from './operations.ts';
import { busyIds } from './plan.ts';
import { readPanel, type PanelView } from './panel-view.ts';
import type { Runtime } from './runtime.ts';

/**
 * Looks whether the panel has, after all, kept an edit that two reads had shown as refused: its own part took longer than our
 * patience and its `after` was lost. The edit is then done again at the central (class `compensate`).
 * @throws {PanelError | JournalError} when it has to be tried again
 */
export async function lookForLateEdits(
  runtime: Runtime,
  zone: DnsName,
  onWatch: readonly Operation[],
): Promise<void> {
  // A delete that the panel reported may have been given up because reads showed the zone for too long.
  const late = onWatch.filter(
    ({ state, afterSeen, class: group, kind }) =>
      state === 'reverted' && group === 'veto' && (!afterSeen || kind === 'zone-delete'),
  );
  if (late.length === 0) return;
  const view = await readPanel(runtime, zone);
  for (const operation of late) {
    if (operation.kind === 'records') await followLateItems(runtime, operation, view);
    else if (isKept(operation, view)) await followLateZone(runtime, operation);
  }
}

function isKept(operation: Operation, view: PanelView): boolean {
  return operation.kind === 'zone-create' ? view.records !== null : view.records === null && view.quiet;
}

async function followLateZone(runtime: Runtime, operation: Operation): Promise<void> {
  const { journal, log } = runtime.ports;
  // Another delete may have taken it up.
  const isDone =
    operation.kind === 'zone-delete' && (await journal.zone(operation.zone))?.standing !== 'joined';
  if (isDone) return;
  log(2, 'late-edit', { operation: operation.id, zone: operation.zone });
  if (operation.kind === 'zone-delete') {
    await runtime.store.transact((tx) => keptDelete(runtime, tx, sourceOf(operation), operation));
    return;
  }
  await markAnswered(runtime, operation);
  runtime.compareSoon(operation.zone, 'late-edit');
}

/** A group operation may have been kept in part: item by item. In a zone that is gone every delete looks done. */
async function followLateItems(runtime: Runtime, operation: Operation, view: PanelView): Promise<void> {
  if (view.records === null) return;
  const { journal, clock } = runtime.ports;
  const rows = await journal.rows(operation.zone);
  const open = await journal.operations({ zone: operation.zone, openAt: clock.wall() });
  const busy = busyIds(open.filter(({ state }) => !isFinal(state)));
  const agreed = new Set(
    rows.filter(({ standing }) => standing === 'joined').map(({ record }) => recordId(record)),
  );
  const views = viewItems(operation, view);
  const items = operation.items.filter(
    (item, at) => views[at] === 'after' && item.mirrored && !isAgreed(item, agreed) && !isBusy(item, busy),
  );
  if (items.length === 0) return;
  runtime.ports.log(2, 'late-edit', { operation: operation.id, zone: operation.zone });
  const { signal, done } = runtime.deadline(runtime.ports.settings.stepTimeout);
  const outcome = await mirrorItems(runtime, sourceOf(operation), items, 'compensate', signal).finally(done);
  // The rest of it may still be kept: then it stays on watch.
  const whole = views.every((view) => view === 'after');
  if (outcome.kind === 'applied')
    await keepCompensation(runtime, outcome.operation, whole ? operation : null);
  // During an outage the watch looks again by itself; a refusal is final, and the comparison lists what it leaves.
  else if (outcome.problems.every(({ code }) => isPassing(code))) return;
  else await markAnswered(runtime, operation);
  runtime.compareSoon(operation.zone, 'late-edit');
}

/** Whether the ledger already says what the item wants. */
function isAgreed(item: OperationItem, agreed: ReadonlySet<string>): boolean {
  const gone = item.remove === null || !agreed.has(recordId(item.remove));
  return gone && (item.add === null || agreed.has(recordId(item.add)));
}

/** Whether another operation is looking after a record of the item. */
function isBusy({ remove, add }: OperationItem, busy: ReadonlySet<string>): boolean {
  return [remove, add].some((record) => record !== null && busy.has(recordId(record)));
}

function sourceOf({
  zone,
  fingerprint,
  actor,
}: Operation): Pick<Operation, 'zone' | 'fingerprint' | 'actor'> {
  return { zone, fingerprint, actor };
}
