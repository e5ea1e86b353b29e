import { isSigners } from '../../../dns/dnssec.ts';
import type { DnsName } from '../../../dns/name.ts';
import { problem, type Problem } from '../../../dns/problem.ts';
import { formatRecord, otherTtl, recordId, sameData, type ResourceRecord } from '../../../dns/record.ts';
import type { Change } from '../../../dns/zone.ts';
import type { LedgerRow, RecordState } from '../../ledger.ts';
import {
  edits,
  isFinal,
  type Operation,
  type OperationItem,
  type RecordsOperation,
} from '../../operation.ts';
import { rowsInPanel, type EditItem, type KnownRecord } from '../../panel.ts';
import { isCentralsOwn, plain } from '../knowledge/compare-rule.ts';
import { localState } from '../knowledge/ledger-rows.ts';
import { retimed, watchedRecords, writtenLate } from '../knowledge/operations.ts';
import { isMade } from '../knowledge/panel-view.ts';

/**
 * The engine's knowledge of a zone, from its ledger rows and operations. Besides open operations, it covers
 * ended ones on watch, whose late writes may still take effect.
 */
export interface ZoneKnowledge {
  readonly zone: DnsName;
  readonly rows: ReadonlyMap<string, LedgerRow>;
  /** Operations that have not ended, oldest first. */
  readonly open: readonly Operation[];
  /** Edits that have ended, but began after the oldest open edit. Oldest first. */
  readonly endedSince: readonly RecordsOperation[];
  /**
   * Ids of records that ended operations may have added with writes that took effect late; see {@link
   * writtenLate}.
   */
  readonly late: ReadonlySet<string>;
  /**
   * Ids of records that an edit of ours removed and that no edit has added since. If the central lacks such a
   * record, we removed it, not another writer.
   */
  readonly taken: ReadonlySet<string>;
  /**
   * Ids of records that may have been removed by an operation that is open, or that is on watch for late
   * writes.
   */
  readonly unsure: ReadonlySet<string>;
  /**
   * Ids of records of ended operations on watch. If the panel has such a record, the watch brings it to the
   * central.
   */
  readonly watched: ReadonlySet<string>;
}

/**
 * Combines the ledger rows and the operations of a zone.
 * @param operations the zone's operations that are open or on watch
 * @param recent the zone's newest operations, newest first
 */
export function knowledgeOf(
  zone: DnsName,
  rows: readonly LedgerRow[],
  operations: readonly Operation[],
  recent: readonly Operation[] = [],
): ZoneKnowledge {
  const ended = operations.filter(({ state }) => isFinal(state));
  const open = operations.filter(({ state }) => !isFinal(state));
  return {
    zone,
    rows: new Map(rows.map((row) => [recordId(row.record), row])),
    open,
    endedSince: confirmedSince(edits(open)[0], edits(recent)),
    late: writtenLate(operations),
    taken: takenBy(edits(recent)),
    unsure: new Set(operations.flatMap(removedBy).map(recordId)),
    watched: new Set(ended.flatMap(watchedRecords).map(recordId)),
  };
}

/** The confirmed edits that began after the given one, oldest first. @param recent newest first */
function confirmedSince(
  oldest: RecordsOperation | undefined,
  recent: readonly RecordsOperation[],
): readonly RecordsOperation[] {
  if (oldest === undefined) return [];
  return recent.filter(({ id, state }) => state === 'confirmed' && id > oldest.id).toReversed();
}

/** Records that an operation removed at the central, or may still remove. */
function removedBy(operation: Operation): readonly ResourceRecord[] {
  const late = operation.watch?.removed ?? [];
  return operation.kind === 'zone-delete' ? late : [...operation.removed, ...late];
}

/**
 * Computes {@link ZoneKnowledge.taken}. Only edits in state `applied` or `kept` count. In other states, the
 * result of the write is not known, or an undo restores the records.
 * @param recent newest first: for each record only the newest edit counts
 */
function takenBy(recent: readonly RecordsOperation[]): Set<string> {
  const taken = new Set<string>();
  const judged = new Set<string>();
  for (const { state, items, removed } of recent) {
    if (state === 'refused' || state === 'reverted') continue;
    for (const { mirrored, add } of items) if (mirrored && add !== null) judged.add(recordId(add));
    for (const id of removed.map(recordId)) {
      if ((state === 'applied' || state === 'kept') && !judged.has(id)) taken.add(id);
      judged.add(id);
    }
  }
  return taken;
}

/**
 * All records that the panel may mean by a key: records that the panel has according to the ledger, and
 * records that open edits add. A record that open edits concern has the number of its rows in the panel.
 */
export function knownRecords({ rows, open, endedSince }: ZoneKnowledge): KnownRecord[] {
  const listed = new Map<string, KnownRecord>();
  for (const [id, { record, onPanel, panelKey: key, otherKeys = [] }] of rows)
    if (onPanel) listed.set(id, { record, key, otherKeys });
  const known = new Map(listed);
  const all = [...edits(open), ...endedSince].sort((one, other) => (one.id < other.id ? -1 : 1));
  const made = madeEdits(all);
  const concerned = new Set<string>();
  for (const edit of all) {
    const isShown = edit.state === 'confirmed' || (edit.class === 'follow' && edit.state !== 'reverting');
    for (const item of edit.items.filter(changesRecord)) {
      // The ledger knows what an ended edit has done, unless an older edit of the same record is open.
      const counts = edit.state !== 'confirmed' || idsIn(item).some((id) => concerned.has(id));
      if (counts && isShown) takeListed(known, item, listed);
      else if (counts) countRows(known, item, made.has(edit.id));
      if (edit.state !== 'confirmed') for (const id of idsIn(item)) concerned.add(id);
    }
  }
  return [...known.values()];
}

function idsIn({ remove, add }: OperationItem): string[] {
  return [remove, add].flatMap((record) => (record === null ? [] : [recordId(record)]));
}

/** Whether the item changes more than a TTL. A record that another row of the panel keeps is not changed. */
function changesRecord(item: OperationItem): boolean {
  const [one, other] = idsIn(item);
  return one !== other;
}

/**
 * Ids of edits that the panel has made. Either the panel has reported the edit, or a later edit removes a
 * record that this edit added. The second way is needed because the panel may ask about the next edit before
 * it reports this one.
 * @param all oldest first
 */
function madeEdits(all: readonly RecordsOperation[]): ReadonlySet<string> {
  const made = new Set<string>();
  const taken = new Set<string>();
  for (const edit of all.toReversed()) {
    const { id, state, items } = edit;
    const isTaken = items.some(({ add }) => add !== null && taken.has(recordId(add)));
    if (state !== 'reverting' && (isMade(edit) || isTaken)) made.add(id);
    for (const { remove } of items) if (remove !== null) taken.add(recordId(remove));
  }
  return made;
}

/**
 * Changes the numbers of rows by an item whose effect a read of the panel has shown.
 * @param listed the records that the panel has according to the ledger
 */
function takeListed(
  known: Map<string, KnownRecord>,
  { remove, add }: OperationItem,
  listed: ReadonlyMap<string, KnownRecord>,
): void {
  takeRows(known, remove);
  if (add !== null) known.set(recordId(add), listed.get(recordId(add)) ?? { record: add, key: null });
}

/** Changes the numbers of rows by an item of an open edit. @param made whether the panel has made the edit */
function countRows(known: Map<string, KnownRecord>, { remove, add }: OperationItem, made: boolean): void {
  if (made) takeRows(known, remove);
  if (add === null) return;
  const before = known.get(recordId(add));
  if (before === undefined) known.set(recordId(add), { record: add, key: null });
  // Only a new row adds one to the number. A changed row may be the one that the ledger knows, changed to and
  // fro. If the panel lists more rows after all, its next read shows that.
  else if (remove !== null) known.set(recordId(add), { ...before, rows: Math.max(1, rowsInPanel(before)) });
  else if (made) known.set(recordId(add), { ...before, rows: rowsInPanel(before) + 1 });
}

/**
 * Sets the number of rows of a record to none. An item that removes a record stands for its last row: as long
 * as another row stays, no item removes the record.
 */
function takeRows(known: Map<string, KnownRecord>, remove: ResourceRecord | null): void {
  const old = remove === null ? undefined : known.get(recordId(remove));
  if (old !== undefined) known.set(recordId(old.record), { ...old, rows: 0 });
}

/** Records that the central probably has, according to the ledger and to what open operations wrote. */
export function likelyThere({ rows, open }: Pick<ZoneKnowledge, 'rows' | 'open'>): ResourceRecord[] {
  const likely = new Map<string, ResourceRecord>();
  for (const [id, row] of rows) if (row.onCentral) likely.set(id, row.record);
  for (const operation of open) {
    if (operation.kind === 'zone-delete') continue;
    const { removed, added } = operation;
    for (const record of removed) likely.delete(recordId(record));
    for (const record of added) likely.set(recordId(record), record);
  }
  return [...likely.values()];
}

/** Ids of the records in the items of open edits. */
export function busyIds(open: readonly Operation[]): Set<string> {
  const busy = new Set<string>();
  for (const operation of edits(open)) {
    for (const { remove, add } of operation.items) {
      if (remove !== null) busy.add(recordId(remove));
      if (add !== null) busy.add(recordId(add));
    }
  }
  return busy;
}

/**
 * Decides for each item of an edit whether it is sent to the central, without a read of the central
 * (docs/architecture.md#the-way-of-one-edit). An item is not sent if the record it changes is `panel-only`,
 * `conflict` or `excluded`. It is not sent either if its new record would join an RRset with a `conflict` or
 * `excluded` record. Items with records that belong to the central (SOA, apex NS, signatures) are never sent.
 */
export function sortItems(knowledge: ZoneKnowledge, items: readonly EditItem[]): OperationItem[] {
  return items.flatMap(({ remove, add }) => {
    const note = whyLocal(knowledge, remove, add);
    const item = { remove: remove === null ? null : plain(remove), add: add === null ? null : plain(add) };
    if (
      note === null ||
      item.remove === null ||
      item.add === null ||
      !leavesPlace(knowledge, item.remove, item.add)
    ) {
      return [{ ...item, mirrored: note === null, note }];
    }
    // The new record is not sent, but the old one is ours and is removed at the central.
    return [
      { remove: item.remove, add: null, mirrored: true, note: null },
      { remove: null, add: item.add, mirrored: false, note },
    ];
  });
}

/** Whether the item changes the owner name or the type of a record that the central has. */
function leavesPlace(knowledge: ZoneKnowledge, remove: ResourceRecord, add: ResourceRecord): boolean {
  if (remove.name === add.name && remove.type === add.type) return false;
  return whyLocal(knowledge, remove, null) === null;
}

function whyLocal(
  knowledge: ZoneKnowledge,
  remove: ResourceRecord | null,
  add: ResourceRecord | null,
): string | null {
  for (const record of [remove, add]) {
    if (record === null || !isCentralsOwn(knowledge.zone, record)) continue;
    return isSigners(knowledge.zone, record) ? 'note.signers-own' : 'note.centrals-own';
  }
  const state = remove === null ? null : stateOf(knowledge, remove);
  if (state !== null && state !== 'synced') return `note.${state}`;
  if (add === null) return null;
  for (const row of knowledge.rows.values()) {
    const beside = row.record.name === add.name && row.record.type === add.type;
    if (beside && (row.state === 'conflict' || row.state === 'excluded')) return `note.beside-${row.state}`;
  }
  return null;
}

/**
 * The state of a record as the ledger and the open edits show it; null: the panel is not known to have the
 * record. The result is `synced` if an open edit sends the record to the central, or if the record's row is
 * `synced`. A record that an open edit leaves to the panel because of an exclusion is `excluded` as well. A
 * record that an open edit leaves to the panel for another reason is `panel-only`, unless it is on watch.
 */
function stateOf(knowledge: ZoneKnowledge, record: ResourceRecord): RecordState | null {
  const id = recordId(record);
  const adding = edits(knowledge.open)
    .flatMap(({ items }) => items)
    .filter(({ add }) => add !== null && recordId(add) === id);
  if (adding.some(({ mirrored }) => mirrored)) return 'synced';
  const row = knowledge.rows.get(id);
  if (row?.state === 'synced') return 'synced';
  const isExcluded = ({ note }: OperationItem): boolean => localState(note, row ?? null, true) === 'excluded';
  if (adding.some(isExcluded)) return 'excluded';
  if (adding.length > 0 && !knowledge.watched.has(id)) return 'panel-only';
  return row === undefined || row.state === 'central-only' ? null : row.state;
}

export interface Plan {
  readonly items: readonly OperationItem[];
  /** The change to write at the central; it may be empty. */
  readonly change: Change;
  /** Reasons to refuse the edit; empty: none. If there is a problem, `change` must not be written. */
  readonly problems: readonly Problem[];
}

/**
 * Computes the smallest change that carries out the items, given the central's records.
 * @param items the result of {@link sortItems}
 * @param present all records that the central has at the items' names
 */
export function planChange(
  knowledge: ZoneKnowledge,
  items: readonly OperationItem[],
  present: readonly ResourceRecord[],
): Plan {
  const held = new Map(present.map((record) => [recordId(record), plain(record)]));
  const judged = items.map((item) => judgeItem(knowledge, item, held));
  const remove = new Map<string, ResourceRecord>();
  const add = new Map<string, ResourceRecord>();
  const sent = judged.filter((item) => item.mirrored && !leavesAsIs(item));
  for (const item of sent) {
    if (item.remove !== null && held.has(recordId(item.remove)))
      remove.set(recordId(item.remove), item.remove);
    if (item.add !== null && !held.has(recordId(item.add))) add.set(recordId(item.add), item.add);
  }
  for (const item of sent) {
    if (item.add === null) continue;
    const id = recordId(item.add);
    const there = held.get(id);
    if (there !== undefined && retimed(item) !== null && otherTtl(there, item.add)) {
      remove.set(id, there);
      add.set(id, item.add);
    } else remove.delete(id);
  }
  for (const [id, record] of add) add.set(id, { ...record, ttl: record.ttl ?? usualTtl(record, present) });
  const change = { zone: knowledge.zone, remove: [...remove.values()], add: [...add.values()] };
  return { items: judged, change, problems: clashes(sent, shownBeside(knowledge, held)) };
}

/** Whether the item replaces a record by itself, because the panel may have the record in another row too. */
function leavesAsIs(item: OperationItem): boolean {
  const { remove, add } = item;
  return remove !== null && add !== null && sameData(remove, add) && retimed(item) === null;
}

/**
 * The TTL for a new record without one: that of the central's records of the same name and type. `null`:
 * there are none, and the central chooses the TTL.
 */
function usualTtl(record: ResourceRecord, present: readonly ResourceRecord[]): number | null {
  const beside = present.filter(({ name, type }) => name === record.name && type === record.type);
  return beside.find(({ ttl }) => ttl !== null)?.ttl ?? null;
}

/**
 * Marks an item as not to be sent if another writer has replaced its old record at the central. We conclude
 * this if the old record is gone, and its RRset has a record that we did not write.
 */
function judgeItem(
  knowledge: ZoneKnowledge,
  item: OperationItem,
  held: ReadonlyMap<string, ResourceRecord>,
): OperationItem {
  if (!item.mirrored || item.remove === null || held.has(recordId(item.remove))) return item;
  const { remove, add } = item;
  if (knowledge.taken.has(recordId(remove))) return { ...item, note: 'note.old-gone' };
  const known = busyIds(knowledge.open);
  const isReplaced = [...held].some(
    ([id, record]) =>
      record.name === remove.name &&
      record.type === remove.type &&
      (add === null || id !== recordId(add)) &&
      !known.has(id) &&
      !knowledge.late.has(id) &&
      !knowledge.rows.has(id),
  );
  return isReplaced
    ? { ...item, mirrored: false, note: 'note.changed-at-central' }
    : { ...item, note: 'note.old-gone' };
}

/**
 * Drops clashing records from the records that a change adds: a CNAME beside any other record, and any record
 * beside a CNAME.
 * @param held the records at the central
 */
export function withoutClashes(change: Change, held: readonly ResourceRecord[]): Change {
  const clashing = new Set(rivalries(change, held).map(([wanted]) => recordId(wanted)));
  return { ...change, add: change.add.filter((record) => !clashing.has(recordId(record))) };
}

/**
 * Records that a new record may clash with: all records of the central, and synced records that the central
 * lacks now. A late write or an undo may restore such a synced record.
 */
function shownBeside(
  { rows, open }: ZoneKnowledge,
  held: ReadonlyMap<string, ResourceRecord>,
): ResourceRecord[] {
  const leaving = leavingIds(edits(open));
  const lacking = [...rows].filter(
    ([id, { state }]) => state === 'synced' && !held.has(id) && !leaving.has(id),
  );
  return [...held.values(), ...lacking.map(([, { record }]) => record)];
}

/** Ids of records that the central will no longer have once the open edits have ended. */
function leavingIds(open: readonly RecordsOperation[]): Set<string> {
  const leaving = new Set<string>();
  for (const { state, items } of open) {
    const [from, to] = state === 'reverting' ? (['add', 'remove'] as const) : (['remove', 'add'] as const);
    const staying = new Set(items.flatMap((item) => item[to] ?? []).map(recordId));
    for (const id of items.flatMap((item) => item[from] ?? []).map(recordId))
      if (!staying.has(id)) leaving.add(id);
  }
  return leaving;
}

/**
 * Returns a problem for each clash between a record that the edit adds and another record. The problem quotes
 * both records.
 */
function clashes(items: readonly OperationItem[], held: readonly ResourceRecord[]): Problem[] {
  const remove = items.flatMap((item) => item.remove ?? []);
  const add = items.flatMap((item) => item.add ?? []);
  return rivalries({ remove, add }, held).map(([wanted, rival]) =>
    problem('record.cname-clash', { record: formatRecord(wanted), existing: formatRecord(rival) }),
  );
}

/**
 * Pairs each record to add with each record that it clashes with: no other record may stand beside a CNAME
 * (RFC 1034 section 3.6.2, RFC 2181 section 10.1).
 */
function rivalries(
  change: Pick<Change, 'remove' | 'add'>,
  held: readonly ResourceRecord[],
): (readonly [ResourceRecord, ResourceRecord])[] {
  const removed = new Set(change.remove.map(recordId));
  const all = [...held.filter((record) => !removed.has(recordId(record))), ...change.add];
  const named = Map.groupBy(all, ({ name }) => name);
  const aliases = Map.groupBy(
    all.filter(({ type }) => type === 'CNAME'),
    ({ name }) => name,
  );
  return change.add.flatMap((wanted) =>
    ((wanted.type === 'CNAME' ? named : aliases).get(wanted.name) ?? [])
      .filter((other) => recordId(other) !== recordId(wanted))
      .map((rival) => [wanted, rival] as const),
  );
}
