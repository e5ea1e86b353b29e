import type { DnsName } from '../../dns/name.ts';
import type { Operation } from '../operation.ts';
import { keepCompensation, keptDelete } from './after.ts';
import { mirrorItems } from './mirror.ts';
import { showsDone } from './operations.ts';
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
      return showsDone(operation, view);
    case 'zone-create':
      return view.records !== null;
    case 'zone-delete':
      return view.records === null && view.quiet;
  }
}

async function followLate(runtime: Runtime, operation: Operation): Promise<void> {
  runtime.ports.log(2, 'late-edit', { operation: operation.id, zone: operation.zone });
  if (operation.kind === 'zone-create') {
    await giveUp(runtime, operation);
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

/** Left to the comparison, which creates what is missing and lists what differs; this is not tried again. */
async function giveUp(runtime: Runtime, operation: Operation): Promise<void> {
  const { journal } = runtime.ports;
  await runtime.exclusively(async () => {
    const fresh = await journal.operation(operation.id);
    if (fresh !== null) await journal.commit({ operations: [{ ...fresh, afterSeen: true }] });
  });
  runtime.compareSoon(operation.zone, 'late-edit');
}

function sourceOf({ zone, fingerprint, actor }: Operation): Pick<Operation, 'zone' | 'fingerprint' | 'actor'> {
  return { zone, fingerprint, actor };
}
