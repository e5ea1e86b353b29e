import type { DnsName } from '../../dns/name.ts';
import type { Operation } from '../operation.ts';
import { keepCompensation, keptDelete } from './after.ts';
import { mirrorItems } from './mirror.ts';
import { viewItems } from './operations.ts';
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
  const late = onWatch.filter(
    ({ state, afterSeen, class: kind }) => state === 'reverted' && !afterSeen && kind === 'veto',
  );
  if (late.length === 0) return;
  const view = await readPanel(runtime, zone);
  for (const operation of late) {
    if (isKept(operation, view)) await followLate(runtime, operation);
  }
}

function isKept(operation: Operation, view: PanelView): boolean {
  switch (operation.kind) {
    case 'records':
      // In a zone that is gone every delete looks done.
      return view.records !== null && viewItems(operation, view.ids).every((item) => item === 'after');
    case 'zone-create':
      return view.records !== null;
    case 'zone-delete':
      return view.records === null && view.quiet;
  }
}

async function followLate(runtime: Runtime, operation: Operation): Promise<void> {
  runtime.ports.log(2, 'late-edit', { operation: operation.id, zone: operation.zone });
  if (operation.kind === 'zone-create') {
    runtime.compareSoon(operation.zone, 'late-edit');
    return;
  }
  if (operation.kind === 'zone-delete') {
    await runtime.exclusively(() => keptDelete(runtime, sourceOf(operation), operation));
    return;
  }
  const { signal, done } = runtime.deadline(runtime.ports.settings.stepTimeout);
  const outcome = await mirrorItems(runtime, sourceOf(operation), operation.items, 'compensate', signal).finally(done);
  if (outcome.kind === 'applied') await keepCompensation(runtime, outcome.operation, operation);
  else await giveUp(runtime, operation);
}

/** The central will not have it now: the comparison lists the difference, and this is not tried again. */
async function giveUp(runtime: Runtime, operation: Operation): Promise<void> {
  const { journal } = runtime.ports;
  await runtime.exclusively(async () => {
    const fresh = await journal.operation(operation.id);
    if (fresh !== null) await journal.commit({ operations: [{ ...fresh, afterSeen: true }] });
  });
  runtime.compareSoon(operation.zone, 'late-edit-refused');
}

function sourceOf({ zone, fingerprint, actor }: Operation): Pick<Operation, 'zone' | 'fingerprint' | 'actor'> {
  return { zone, fingerprint, actor };
}
