import type { DnsName } from '../../../dns/name.ts';
import { otherTtl, recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { Operation, OperationItem } from '../../operation.ts';
import type { EditEvent } from '../../panel.ts';
import type { PanelView } from './panel-view.ts';
import type { Runtime } from '../runtime.ts';

/** A new operation in state `prepared`, not yet written. */
export function newOperation(
  runtime: Runtime,
  facts: Pick<Operation, 'kind' | 'class' | 'zone'> & Partial<Operation>,
): Operation {
  const wall = runtime.ports.clock.wall();
  runtime.agenda.actedFor(facts.zone, facts.actor ?? '');
  return {
    id: runtime.timers.newId(),
    incarnation: 1,
    state: 'prepared',
    fingerprint: '',
    actor: '',
    source: '',
    items: [],
    removed: [],
    added: [],
    seed: null,
    created: false,
    requested: false,
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

/** Whether it is the create of a zone for which `before` has only asked: nothing of it was sent yet. */
export function isOnlyAsked({ kind, state, created, requested }: Operation): boolean {
  return kind === 'zone-create' && state === 'prepared' && !created && !requested;
}

/** The parts of an operation that come from the hook call. */
export function fromEvent(event: EditEvent): Pick<Operation, 'zone' | 'fingerprint' | 'actor'> {
  return { zone: event.zone, fingerprint: event.fingerprint, actor: event.actor.name };
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

/** Records that an operation wanted at the central or away from there, and that it wrote; of a zone's delete none. */
export function mirroredRecords({ kind, items, added, removed }: Operation): readonly ResourceRecord[] {
  if (kind === 'zone-delete') return [];
  const wanted = items.filter(({ mirrored }) => mirrored).flatMap(({ remove, add }) => [remove, add]);
  return [...wanted.filter((record) => record !== null), ...added, ...removed];
}

/**
 * What an operation that was taken back has written: nothing that is still there, unless a write of unknown outcome may land. Then it is
 * no proof any more that such a record is ours.
 */
export function nothingLeft({
  watchUntil,
}: Pick<Operation, 'watchUntil'>): Partial<Pick<Operation, 'added' | 'removed'>> {
  return watchUntil === 0 ? { added: [], removed: [] } : {};
}

/** Journals that a write of unknown outcome may still land, and what it may write. */
export async function keepWatching(
  runtime: Runtime,
  operation: Operation,
  written: Partial<Pick<Operation, 'added' | 'removed'>>,
): Promise<void> {
  const { clock, settings } = runtime.ports;
  const watchUntil = clock.wall() + settings.watch;
  await runtime.store.transact((tx) =>
    tx.amend(operation, (now) => ({
      // Earlier tries may land as well: what they wrote stays on watch too.
      added: union(now.added, written.added ?? []),
      removed: union(now.removed, written.removed ?? []),
      watchUntil,
    })),
  );
}

function union(a: readonly ResourceRecord[], b: readonly ResourceRecord[]): readonly ResourceRecord[] {
  return [...new Map([...a, ...b].map((record) => [recordId(record), record])).values()];
}

/** How the panel stands to each item of an operation. */
export type ItemView = 'before' | 'after' | 'other';

/** Whether the panel shows the whole edit done. In a zone that is gone every delete would look so: nothing is proven there. */
export function showsDone(operation: Operation, view: PanelView): boolean {
  return view.records !== null && viewItems(operation, view).every((item) => item === 'after');
}

export function viewItems(
  operation: Pick<Operation, 'items'>,
  { ids, ttls }: Pick<PanelView, 'ids' | 'ttls'>,
): ItemView[] {
  return operation.items.map((item) => {
    const { remove, add } = item;
    const ttl = retimed(item);
    if (ttl !== null && ids.has(recordId(ttl.add))) return viewTtl(ttl, ttls.get(recordId(ttl.add)) ?? null);
    const removeId = remove === null ? null : recordId(remove);
    const addId = add === null ? null : recordId(add);
    const hasOld = removeId !== null && ids.has(removeId);
    const hasNew = addId !== null && ids.has(addId);
    if (removeId === addId) return hasNew ? 'after' : 'other';
    return viewPresence({ removeId, hasOld }, { addId, hasNew });
  });
}

function viewPresence(
  { removeId, hasOld }: { removeId: string | null; hasOld: boolean },
  { addId, hasNew }: { addId: string | null; hasNew: boolean },
): ItemView {
  if ((addId === null || hasNew) && !hasOld) return 'after';
  return (removeId === null || hasOld) && !hasNew ? 'before' : 'other';
}

/** Of an edit that changes the TTL alone. */
function viewTtl({ remove, add }: Retimed, ttl: number | null): ItemView {
  if (!otherTtl(add, { ttl })) return 'after';
  return otherTtl(remove, { ttl }) ? 'other' : 'before';
}

/** An item that changes nothing but the TTL of a record. */
export interface Retimed {
  readonly remove: ResourceRecord;
  readonly add: ResourceRecord;
}

/** The item as one that changes the TTL alone; `null` when it is another. */
export function retimed({ remove, add }: Pick<OperationItem, 'remove' | 'add'>): Retimed | null {
  if (remove === null || add === null || recordId(remove) !== recordId(add)) return null;
  // The old TTL need not be known: the panel was not asked since the record was made without one.
  return add.ttl !== null && add.ttl !== remove.ttl ? { remove, add } : null;
}
