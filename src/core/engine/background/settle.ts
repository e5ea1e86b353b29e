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
import type { PanelView } from '../knowledge/panel-view.ts';
import type { Transaction } from '../parts/store.ts';
import { towardsPanel } from '../knowledge/towards-panel.ts';

/**
 * Ends record operations that the panel has decided about. If the panel shows an edit done and the central is
 * known to have it, the operation is confirmed. Everything else is brought to what the panel holds now, but
 * only the records that these operations altered. Nothing that another operation claims is touched
 * (docs/glossary.md#claim).
 * @throws {CentralError} when it has to be tried again
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
 * Locks every name that the operations are about, what the panel alone decided included: edits go by the
 * ledger that they read under these locks.
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

/** Whether an item passed in the panel only, because somebody had replaced the old value at the central. */
function isReplaced({ mirrored, note }: OperationItem): boolean {
  return !mirrored && note === 'note.changed-at-central';
}

/**
 * The operations as they are to be ended. An edit may have passed in the panel only, because another writer
 * had replaced the old value. It is carried out after all if that value is synchronised again, and stands at
 * the central.
 * @param there ids of the records that the central has
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
    isBack(item) ? { ...item, mirrored: true, note: null } : item,
  );
  return await runtime.store.transact((tx) => tx.amend(operation, () => ({ items })));
}

/** How many of a zone's newest operations are asked whether they wrote the same records meanwhile. */
const latest = 30;

/**
 * Whether another of the newest operations is about its zone or its records: what it wrote may not stand any
 * more. Which came first does not matter: edits overlap, and the clock may have been stepped in between.
 */
function isContended(operation: RecordsOperation, recent: readonly Operation[]): boolean {
  const others = recent.filter(({ id }) => id !== operation.id);
  if (others.some(({ kind }) => kind !== 'records')) return true;
  const own = busyIds([operation]);
  return [...busyIds(others)].some((id) => own.has(id));
}

async function confirm(runtime: Runtime, operation: RecordsOperation, view: PanelView): Promise<void> {
  // The operation wrote and read it back itself, so the central's side is known without another read.
  const central = new Set<string>();
  for (const { mirrored, add } of operation.items) if (mirrored && add !== null) central.add(recordId(add));
  const isLocal = await runtime.store.transact(async (tx) => {
    const ended = await tx.advance(operation, 'confirmed', { watch: watchOf(runtime, operation) });
    return await putRows(tx, [ended], { view, central });
  });
  if (isLocal) runtime.agenda.compareSoon(operation.zone, 'local-edit');
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
  await endBringing(runtime, operations, { view, central: ids });
}

/** Owner names where it matters what the central has. */
function namesAtCentral({ items }: RecordsOperation): DnsName[] {
  return mirroredNames({
    items: items.map((item) => (isReplaced(item) ? { ...item, mirrored: true } : item)),
  });
}

/** What the central has at the names; null: no such zone. */
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

/** Decides under the lock, and journals that an undo begins. */
async function startBringing(
  runtime: Runtime,
  decided: readonly RecordsOperation[],
  { zone, view }: Place,
  centralTtls: ReadonlyMap<string, number | null>,
  zoneGone: boolean,
): Promise<{ operations: readonly RecordsOperation[]; change: Change }> {
  if (decided.some((operation) => !showsDone(operation, view))) runtime.grace.mustBeOver(zone);
  return await runtime.store.transact(async (tx) => {
    // Another may have left a record to them since they were read.
    const judged: RecordsOperation[] = [];
    for (const operation of decided) judged.push(await tx.judge(operation));
    const open = await tx.open(zone);
    const others = edits(open).filter(
      (other) => !isFinal(other.state) && !judged.some(({ id }) => id === other.id),
    );
    const truth = { view, centralTtls, lateIds: writtenLate(open) };
    const { change, inherited } = towardsPanel(zone, judged, truth, others);
    for (const heir of inherited) await tx.amend(heir, () => ({ added: heir.added }));
    // Without the zone at the central there is nothing left of ours to undo.
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

/** What the panel has already is not undone: `reverting` says of it that the panel is put back. */
function whileBringing({ class: group, state }: RecordsOperation): OperationState {
  return group === 'compensate' ? state : 'reverting';
}

/**
 * Ends the operations as the journal has them now; one whose `after` came during the undo is checked anew.
 */
async function endBringing(
  runtime: Runtime,
  operations: readonly RecordsOperation[],
  sides: LedgerSides,
): Promise<void> {
  const { view } = sides;
  const { settings } = runtime.ports;
  const done = await runtime.store.transact(async (tx) => {
    const ended: RecordsOperation[] = [];
    for (const begun of operations) {
      if (await tx.isMoved(begun)) tx.wake(begun.zone, settings.confirmDelay);
      else ended.push(await end(runtime, tx, begun, view));
    }
    return { ended, isLocal: await putRows(tx, ended, sides) };
  });
  const zone = operations[0]?.zone;
  if (zone === undefined) return;
  if (done.isLocal) runtime.agenda.compareSoon(zone, 'local-edit');
  if (done.ended.some((operation) => isKeptOtherwise(operation, view)))
    runtime.agenda.compareSoon(zone, 'kept-otherwise');
}

/**
 * The panel reported that it did an edit, and shows something else than we read from the call: that is new to
 * both of us.
 */
function isKeptOtherwise(operation: RecordsOperation, view: PanelView): boolean {
  const heard = operation.class !== 'follow' && operation.afterSeen;
  return heard && view.records !== null && !showsDone(operation, view);
}

/** Ends an operation whose records now stand at the central as they stood in the panel. */
async function end(
  runtime: Runtime,
  tx: Transaction,
  operation: RecordsOperation,
  view: PanelView,
): Promise<RecordsOperation> {
  const items = viewItems(operation, view);
  // Short of the whole edit, an `after` that still comes must find it undone and do it again.
  const some = operation.afterSeen && items.includes('after');
  const watch = watchOf(runtime, operation);
  if (some || showsDone(operation, view)) return await tx.advance(operation, 'confirmed', { watch });
  // A panel slower than our patience may still keep it, and its `after` may get lost: stay on watch.
  const mayBeKept = operation.class === 'veto' && !operation.afterSeen;
  return await tx.advance(operation, 'reverted', {
    ...nothingWritten,
    watch: mayBeKept ? watching(runtime.ports, { ...operation, watch }) : watch,
  });
}

/**
 * Applies an undo; a refusal that will not go away makes the operations stuck instead of being tried for
 * ever.
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

/** How many refusals of the same undo make it a case for an administrator. */
const hopelessAfter = 5;

/**
 * What else of the zone is on its way. The state at the central of records that other open operations are
 * about is not final.
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

/** Owners of all records that these operations are about. */
function itemNames(operations: readonly RecordsOperation[]): DnsName[] {
  const items = operations.flatMap((operation) => operation.items);
  return items.flatMap(({ remove, add }) => [remove, add].flatMap((record) => record?.name ?? []));
}

/**
 * Writes the ledger rows of the records of operations that end, together with their final states.
 * @returns whether something passed in the panel only, so that a comparison is due
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
