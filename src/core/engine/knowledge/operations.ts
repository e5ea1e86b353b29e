import type { DnsName } from '../../../dns/name.ts';
import { otherTtl, recordId, sameData, type ResourceRecord } from '../../../dns/record.ts';
import type { Change } from '../../../dns/zone.ts';
import {
  edits,
  isFinal,
  type CreateOperation,
  type DeleteOperation,
  type Operation,
  type OperationItem,
  type RecordsOperation,
  type Watch,
} from '../../operation.ts';
import type { EditEvent, EditItem } from '../../panel.ts';
import type { PanelView } from './panel-view.ts';
import type { Runtime } from '../runtime.ts';

/** Fields of a new operation; class and zone are required. */
type Facts<T extends Operation> = Pick<T, 'class' | 'zone'> & Partial<Omit<T, 'kind'>>;

/** Makes a new edit of records in state `prepared`. It is not journalled yet. */
export function newEdit(runtime: Runtime, facts: Facts<RecordsOperation>): RecordsOperation {
  return { kind: 'records', items: [], removed: [], added: [], ...begun(runtime, facts), ...facts };
}

/** Makes a new create of a zone in state `prepared`. It is not journalled yet. */
export function newCreate(runtime: Runtime, facts: Facts<CreateOperation>): CreateOperation {
  const nothing = { removed: [], added: [], snapshot: [], refusedContent: [] } as const;
  const unknown = { seed: null, created: false, requested: false, cancels: null } as const;
  return { kind: 'zone-create', ...nothing, ...unknown, ...begun(runtime, facts), ...facts };
}

/** Makes a new delete of a zone in state `prepared`. It is not journalled yet. */
export function newDelete(runtime: Runtime, facts: Facts<DeleteOperation>): DeleteOperation {
  const nothing = { snapshot: [], formerlyOurs: [], wasThere: null } as const;
  return { kind: 'zone-delete', ...nothing, ...begun(runtime, facts), ...facts };
}

type Begun = Omit<Operation, 'kind' | 'class' | 'zone'>;

function begun(runtime: Runtime, { zone, actor = '' }: Pick<Operation, 'zone'> & Partial<Begun>): Begun {
  const wall = runtime.ports.clock.wall();
  runtime.agenda.actedFor(zone, actor);
  return {
    id: runtime.timers.newId(),
    incarnation: 1,
    state: 'prepared',
    fingerprint: '',
    actor,
    source: '',
    afterSeen: false,
    createdAt: wall,
    changedAt: wall,
    watch: null,
    attempts: 0,
    problems: [],
  };
}

/**
 * Whether the operation is a create that was only checked at the central. No request to create the zone was
 * sent yet.
 */
export function isOnlyAsked(operation: Operation): boolean {
  if (operation.kind !== 'zone-create') return false;
  const { state, created, requested } = operation;
  return state === 'prepared' && !created && !requested;
}

/**
 * Whether the panel alone decided about the edit, and nothing was written at the central for it. Until a
 * panel read shows the edit, it may not exist, so it claims no record.
 */
export function isHeard({ class: group, state, afterSeen, removed, added }: RecordsOperation): boolean {
  const isWritten = removed.length + added.length > 0;
  return group === 'compensate' && state === 'prepared' && afterSeen && !isWritten;
}

/**
 * The open edits in the zone that the given create has made, without stuck edits. If a user created the zone,
 * earlier edits are left out too. They belong to a former zone of the same name, and end by themselves.
 * @param open open operations of the zone
 */
export function editsIn(
  { id, class: group }: CreateOperation,
  open: readonly Operation[],
): RecordsOperation[] {
  const all = edits(open).filter(({ state }) => !isFinal(state) && state !== 'stuck');
  return group === 'follow' ? all : all.filter((edit) => edit.id > id);
}

/** The fields of an operation that come from the hook call. */
export function fromEvent({ zone, fingerprint, actor, origin }: EditEvent): FromCall {
  const { func = '', address = '' } = origin ?? {};
  return {
    zone,
    fingerprint,
    actor: actor.name,
    ...(func === '' ? {} : { func }),
    ...(address === '' ? {} : { address }),
  };
}

/** The fields of an operation that come from the hook call. */
export type FromCall = Pick<Operation, 'zone' | 'fingerprint' | 'actor' | 'func' | 'address'>;

/** Owner names that an operation writes or may have to write at the central. */
export function mirroredNames(operation: Pick<RecordsOperation, 'items'>): DnsName[] {
  const names = new Set<DnsName>();
  for (const { mirrored, remove, add } of operation.items) {
    if (!mirrored) continue;
    if (remove !== null) names.add(remove.name);
    if (add !== null) names.add(add.name);
  }
  return [...names];
}

/** Records that requests of unknown outcome may still add or remove at the central. */
export function lateRecords({ watch }: Operation): readonly ResourceRecord[] {
  return watch === null ? [] : [...watch.added, ...watch.removed];
}

/**
 * Ids of records that late writes of ended operations on watch may have added. These records are ours,
 * although neither the ledger nor an open operation contains them.
 */
export function writtenLate(operations: readonly Operation[]): Set<string> {
  const ended = operations.filter(({ state }) => isFinal(state));
  return new Set(ended.flatMap(({ watch }) => watch?.added ?? []).map(recordId));
}

/**
 * Records to check while an operation is on watch: those of its sent items, and those that a late write may
 * change.
 */
export function watchedRecords(operation: Operation): readonly ResourceRecord[] {
  const items = operation.kind === 'records' ? operation.items.filter(({ mirrored }) => mirrored) : [];
  return [...recordsIn(items), ...lateRecords(operation)];
}

/** All records that the items remove or add. */
export function recordsIn(items: readonly EditItem[]): ResourceRecord[] {
  return items.flatMap(({ remove, add }) => [remove, add]).filter((record) => record !== null);
}

/** Records that an operation wrote or may have written. For a delete: records that were ours before it. */
export function ownRecords(operation: Operation): readonly ResourceRecord[] {
  const late = lateRecords(operation);
  if (operation.kind === 'zone-delete') return [...operation.formerlyOurs, ...late];
  return [...operation.added, ...operation.removed, ...late];
}

/**
 * The {@link ownRecords} of an operation, and for a create or delete also the records that were found at the
 * central.
 */
export function touchedRecords(operation: Operation): readonly ResourceRecord[] {
  const found = operation.kind === 'records' ? [] : operation.snapshot;
  return [...ownRecords(operation), ...found];
}

/**
 * The fields of an undone edit that say what it wrote. They are empty, so that the edit does not prove that a
 * record is ours.
 */
export const nothingWritten = { added: [], removed: [] } as const;

/** Records that a request of unknown outcome may still add or remove. For a zone's create or delete: none. */
type Late = Partial<Pick<Change, 'add' | 'remove'>>;

/**
 * Returns the operation's watch, extended for one more request of unknown outcome. Records of earlier
 * requests stay in the watch.
 * @param late records that the new request may still change
 */
export function watching({ clock, settings }: Runtime['ports'], now: Operation, late: Late = {}): Watch {
  const until = clock.wall() + settings.watch;
  return {
    until: Math.max(now.watch?.until ?? 0, until),
    added: union(now.watch?.added ?? [], late.add ?? []),
    removed: union(now.watch?.removed ?? [], late.remove ?? []),
  };
}

/**
 * Records that any request of an operation (its write or its undo) may still change. Use it if nobody knows
 * which requests are under way.
 */
export function anyRequest(operation: Operation): Late {
  if (operation.kind !== 'records') return {};
  const { class: group, state, items, added, removed, unanswered } = operation;
  // The central is asked for the outcome before anything else. From then on the write cannot take effect.
  if (typeof unanswered === 'string') return {};
  // An undo adds back the records that the edit removes, even if another writer had removed them before. An
  // edit of class `compensate` is undone in the panel.
  const isUndone = state === 'reverting' && group !== 'compensate';
  const undone = isUndone ? items.filter(({ mirrored }) => mirrored) : [];
  const all = union(
    [...added, ...removed],
    undone.flatMap(({ remove }) => remove ?? []),
  );
  return { add: all, remove: all };
}

/**
 * Computes the watch with which an edit ends. If the journal failed or the agent was killed, the end of a
 * write or undo may be missing in the journal. A write or undo whose end is missing may still take effect, so
 * it extends the watch.
 */
export function watchOf({ ports, unsaid }: Runtime, operation: RecordsOperation): Watch | null {
  const isUnsaid = operation.state === 'prepared' || unsaid.has(operation.id);
  return isUnsaid ? watching(ports, operation, anyRequest(operation)) : operation.watch;
}

/** Journals that a write of unknown outcome may still take effect. @returns the operation as journalled */
export async function keepWatching<T extends Operation>(
  runtime: Runtime,
  operation: T,
  late: Late = {},
): Promise<T> {
  return await runtime.store.transact((tx) =>
    tx.amend(operation, (now) => ({ watch: watching(runtime.ports, now, late) })),
  );
}

function union(a: readonly ResourceRecord[], b: readonly ResourceRecord[]): readonly ResourceRecord[] {
  return [...new Map([...a, ...b].map((record) => [recordId(record), record])).values()];
}

/**
 * The state of one item that a panel read shows: the state before the edit, the state after it, or another
 * one.
 */
export type ItemView = 'before' | 'after' | 'other';

/**
 * Whether a panel read shows that the whole edit was made. False if the panel no longer has the zone: every
 * removal would look done in a zone that is gone.
 */
export function showsDone(operation: RecordsOperation, view: PanelView): boolean {
  return view.records !== null && viewItems(operation, view).every((item) => item === 'after');
}

export function viewItems(
  operation: Pick<RecordsOperation, 'items'>,
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

/**
 * For an item that changes only the TTL: whether a panel read shows the TTL from before the edit, the one
 * after it, or another.
 * @param ttl the TTL that the read shows, seconds; null: unknown
 */
function viewTtl({ remove, add }: Retimed, ttl: number | null): ItemView {
  if (!otherTtl(add, { ttl })) return 'after';
  return otherTtl(remove, { ttl }) ? 'other' : 'before';
}

/** An item that changes only the TTL of a record. */
export interface Retimed {
  readonly remove: ResourceRecord;
  readonly add: ResourceRecord;
}

/** Returns the item if it changes only the TTL; `null`: it changes more. */
export function retimed({ remove, add }: Pick<OperationItem, 'remove' | 'add'>): Retimed | null {
  if (remove === null || add === null || !sameData(remove, add)) return null;
  // The old TTL is null, which means unknown, if the record was created without a TTL and the panel was not
  // read since.
  return add.ttl !== null && add.ttl !== remove.ttl ? { remove, add } : null;
}
