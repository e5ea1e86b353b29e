import type { DnsName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import { isEmptyChange, type Change } from '../../dns/zone.ts';
import { CentralError, type CallContext, type CentralRecord } from '../central.ts';
import { isFinal, type Operation } from '../operation.ts';
import { rowsAfter, type Sides } from './ledger-rows.ts';
import { mirroredNames, showsDone, stepOn, viewItems } from './operations.ts';
import { busyIds, knowledgeOf, likelyThere } from './plan.ts';
import { sendOpenTtls } from './open-ttl.ts';
import type { Runtime } from './runtime.ts';
import type { PanelView } from './panel-view.ts';
import { towardsPanel } from './towards-panel.ts';

/**
 * Ends record operations the panel has decided about: where the panel shows an edit done and the central is known to have
 * it, the operation is confirmed; everything else is brought to what the panel holds now, but only the records of these
 * operations, only what they themselves altered, and nothing another operation claims (design: "Claims").
 * @throws {CentralError} when it has to be tried again
 */
export async function settleRecords(
  runtime: Runtime,
  zone: DnsName,
  decided: readonly Operation[],
  view: PanelView,
): Promise<void> {
  const plain: Operation[] = [];
  const unsettled: Operation[] = [];
  const recent = await runtime.ports.journal.operations({ zone, latest });
  for (const operation of decided) {
    const done = showsDone(operation, view);
    const atCentral = operation.state === 'applied' || operation.state === 'kept';
    if (done) await sendOpenTtls(runtime, operation, view);
    (done && atCentral && !isContended(operation, recent) ? plain : unsettled).push(operation);
  }
  for (const operation of plain) await confirm(runtime, operation, view);
  if (unsettled.length > 0) await bringToPanel(runtime, zone, unsettled, view);
}

/** How many of a zone's newest operations are asked whether they wrote the same records meanwhile. */
const latest = 30;

/**
 * Whether another of the newest operations is about its zone or its records: what it wrote may not stand any more. Which came
 * first does not matter: edits overlap, and the clock may have been stepped in between.
 */
function isContended(operation: Operation, recent: readonly Operation[]): boolean {
  const others = recent.filter(({ id }) => id !== operation.id);
  if (others.some(({ kind }) => kind !== 'records')) return true;
  const own = busyIds([operation]);
  return [...busyIds(others)].some((id) => own.has(id));
}

async function confirm(runtime: Runtime, operation: Operation, view: PanelView): Promise<void> {
  await runtime.exclusively(async () => {
    const fresh = await unchanged(runtime, [operation]);
    if (fresh === null) return;
    // The operation wrote and read it back itself, so the central's side is known without another read.
    const central = new Set<string>();
    for (const { mirrored, add } of operation.items) if (mirrored && add !== null) central.add(recordId(add));
    const ended = fresh.map((one) => runtime.next(one, 'confirmed'));
    await close(runtime, ended, { view, central });
  });
}

/**
 * The operations as the journal has them now, or `null` when one of them has moved since it was judged (its `after` came):
 * then the zone is looked at anew.
 */
async function unchanged(runtime: Runtime, judged: readonly Operation[]): Promise<Operation[] | null> {
  const fresh: Operation[] = [];
  for (const operation of judged) {
    const now = await runtime.ports.journal.operation(operation.id);
    if (now === null || now.state !== operation.state || now.afterSeen !== operation.afterSeen) {
      runtime.wakeZone(operation.zone, runtime.ports.settings.confirmDelay);
      return null;
    }
    fresh.push(now);
  }
  return fresh;
}

async function bringToPanel(
  runtime: Runtime,
  zone: DnsName,
  operations: readonly Operation[],
  view: PanelView,
): Promise<void> {
  const names = [...new Set(operations.flatMap((operation) => mirroredNames(operation)))];
  await runtime.step(operations[0]?.id ?? '-', async (ctx) => {
    const held = await runtime.locks.acquire(zone, names, ctx.signal);
    try {
      await bringUnderLock(runtime, operations, { zone, names, view }, ctx);
    } finally {
      held.release();
    }
  });
}

interface Place {
  readonly zone: DnsName;
  readonly names: readonly DnsName[];
  readonly view: PanelView;
}

async function bringUnderLock(
  runtime: Runtime,
  judged: readonly Operation[],
  place: Place,
  ctx: CallContext,
): Promise<void> {
  const { names, view } = place;
  const present = names.length === 0 ? [] : await readPresent(runtime, place, ctx);
  const ttls = new Map((present ?? []).map((record) => [recordId(record), record.ttl]));
  const ids = new Set(ttls.keys());
  const started = await runtime.exclusively(() =>
    startBringing(runtime, judged, place, ttls, present === null),
  );
  if (started === null) return;
  const { operations, change } = started;
  await applyOrCount(runtime, operations, change, present ?? [], ctx);
  for (const record of change.remove) ids.delete(recordId(record));
  for (const record of change.add) ids.add(recordId(record));
  await runtime.exclusively(() => endBringing(runtime, operations, view, ids));
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

/** Decides under the lock, and journals that an undo begins; ends the operations at once when nothing has to be written. */
async function startBringing(
  runtime: Runtime,
  judged: readonly Operation[],
  { zone, view }: Place,
  centralTtls: ReadonlyMap<string, number | null>,
  zoneGone: boolean,
): Promise<{ operations: Operation[]; change: Change } | null> {
  const { journal, clock } = runtime.ports;
  const centralIds = new Set(centralTtls.keys());
  const fresh = await unchanged(runtime, judged);
  if (fresh === null) return null;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  const others = open.filter((other) => !isFinal(other.state) && !fresh.some(({ id }) => id === other.id));
  const late = open.filter(({ state }) => isFinal(state)).flatMap(({ added }) => added.map(recordId));
  const truth = { view, centralIds, centralTtls, lateIds: new Set(late) };
  const { change, inherited } = towardsPanel(zone, fresh, truth, others);
  if (inherited.length > 0) await journal.commit({ operations: inherited });
  // Without the zone at the central there is nothing left of ours to take back.
  if (zoneGone || isEmptyChange(change)) {
    await endBringing(runtime, fresh, view, centralIds);
    return null;
  }
  const operations = fresh.map((operation) => runtime.next(operation, 'reverting'));
  await journal.commit({ operations });
  return { operations, change };
}

/** Ends the operations as the journal has them now; one whose `after` came during the undo is looked at anew. */
async function endBringing(
  runtime: Runtime,
  operations: readonly Operation[],
  view: PanelView,
  central: ReadonlySet<string>,
): Promise<void> {
  const ended: Operation[] = [];
  for (const begun of operations) {
    const operation = (await runtime.ports.journal.operation(begun.id)) ?? begun;
    if (operation.afterSeen === begun.afterSeen) ended.push(endOf(runtime, operation, view));
    // The panel kept the edit after we had read it.
    else runtime.wakeZone(operation.zone, runtime.ports.settings.confirmDelay);
  }
  await close(runtime, ended, { view, central });
  const [first] = ended;
  if (first !== undefined && ended.some((operation) => isKeptOtherwise(operation, view)))
    runtime.compareSoon(first.zone, 'kept-otherwise');
}

/** The panel said that it did an edit, and shows something else than we read from the call: that is new to both of us. */
function isKeptOtherwise(operation: Operation, view: PanelView): boolean {
  const heard = operation.class !== 'follow' && operation.afterSeen;
  return heard && view.records !== null && !showsDone(operation, view);
}

/** How an operation ends whose records now stand at the central as they stood in the panel. */
function endOf(runtime: Runtime, operation: Operation, view: PanelView): Operation {
  const items = viewItems(operation, view);
  // Short of the whole edit, an `after` that still comes must find it taken back and do it again.
  const some = operation.afterSeen && items.includes('after');
  if (some || showsDone(operation, view)) return runtime.next(operation, 'confirmed');
  // A panel slower than our patience may still keep it, and its `after` may get lost: stay on watch.
  const watched = operation.class === 'veto' && !operation.afterSeen;
  const watchUntil = watched ? runtime.ports.clock.wall() + runtime.ports.settings.watch : 0;
  return runtime.next(operation, 'reverted', { watchUntil: Math.max(watchUntil, operation.watchUntil) });
}

/** Applies an undo; a refusal that will not go away makes the operations stuck instead of being tried for ever. */
export async function applyOrCount(
  runtime: Runtime,
  operations: readonly Operation[],
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
    const watchUntil =
      error.state === 'unknown' ? runtime.ports.clock.wall() + runtime.ports.settings.watch : 0;
    const failed = (fresh: Operation): Operation => ({
      ...fresh,
      state: hopeless ? ('stuck' as const) : ('reverting' as const),
      attempts: tries,
      problems: [error.problem],
      watchUntil: Math.max(fresh.watchUntil, watchUntil),
      changedAt: runtime.ports.clock.wall(),
    });
    for (const operation of operations) await stepOn(runtime, operation, failed);
    if (hopeless) {
      runtime.ports.log(1, 'operation.stuck', { operation: operations[0]?.id ?? '-', code: error.code });
    }
    throw error;
  }
}

/** How many refusals of the same undo make it a case for a person. */
const hopelessAfter = 5;

/** Ids that other open operations are about: their state at the central is not the last word. */
async function busyElsewhere(
  runtime: Runtime,
  zone: DnsName,
  ending: readonly Operation[],
): Promise<Set<string>> {
  const open = await runtime.ports.journal.operations({ zone, openAt: runtime.ports.clock.wall() });
  const ids = new Set(ending.map(({ id }) => id));
  return busyIds(open.filter(({ id, state }) => !ids.has(id) && !isFinal(state)));
}

/** Owners of all records that these operations are about. */
function itemNames(operations: readonly Operation[]): DnsName[] {
  const items = operations.flatMap((operation) => operation.items);
  return items.flatMap(({ remove, add }) => [remove, add].flatMap((record) => record?.name ?? []));
}

/** Writes the final states together with the ledger rows of the operations' records. */
async function close(runtime: Runtime, operations: readonly Operation[], sides: Sides): Promise<void> {
  const zone = operations[0]?.zone;
  if (zone === undefined) return;
  const final = operations.filter(({ state }) => isFinal(state));
  const busy = await busyElsewhere(runtime, zone, operations);
  const rows = await runtime.ports.journal.rows(zone, itemNames(final));
  const { put, drop, local } = rowsAfter(final, { ...sides, rows, busy });
  await runtime.ports.journal.commit({ operations, rows: [{ zone, drop, put }] });
  for (const operation of final) runtime.forget(operation.id);
  if (local) runtime.compareSoon(zone, 'local-edit');
}
