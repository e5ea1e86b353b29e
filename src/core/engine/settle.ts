import type { DnsName } from '../../dns/name.ts';
import { otherTtl, recordId, type ResourceRecord } from '../../dns/record.ts';
import { isEmptyChange, type Change } from '../../dns/zone.ts';
import { CentralError, type CallContext } from '../central.ts';
import { isFinal, type Operation, type OperationItem } from '../operation.ts';
import { rowsAfter, type Sides } from './ledger-rows.ts';
import { mirroredNames, retimed, showsDone, viewItems, type Retimed } from './operations.ts';
import { busyIds } from './plan.ts';
import type { Runtime } from './runtime.ts';
import type { PanelView } from './panel-view.ts';

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
    (done && atCentral && !isContended(operation, recent) ? plain : unsettled).push(operation);
  }
  for (const operation of plain) await confirm(runtime, operation, view);
  if (unsettled.length > 0) await bringToPanel(runtime, zone, unsettled, view);
}

/** How many of a zone's newest operations are asked whether they wrote the same records meanwhile. */
const latest = 30;

/** Whether another operation was about its zone or its records since it was made: what it wrote may not stand any more. */
function isContended(operation: Operation, recent: readonly Operation[]): boolean {
  const since = recent.filter(({ id, changedAt }) => id !== operation.id && changedAt >= operation.createdAt);
  if (since.some(({ kind }) => kind !== 'records')) return true;
  const own = busyIds([operation]);
  return [...busyIds(since)].some((id) => own.has(id));
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
  const { zone, names, view } = place;
  const present = names.length === 0 ? [] : await runtime.ports.central.readNames(zone, names, ctx);
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

interface Truth {
  readonly view: PanelView;
  readonly centralIds: ReadonlySet<string>;
  /** TTLs at the central, by id. */
  readonly centralTtls: ReadonlyMap<string, number | null>;
  /** What ended operations on watch may have written late. */
  readonly lateIds: ReadonlySet<string>;
}

interface Towards {
  readonly change: Change;
  /** Other operations that now answer for a record we would otherwise have taken back. */
  readonly inherited: readonly Operation[];
}

/** What has to be written so that the operations' records stand at the central as they stand in the panel. */
function towardsPanel(
  zone: DnsName,
  operations: readonly Operation[],
  truth: Truth,
  others: readonly Operation[],
): Towards {
  const { view, centralIds, lateIds } = truth;
  const remove = new Map<string, ResourceRecord>();
  const add = new Map<string, ResourceRecord>();
  const heirs = new Map<string, Operation>();
  for (const operation of operations) {
    const added = new Set(operation.added.map(recordId));
    for (const item of operation.items) {
      if (!item.mirrored) continue;
      const ttls = ttlTowardsPanel(item, truth);
      if (
        ttls !== null &&
        added.has(recordId(ttls.add)) &&
        claimant(others, recordId(ttls.add), 'add') === null
      ) {
        remove.set(recordId(ttls.remove), ttls.remove);
        add.set(recordId(ttls.add), ttls.add);
        continue;
      }
      for (const record of [item.remove, item.add]) {
        if (record === null) continue;
        const id = recordId(record);
        const wanted = view.ids.has(id);
        if (wanted === centralIds.has(id)) continue;
        if (wanted) {
          if (claimant(others, id, 'remove') === null)
            add.set(id, { ...record, ttl: view.ttls.get(id) ?? record.ttl });
          continue;
        }
        if (!added.has(id) && !lateIds.has(id) && record !== item.remove) continue;
        const heir = claimant(others, id, 'add');
        if (heir === null) remove.set(id, record);
        else heirs.set(heir.id, { ...(heirs.get(heir.id) ?? heir), added: [...heir.added, record] });
      }
    }
  }
  return {
    change: { zone, remove: [...remove.values()], add: [...add.values()] },
    inherited: [...heirs.values()],
  };
}

/** For an edit of the TTL alone whose record both sides have: from the central's TTL to the panel's, where they differ. */
function ttlTowardsPanel(item: OperationItem, { view, centralTtls }: Truth): Retimed | null {
  const change = retimed(item);
  if (change === null) return null;
  const id = recordId(change.add);
  const wanted = { ...change.add, ttl: view.ttls.get(id) ?? null };
  const there = { ...change.add, ttl: centralTtls.get(id) ?? null };
  return otherTtl(wanted, there) ? { remove: there, add: wanted } : null;
}

/** An open operation of somebody else that wants the record added (or removed). */
function claimant(others: readonly Operation[], id: string, part: 'add' | 'remove'): Operation | null {
  const wants = (item: OperationItem): boolean => {
    const record = item[part];
    return item.mirrored && record !== null && recordId(record) === id;
  };
  return others.find(({ state, items }) => state !== 'stuck' && items.some(wants)) ?? null;
}

/** Applies an undo; a refusal that will not go away makes the operations stuck instead of being tried for ever. */
async function applyOrCount(
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
    const changed = operations.map((operation) => ({
      ...operation,
      state: hopeless ? ('stuck' as const) : ('reverting' as const),
      attempts: tries,
      problems: [error.problem],
      watchUntil: Math.max(operation.watchUntil, watchUntil),
      changedAt: runtime.ports.clock.wall(),
    }));
    await runtime.ports.journal.commit({ operations: changed });
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

/** Writes the final states together with the ledger rows of the operations' records. */
async function close(runtime: Runtime, operations: readonly Operation[], sides: Sides): Promise<void> {
  const zone = operations[0]?.zone;
  if (zone === undefined) return;
  const final = operations.filter(({ state }) => isFinal(state));
  const busy = await busyElsewhere(runtime, zone, operations);
  const rows = await runtime.ports.journal.rows(zone);
  const { put, drop, local } = rowsAfter(final, { ...sides, rows, busy });
  await runtime.ports.journal.commit({ operations, rows: [{ zone, drop, put }] });
  for (const operation of final) runtime.forget(operation.id);
  if (local) runtime.compareSoon(zone, 'local-edit');
}
