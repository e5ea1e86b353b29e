import type { DnsName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import type { Operation } from '../operation.ts';
import type { EditEvent } from '../panel.ts';
import type { Runtime } from './runtime.ts';

/** A new operation in state `prepared`, not yet written. */
export function newOperation(
  runtime: Runtime,
  facts: Pick<Operation, 'kind' | 'class' | 'zone'> & Partial<Operation>,
): Operation {
  const wall = runtime.ports.clock.wall();
  return {
    id: runtime.newId(),
    incarnation: 1,
    state: 'prepared',
    fingerprint: '',
    actor: '',
    items: [],
    removed: [],
    added: [],
    seed: null,
    created: false,
    snapshot: [],
    cancels: null,
    afterSeen: false,
    createdAt: wall,
    changedAt: wall,
    watchUntil: 0,
    attempts: 0,
    problems: [],
    ...facts,
  };
}

/** The parts of an operation that come from the hook call. */
export function fromEvent(event: EditEvent): Pick<Operation, 'zone' | 'fingerprint' | 'actor'> {
  return { zone: event.zone, fingerprint: event.fingerprint, actor: event.actor };
}

/** Owner names that an operation writes or may have to write at the central. */
export function mirroredNames(operation: Pick<Operation, 'items'>): DnsName[] {
  const names = new Set<DnsName>();
  for (const { mirrored, remove, add } of operation.items) {
    if (!mirrored) continue;
    if (remove !== null) names.add(remove.name);
    if (add !== null) names.add(add.name);
  }
  return [...names];
}

/** How the panel stands to each item of an operation. */
export type ItemView = 'before' | 'after' | 'other';

export function viewItems(operation: Operation, panelIds: ReadonlySet<string>): ItemView[] {
  return operation.items.map(({ remove, add }) => {
    const removeId = remove === null ? null : recordId(remove);
    const addId = add === null ? null : recordId(add);
    const hasOld = removeId !== null && panelIds.has(removeId);
    const hasNew = addId !== null && panelIds.has(addId);
    if (removeId === addId) return hasNew ? 'after' : 'other';
    if ((addId === null || hasNew) && !hasOld) return 'after';
    if ((removeId === null || hasOld) && !hasNew) return 'before';
    return 'other';
  });
}
