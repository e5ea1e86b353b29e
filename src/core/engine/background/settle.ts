import type { DnsName } from '../../../dns/name.ts';
import { recordId } from '../../../dns/record.ts';
import { isEmptyChange, type Change } from '../../../dns/zone.ts';
import { CentralError, type CallContext, type CentralRecord } from '../../central.ts';
import {
  edits,
  isFinal,
  type Operation,
  type OperationItem,
  type OperationState,
  type RecordsOperation,
} from '../../operation.ts';
import { rowsAfter, type LedgerSides } from '../knowledge/ledger-rows.ts';
import {
  isHeard,
  mirroredNames,
  nothingWritten,
  recordsIn,
  showsDone,
  viewItems,
  watchOf,
  watchedRecords,
  watching,
  writtenLate,
} from '../knowledge/operations.ts';
import { busyIds, knowledgeOf, likelyThere } from '../before/plan.ts';
import { sendOpenTtls } from './open-ttl.ts';
import type { Runtime } from '../runtime.ts';
import { isMade, isReported, type PanelView } from '../knowledge/panel-view.ts';
import type { Transaction } from '../parts/store.ts';
import { towardsPanel } from '../knowledge/towards-panel.ts';

/**
 * Ends record operations once it is certain what the panel has. If the panel shows the edit and the central
 * is known to have it, the operation is `confirmed` at once. Otherwise the operation's records at the central
 * are changed to the panel's state. Records that another operation claims are not touched
 * (docs/glossary.md#claim).
 * @throws {CentralError} the caller tries again later
 */
export async function settleRecords(
  runtime: Runtime,
  zone: DnsName,
  decided: readonly RecordsOperation[],
  view: PanelView,
): Promise<void> {
  const plain: RecordsOperation[] = [];
  const unsettled: RecordsOperation[] = [];
  const recent = await runtime.ports.journal.operations({ zone, latest });
  for (const operation of decided) {
    const done = showsDone(operation, view);
    const atCentral = operation.state === 'applied' || operation.state === 'kept';
    if (done) await sendOpenTtls(runtime, operation, view);
    const isPlain = atCentral && !operation.items.some(isReplaced) && !isContended(operation, recent);
    (done && isPlain ? plain : unsettled).push(operation);
  }
  for (const operation of plain)
    await underLocks(runtime, [operation], () => confirm(runtime, operation, view));
  if (unsettled.length > 0)
    await underLocks(runtime, unsettled, (ctx) => bringToPanel(runtime, unsettled, { zone, view }, ctx));
}

/**
 * Runs `body` with all owner names of the operations locked. The names of items that were not sent to the
 * central are locked too, because edits read the ledger under these locks.
 */
async function underLocks(
  runtime: Runtime,
  operations: readonly RecordsOperation[],
  body: (ctx: CallContext) => Promise<void>,
): Promise<void> {
  const [first] = operations;
  if (first === undefined) return;
  await runtime.lockedStep(first.id, first.zone, itemNames(operations), body);
}

/** Whether the item was not sent because another writer had replaced its old record at the central. */
function isReplaced({ mirrored, note }: OperationItem): boolean {
  return !mirrored && note === 'note.changed-at-central';
}

/**
 * Marks some items of an operation to be sent after all. They were not sent, because another writer had
 * replaced their old record. Now the old record is synced again, and the central has it.
 * @param there ids of the records that the central has
 * @returns the operation with these marks
 */
async function rejudged(
  runtime: Runtime,
  operation: RecordsOperation,
  there: ReadonlySet<string>,
): Promise<RecordsOperation> {
  if (!operation.items.some(isReplaced)) return operation;
  const rows = await runtime.ports.journal.rows(operation.zone, itemNames([operation]));
  const synced = new Set(
    rows.filter(({ state }) => state === 'synced').map(({ record }) => recordId(record)),
  );
  const isBack = (item: OperationItem): boolean => {
    const old = item.remove === null ? null : recordId(item.remove);
    return isReplaced(item) && old !== null && synced.has(old) && there.has(old);
  };
  if (!operation.items.some(isBack)) return operation;
  const items = operation.items.map((item) =>
    isBack(item) ? { ...item, mirrored: true, note: notSentYet } : item,
  );
  return await runtime.store.transact((tx) => tx.amend(operation, () => ({ items })));
}

/**
 * Note of an item that is marked to be sent after all. A step removes the note when it sees the result at the
 * central.
 */
const notSentYet = 'note.not-at-central';

/** The number of the zone's newest operations among which we look for other writes of the same records. */
const latest = 30;

/**
 * Whether another recent operation concerns the whole zone or the same records. If so, that operation may
 * have overwritten what this one wrote. It does not matter which of the two is older: edits overlap, and the
 * clock may have been set back.
 */
function isContended(operation: RecordsOperation, recent: readonly Operation[]): boolean {
  const others = recent.filter(({ id }) => id !== operation.id);
  if (others.some(({ kind }) => kind !== 'records')) return true;
  const own = busyIds([operation]);
  return [...busyIds(others)].some((id) => own.has(id));
}

async function confirm(runtime: Runtime, operation: RecordsOperation, view: PanelView): Promise<void> {
  // The central is not read again. The write was checked by a read at once, and no other operation has
  // touched these records since.
  const central = new Set<string>();
  for (const { mirrored, add } of operation.items) if (mirrored && add !== null) central.add(recordId(add));
  const isLocal = await runtime.store.transact(async (tx) => {
    const ended = await tx.advance(operation, 'confirmed', { watch: watchOf(runtime, operation) });
    return await putRows(tx, [ended], { view, central });
  });
  if (isLocal) stayedInPanel(runtime, [operation]);
}

/**
 * Schedules a comparison of a zone after edits that were not sent to the central. Once a day for each zone,
 * logs such an edit for the administrator.
 */
function stayedInPanel({ agenda, panelOnly, ports }: Runtime, ended: readonly RecordsOperation[]): void {
  const [local] = ended.filter(({ items }) => items.some(({ mirrored }) => !mirrored));
  if (local === undefined) return;
  const { zone, actor: user } = local;
  agenda.compareSoon(zone, 'local-edit');
  const why = [...new Set(local.items.flatMap(({ mirrored, note }) => (mirrored ? [] : (note ?? []))))];
  if (panelOnly.isDue(zone, ports.clock.wall()))
    ports.log(2, 'edit.panel-only', { zone, why: why.join(' '), user });
}

interface Place {
  readonly zone: DnsName;
  readonly names: readonly DnsName[];
  readonly view: PanelView;
}

async function bringToPanel(
  runtime: Runtime,
  decided: readonly RecordsOperation[],
  { zone, view }: Omit<Place, 'names'>,
  ctx: CallContext,
): Promise<void> {
  const names = [...new Set(decided.flatMap(namesAtCentral))];
  const place = { zone, names, view };
  const present = names.length === 0 ? [] : await readPresent(runtime, place, ctx);
  const ttls = new Map((present ?? []).map((record) => [recordId(record), record.ttl]));
  const ids = new Set(ttls.keys());
  const judged: RecordsOperation[] = [];
  for (const operation of decided) judged.push(await rejudged(runtime, operation, ids));
  const { operations, change } = await startBringing(runtime, judged, place, ttls, present === null);
  if (!isEmptyChange(change)) await applyOrCount(runtime, operations, change, present ?? [], ctx);
  for (const record of change.remove) ids.delete(recordId(record));
  for (const record of change.add) ids.add(recordId(record));
  await endBringing(runtime, operations, { view, central: ids, isZoneGone: present === null });
}

/** Owner names of the items that were sent to the central, or that {@link rejudged} may mark to be sent. */
function namesAtCentral({ items }: RecordsOperation): DnsName[] {
  return mirroredNames({
    items: items.map((item) => (isReplaced(item) ? { ...item, mirrored: true } : item)),
  });
}

/** Reads the central's records at the given names; null: the central has no such zone. */
async function readPresent(
  runtime: Runtime,
  { zone, names }: Place,
  ctx: CallContext,
): Promise<readonly CentralRecord[] | null> {
  const { journal, central, clock } = runtime.ports;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  const likely = likelyThere(knowledgeOf(zone, await journal.rows(zone, names), open));
  return await central.readNames(zone, names, ctx, undefined, likely);
}

/**
 * Computes the change that gives the central the panel's records, and journals that the write begins. The
 * caller has locked the names.
 * @param centralTtls TTLs (seconds) of the records at the central, by record id
 * @param zoneGone whether the central has no such zone
 * @returns the operations as journalled, and the change to write
 */
async function startBringing(
  runtime: Runtime,
  decided: readonly RecordsOperation[],
  { zone, view }: Place,
  centralTtls: ReadonlyMap<string, number | null>,
  zoneGone: boolean,
): Promise<{ operations: readonly RecordsOperation[]; change: Change }> {
  if (decided.some((operation) => !showsDone(operation, view))) runtime.grace.mustBeOver(zone);
  return await runtime.store.transact(async (tx) => {
    // The operations are read again, because another operation may have assigned a record to one of them in
    // the meantime.
    const judged: RecordsOperation[] = [];
    for (const operation of decided) judged.push(await tx.judge(operation));
    const open = await tx.open(zone);
    const others = edits(open).filter(
      (other) => !isFinal(other.state) && !judged.some(({ id }) => id === other.id),
    );
    const truth = { view, centralTtls, lateIds: writtenLate(open) };
    const { change, inherited } = towardsPanel(zone, judged, truth, others);
    for (const heir of inherited) await tx.amend(heir, () => ({ added: heir.added }));
    // If the central has no such zone, none of our records is left to undo.
    if (zoneGone || isEmptyChange(change))
      return { operations: judged, change: { zone, remove: [], add: [] } };
    const operations: RecordsOperation[] = [];
    for (const operation of judged) {
      const watch = watchOf(runtime, operation);
      operations.push(await tx.advance(operation, whileBringing(operation), { watch }));
    }
    return { operations, change };
  });
}

/**
 * The state of an operation while its records at the central are changed to the panel's state. An edit of
 * class `compensate` keeps its state, because `reverting` would undo it in the panel.
 */
function whileBringing({ class: group, state }: RecordsOperation): OperationState {
  return group === 'compensate' ? state : 'reverting';
}

/**
 * Ends the operations. An operation stays open if its state has changed, or if its `after` call has come in
 * the meantime. Another step is then scheduled for it.
 */
async function endBringing(
  runtime: Runtime,
  operations: readonly RecordsOperation[],
  { isZoneGone, ...sides }: LedgerSides & { readonly isZoneGone: boolean },
): Promise<void> {
  const { view } = sides;
  const { settings } = runtime.ports;
  const done = await runtime.store.transact(async (tx) => {
    const ending: RecordsOperation[] = [];
    for (const begun of operations) {
      if (await tx.isMoved(begun)) tx.wake(begun.zone, settings.confirmDelay);
      else ending.push(begun);
    }
    const seen = { ...sides, isZoneGone, ...(await elsewhereOf(tx, ending)) };
    const ended: RecordsOperation[] = [];
    for (const begun of ending) ended.push(await end(runtime, tx, begun, seen));
    return { ended, isLocal: await putRows(tx, ended, sides) };
  });
  const zone = operations[0]?.zone;
  if (zone === undefined) return;
  if (done.isLocal) stayedInPanel(runtime, done.ended);
  if (done.ended.some((operation) => isKeptOtherwise(operation, view)))
    runtime.agenda.compareSoon(zone, 'kept-otherwise');
}

/** Whether the panel reported the edit as made but shows other records than the call asked for. */
function isKeptOtherwise(operation: RecordsOperation, view: PanelView): boolean {
  return isReported(operation) && view.records !== null && !showsDone(operation, view);
}

/** Ends one operation after its records at the central were changed to the panel's state. */
async function end(
  runtime: Runtime,
  tx: Transaction,
  operation: RecordsOperation,
  seen: SeenSides,
): Promise<RecordsOperation> {
  const { view } = seen;
  // If the panel shows only a part of an edit whose `after` call has not come, the operation ends as undone.
  // If the call still comes, the edit is carried out again.
  const some = isMade(operation) && viewItems(operation, view).includes('after');
  const watch = watchOf(runtime, operation);
  if (some || showsDone(operation, view)) {
    const items = withEndNotes(operation, seen);
    return await tx.advance(operation, 'confirmed', { items, watch });
  }
  // A slow panel may still make the edit, and its `after` call may get lost. So the ended operation stays on
  // watch for some time.
  const mayBeKept = operation.class === 'veto' && !operation.afterSeen;
  return await tx.advance(operation, 'reverted', {
    ...nothingWritten,
    watch: mayBeKept ? watching(runtime.ports, { ...operation, watch }) : watch,
  });
}

/** The state of panel and central when operations end. */
interface SeenSides extends LedgerSides {
  /** Whether the central has no such zone. */
  readonly isZoneGone: boolean;
  /** Ids of records that other open operations change. */
  readonly busy: ReadonlySet<string>;
}

/**
 * Adds notes to the items of a confirmed operation. A note says that panel and central do not both have the
 * item. A record that another open operation has changed since is usually not checked at the central. It is
 * checked if the edit comes from a comparison or an operator, or if the item was to be sent after all. In
 * these cases no read has shown at the central what this operation wrote.
 */
function withEndNotes(operation: RecordsOperation, seen: SeenSides): readonly OperationItem[] {
  const views = viewItems(operation, seen.view);
  // No read has shown that the central carried out the write of such an edit. So a record that the central
  // lacks is noted, even if another open edit changes it.
  const isUnread = operation.class === 'follow' || operation.state === 'prepared';
  return operation.items.map((item, at) => {
    if (!item.mirrored) return item;
    const explained = isUnread || item.note === notSentYet ? new Set<string>() : seen.busy;
    if (views[at] !== 'after') return { ...item, note: 'note.kept-otherwise' };
    if (seen.isZoneGone) return { ...item, note: 'note.no-zone-yet' };
    if (isLacking(item, seen.central, explained)) return { ...item, note: 'note.not-at-central' };
    return item.note === 'note.no-zone-yet' || item.note === notSentYet ? { ...item, note: null } : item;
  });
}

/**
 * Whether the central lacks the item's new record, or still has its old one.
 * @param busy ids of records that another operation may have changed; they are ignored
 */
function isLacking(
  { remove, add }: OperationItem,
  central: SeenSides['central'],
  busy: ReadonlySet<string>,
): boolean {
  const [old, made] = [remove, add].map((record) => (record === null ? null : recordId(record)));
  const isAbout = (id: string | null | undefined): id is string => typeof id === 'string' && !busy.has(id);
  return (isAbout(made) && !central.has(made)) || (isAbout(old) && old !== made && central.has(old));
}

/**
 * Writes a change to the central for these operations, and counts failures. After several final refusals the
 * operations become stuck.
 * @throws {CentralError} if the write fails
 */
export async function applyOrCount(
  runtime: Runtime,
  operations: readonly RecordsOperation[],
  change: Change,
  present: Parameters<Runtime['ports']['central']['apply']>[1],
  ctx: CallContext,
): Promise<void> {
  try {
    await runtime.ports.central.apply(change, present, ctx);
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    const tries = Math.max(...operations.map(({ attempts }) => attempts)) + 1;
    const hopeless = error.retry === 'never' && tries >= hopelessAfter;
    if (error.state === 'unknown') for (const { id } of operations) runtime.unsaid.add(id);
    await runtime.store.transact(async (tx) => {
      for (const operation of operations)
        await tx.record(operation, hopeless ? 'stuck' : whileBringing(operation), (now) => ({
          attempts: tries,
          problems: [error.problem],
          watch: error.state === 'unknown' ? watching(runtime.ports, now, change) : now.watch,
        }));
    });
    for (const { id } of operations) runtime.unsaid.delete(id);
    if (hopeless) {
      runtime.ports.log(1, 'operation.stuck', { operation: operations[0]?.id ?? '-', code: error.code });
    }
    throw error;
  }
}

/** The number of tries after which a final refusal makes the operation stuck. Then an operator decides. */
const hopelessAfter = 5;

/**
 * Ids of records that other operations of the zone may still change at the central. `busy`: records of open
 * operations. `watched`: records of ended operations that are on watch for late writes.
 */
async function elsewhere(
  tx: Transaction,
  zone: DnsName,
  ending: readonly RecordsOperation[],
): Promise<{ readonly busy: ReadonlySet<string>; readonly watched: ReadonlySet<string> }> {
  const ids = new Set(ending.map(({ id }) => id));
  const others = (await tx.open(zone)).filter(({ id }) => !ids.has(id));
  const open = edits(others).filter((one) => !isFinal(one.state) && !isHeard(one));
  const watched = others.filter(({ state }) => isFinal(state)).flatMap(watchedRecords);
  return { busy: busyIds(open), watched: new Set(watched.map(recordId)) };
}

async function elsewhereOf(
  tx: Transaction,
  ending: readonly RecordsOperation[],
): ReturnType<typeof elsewhere> {
  const zone = ending[0]?.zone;
  return zone === undefined ? { busy: new Set(), watched: new Set() } : await elsewhere(tx, zone, ending);
}

/** Owner names of all records in the operations' items. */
function itemNames(operations: readonly RecordsOperation[]): DnsName[] {
  return recordsIn(operations.flatMap(({ items }) => items)).map(({ name }) => name);
}

/**
 * Writes the ledger rows of operations that end, in the transaction that stores their final states.
 * @returns whether an item was not sent to the central; then the caller schedules a comparison
 */
async function putRows(
  tx: Transaction,
  ended: readonly RecordsOperation[],
  sides: LedgerSides,
): Promise<boolean> {
  const zone = ended[0]?.zone;
  if (zone === undefined) return false;
  const others = await elsewhere(tx, zone, ended);
  const rows = await tx.journal.rows(zone, itemNames(ended));
  const { put, drop, local } = rowsAfter(ended, { ...sides, rows, ...others });
  tx.rows({ zone, drop, put });
  return local;
}
