import type { DnsName } from '../../../dns/name.ts';
import { recordId } from '../../../dns/record.ts';
import { isEmptyChange, type Change } from '../../../dns/zone.ts';
import { CentralError, type CallContext, type CentralRecord } from '../../central.ts';
import type { LedgerRow } from '../../ledger.ts';
import { creates, edits, isFinal, type Operation, type RecordsOperation } from '../../operation.ts';
import { isCentralsOwn } from '../knowledge/compare-rule.ts';
import { keepWatching, lateRecords, newEdit, retimed, watchedRecords } from '../knowledge/operations.ts';
import { busyIds, withoutClashes } from '../before/plan.ts';
import { readPanel, type PanelView } from '../knowledge/panel-view.ts';
import { Patience } from '../parts/patience.ts';
import { changeTowards, ttlsOf } from '../knowledge/rule.ts';
import type { Runtime } from '../runtime.ts';

/** The number of the zone's newest operations among which we look for edits of a record. */
const latest = 50;

/**
 * Checks the records of ended operations on watch. The writes of these operations may take effect late, and a
 * slow panel may still make the edit. If panel and central then differ in these records, the central gets the
 * panel's state.
 * @param watched ended operations on watch
 * @throws {PanelError | CentralError | JournalError} the caller tries again later
 */
export async function checkRecords(
  runtime: Runtime,
  zone: DnsName,
  watched: readonly Operation[],
): Promise<void> {
  const names = namesOf(watched);
  if (names.length === 0) return;
  const readAt = runtime.ports.clock.wall();
  const view = await readPanel(runtime, zone);
  if (view.records === null) return;
  await runtime.lockedStep('-', zone, names, async (ctx) => {
    await checkUnderLock(runtime, { zone, names, view, readAt, watched }, ctx);
  });
}

interface Watched {
  readonly zone: DnsName;
  readonly names: readonly DnsName[];
  readonly view: PanelView;
  /** When the panel read began: wall clock, milliseconds since 1970. */
  readonly readAt: number;
  readonly watched: readonly Operation[];
}

/** Owner names of records that the operations wrote or were meant to write. */
function namesOf(operations: readonly Operation[]): DnsName[] {
  return [...new Set(operations.flatMap(watchedRecords).map(({ name }) => name))];
}

async function checkUnderLock(runtime: Runtime, look: Watched, ctx: CallContext): Promise<void> {
  const { journal, central, clock, log } = runtime.ports;
  const { zone, names, view } = look;
  if ((await journal.zone(zone))?.state !== 'synced') return;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  // A stuck create means that the central's zone may be another writer's. So none of its records counts as
  // ours.
  if (creates(open).some(({ state, requested }) => state === 'stuck' && requested)) return;
  const recent = await journal.operations({ zone, latest });
  const present = await central.readNames(zone, names, ctx);
  if (present === null) return;
  // If an operation has changed since the panel read, the panel's records may have changed too. So the check
  // is repeated later.
  if (recent.some(({ changedAt }) => changedAt >= look.readAt)) {
    runtime.agenda.wake(zone, runtime.ports.settings.readGap);
    return;
  }
  const rows = await journal.rows(zone, names);
  const change = differences(look, { open, recent: edits(recent), rows, present });
  if (isEmptyChange(change)) {
    runtime.patience.forget(Patience.ofZone('watched', zone));
    return;
  }
  if (!persists(runtime, zone, view, change) || isRefused(edits(recent), change)) return;
  log(2, 'late-write', { operation: ctx.operation, zone, records: change.add.length + change.remove.length });
  await carryOut(runtime, change, present, ctx);
}

interface Known {
  readonly open: readonly Operation[];
  readonly recent: readonly RecordsOperation[];
  readonly rows: readonly LedgerRow[];
  readonly present: readonly CentralRecord[];
}

/** The change that gives the watched records at the central the panel's state. */
function differences({ zone, view, watched }: Watched, { open, rows, present, recent }: Known): Change {
  const busy = busyIds(open.filter(({ state }) => !isFinal(state)));
  const states = new Map(rows.map(({ record, state }) => [recordId(record), state]));
  const written = new Set(watched.flatMap(lateRecords).map(recordId));
  const retimedByUs = retimedIds(recent);
  const central = ttlsOf(present);
  const records = watched.flatMap(watchedRecords);
  const change = changeTowards(
    zone,
    records.map((record) => {
      const id = recordId(record);
      const state = states.get(id) ?? '';
      return {
        record,
        isOurs: state === 'synced' || written.has(id),
        isTtlOurs: retimedByUs.has(id),
        isLeftAlone: isCentralsOwn(zone, record) || (leftAlone.has(state) && !central.has(id)),
        claimed: busy.has(id) ? 'open' : null,
      };
    }),
    { panel: view.ttls, central },
  );
  return withoutClashes(change, present);
}

const leftAlone: ReadonlySet<string> = new Set(['panel-only', 'conflict', 'excluded']);

/** Ids of records for which a recent edit changed only the TTL. */
function retimedIds(recent: readonly RecordsOperation[]): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { items } of recent) {
    for (const item of items) {
      const ttl = item.mirrored ? retimed(item) : null;
      if (ttl !== null) ids.add(recordId(ttl.add));
    }
  }
  return ids;
}

/**
 * Whether an earlier read, made long enough ago, led to the same change as this read. Stores the change of
 * this read. If no such earlier read exists, schedules another read.
 */
function persists(runtime: Runtime, zone: DnsName, { quiet, readAt }: PanelView, change: Change): boolean {
  const { patience, grace, agenda, ports, now } = runtime;
  const { readGap } = ports.settings;
  const what = Patience.ofZone('watched', zone);
  // The time of the read counts, not the present time: this step may have waited for the lock since the read.
  const since = patience.seen(what, quiet ? JSON.stringify(change) : null, readAt);
  const due = Math.max((since ?? readAt) + readGap, grace.endsAt());
  if (readAt >= due) return true;
  agenda.wake(zone, Math.max(readGap, due - now));
  return false;
}

/**
 * Whether the central has refused the same change before. If so, the change is not tried again; a comparison
 * lists the difference.
 */
function isRefused(recent: readonly RecordsOperation[], { remove, add }: Change): boolean {
  const wanted = JSON.stringify([remove.map(recordId), add.map(recordId)]);
  return recent.some(
    (one) =>
      one.class === 'follow' &&
      one.state === 'refused' &&
      JSON.stringify([one.removed.map(recordId), one.added.map(recordId)]) === wanted,
  );
}

async function carryOut(
  runtime: Runtime,
  change: Change,
  present: readonly CentralRecord[],
  ctx: CallContext,
): Promise<void> {
  const { zone, remove: removed, add: added } = change;
  const note = { mirrored: true, note: 'note.late-write' } as const;
  const items = [
    ...removed.map((remove) => ({ remove, add: null, ...note })),
    ...added.map((add) => ({ remove: null, add, ...note })),
  ];
  const repair = newEdit(runtime, { class: 'follow', zone, items, removed, added, afterSeen: true });
  runtime.inFlight.add(repair.id);
  try {
    await runtime.store.create(repair);
    await runtime.ports.central.apply(change, present, { ...ctx, operation: repair.id });
    await runtime.store.advance(repair, 'kept');
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    if (error.state === 'unknown') await keepWatching(runtime, repair, change);
    if (error.retry !== 'never') throw error;
    await runtime.store.advance(repair, 'refused', { problems: [error.problem] });
    runtime.agenda.compareSoon(zone, 'late-write');
  } finally {
    runtime.inFlight.delete(repair.id);
    runtime.agenda.wake(zone, runtime.ports.settings.confirmDelay);
  }
}
