import { zoneName, type DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { isEmptyChange, type Change } from '../../../dns/zone.ts';
import { refusal } from '../../catalogue.ts';
import { CentralError, type CallContext, type CentralRecord } from '../../central.ts';
import type { LedgerRow } from '../../ledger.ts';
import { edits, isFinal, type CreateOperation } from '../../operation.ts';
import type { PanelRecord } from '../../panel.ts';
import { lackingApexNs } from './apex-ns.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import { compareSides, isCentralsOwn, plain } from '../knowledge/compare-rule.ts';
import { zoneAtCentral } from './make-zone.ts';
import { keepWatching } from '../knowledge/operations.ts';
import type { PanelView } from '../knowledge/panel-view.ts';
import { busyIds } from '../before/plan.ts';
import { recentOf, withRecent } from '../knowledge/recent-fact.ts';
import { changeTowards, ttlsOf, type Known } from '../knowledge/rule.ts';
import type { Transaction } from '../parts/store.ts';
import type { Runtime } from '../runtime.ts';
import { heirsOf } from '../knowledge/towards-panel.ts';

/**
 * Sends the content of a new zone to the central (docs/architecture.md#the-way-of-one-edit). Adds what the
 * panel holds, and removes records that our own create put there and the panel lacks. Then ends the
 * operation; the zone is synced.
 * @throws {CentralError} when all of it has to be tried again
 */
export async function fillZone(
  runtime: Runtime,
  begun: CreateOperation,
  view: PanelView,
  ctx: CallContext,
): Promise<void> {
  const { journal, clock, settings } = runtime.ports;
  const { zone } = begun;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  const busy = busyIds(edits(open).filter(({ state }) => !isFinal(state) && state !== 'stuck'));
  const panel = view.records ?? [];
  const { additions } = compareSides(zone, panel, [], [], { baseline: false, busy });
  const refused = new Map<string, string>();
  const { add } = acceptable(runtime, { zone, remove: [], add: additions }, refused);
  const made = await zoneAtCentral(runtime, begun, view, add, ctx);
  if (made === null) return;
  const { operation, present } = made;
  const late = open.flatMap(({ watch }) => watch?.added ?? []);
  const content = { panel, present, late, busy };
  const wanted = contentChange(operation, content);
  const nameServers = lackingApexNs(runtime, operation, panel, present);
  const change = { ...wanted, add: [...wanted.add, ...nameServers] };
  const failed = await send(runtime, operation, change, present, ctx);
  const after = (await readCentralZone(runtime, zone, panel, ctx)) ?? [];
  const rows = rowsOf(zone, panel, after, busy, failed);
  const entry = await journal.zone(zone);
  const { incarnation, watch } = operation;
  const baselineAt = entry?.baselineAt ?? clock.wall();
  const left = rows.filter(({ onPanel, onCentral }) => onPanel && !onCentral).length;
  const problems = left === 0 ? [] : [refusal('zone.records-left', { zone, count: String(left) })];
  await runtime.store.transact(async (tx) => {
    await tx.record(operation, 'confirmed', ({ watch: sent }) => ({
      added: sent?.added ?? [],
      removed: sent?.removed ?? [],
      watch,
      problems,
    }));
    await tx.zone(entry, { zone, state: 'synced', incarnation, baselineAt, note: null });
    tx.rows({ zone, dropAll: true, put: rows });
    await handOver(tx, operation, content);
    tx.with({ facts: withRecent(runtime.ports, filledFact, await recentlyFilled(runtime), zone, mostNew) });
  });
  // The panel may go on filling the zone without a DNS event, and reads may show that late.
  clock.sleep(settings.visibilityWait, runtime.timers.stopping.signal).then(
    () => runtime.agenda.compareSoon(zone, 'new-zone', 'limited'),
    // The engine has stopped.
    () => undefined,
  );
}

/**
 * Hands records of ours over to the open edits that want them. After the create has ended, these edits answer
 * for them.
 */
async function handOver(tx: Transaction, operation: CreateOperation, content: Content): Promise<void> {
  const others = edits(await tx.open(operation.zone)).filter(({ state }) => !isFinal(state));
  const sides = { panel: ttlsOf(content.panel), central: ttlsOf(content.present) };
  for (const heir of heirsOf(knownOf(operation, content), sides, others))
    await tx.amend(heir, () => ({ added: heir.added }));
}

/**
 * Asks for a comparison of zones that were filled shortly before an earlier run ended: their comparison may
 * not have happened.
 * @throws {JournalError}
 */
export async function compareNewZones(runtime: Runtime): Promise<void> {
  for (const { what } of await recentlyFilled(runtime))
    runtime.agenda.compareSoon(zoneName(what), 'new-zone', 'limited');
}

/** Name of the journal's fact with the zones that were filled lately, and when. */
const filledFact = 'filled-zones';
/** Most zones in that fact. */
const mostNew = 200;

/**
 * Whether a zone was filled so lately that panel reads may still show an older state of it.
 * @throws {JournalError}
 */
export async function isJustFilled(runtime: Runtime, zone: DnsName): Promise<boolean> {
  const { clock, settings } = runtime.ports;
  const filled = await recentOf(runtime.ports, filledFact, clock.wall() - settings.visibilityWait);
  return filled.some(({ what }) => what === zone);
}

async function recentlyFilled(runtime: Runtime): ReturnType<typeof recentOf> {
  const { clock, settings } = runtime.ports;
  return await recentOf(runtime.ports, filledFact, clock.wall() - settings.watch);
}

async function send(
  runtime: Runtime,
  operation: CreateOperation,
  change: Change,
  present: readonly CentralRecord[],
  ctx: CallContext,
): Promise<Map<string, string>> {
  if (isEmptyChange(change)) return new Map();
  // Written before the request: after a crash these records are known to be ours, and they may still land.
  await keepWatching(runtime, operation, change);
  return await applyEach(runtime, change, present, ctx);
}

interface Content {
  readonly panel: readonly PanelRecord[];
  readonly present: readonly ResourceRecord[];
  /** Records that earlier requests for the zone may have added since. */
  readonly late: readonly ResourceRecord[];
  /** Ids of records that open edits are about. */
  readonly busy: ReadonlySet<string>;
}

/** The records of the zone at the central that are ours to remove. */
function knownOf(
  { zone, snapshot }: Pick<CreateOperation, 'zone' | 'snapshot'>,
  { present, late, busy }: Omit<Content, 'panel'>,
): Known[] {
  const removable = new Set([...snapshot, ...late].map(recordId));
  const ours = present.filter((record) => removable.has(recordId(record)));
  return ours.map((record) => ({
    record,
    isOurs: true,
    isTtlOurs: true,
    isLeftAlone: isCentralsOwn(zone, record),
    claimed: busy.has(recordId(record)) ? 'open' : null,
  }));
}

function contentChange({ zone, snapshot }: CreateOperation, { panel, present, late, busy }: Content): Change {
  const known = knownOf({ zone, snapshot }, { present, late, busy });
  const made = changeTowards(zone, known, { panel: ttlsOf(panel), central: ttlsOf(present) });
  const retimed = new Set(made.add.map(recordId));
  const gone = new Set(made.remove.map(recordId)).difference(retimed);
  const staying = present.filter((record) => !gone.has(recordId(record)));
  // A record that stays beside a new one may be another writer's. Then the new one is a `conflict` and is not
  // sent.
  const { additions } = compareSides(zone, panel, staying, [], { baseline: false, busy });
  return { zone, remove: made.remove, add: [...additions.map(plain), ...made.add] };
}

/**
 * Applies a change as a whole. If the central refuses it, applies it record by record, so that one bad record
 * does not stop the rest.
 * @returns ids of the records that could not be added or removed, each with the code of its refusal
 * @throws {CentralError} on a failure that may be transient
 */
export async function applyEach(
  runtime: Runtime,
  change: Change,
  present: readonly CentralRecord[],
  ctx: CallContext,
): Promise<Map<string, string>> {
  const { central } = runtime.ports;
  const failed = new Map<string, string>();
  const fits = acceptable(runtime, change, failed);
  try {
    await central.apply(fits, present, ctx);
    return failed;
  } catch (error) {
    if (!(error instanceof CentralError) || error.retry !== 'never') throw error;
    runtime.ports.log(2, 'bulk.refused', { operation: ctx.operation, zone: change.zone, code: error.code });
  }
  for (const record of [...fits.remove, ...fits.add]) {
    const single: Change = {
      zone: change.zone,
      remove: fits.remove.includes(record) ? [record] : [],
      add: fits.remove.includes(record) ? [] : [record],
    };
    try {
      const now = (await central.readNames(change.zone, [record.name], ctx)) ?? [];
      await central.apply(single, now, ctx);
    } catch (error) {
      if (!(error instanceof CentralError) || error.retry !== 'never') throw error;
      failed.set(recordId(record), error.code);
    }
  }
  return failed;
}

/** Leaves out records to which the central's audit objects, and adds them to `failed`. */
function acceptable(runtime: Runtime, change: Change, failed: Map<string, string>): Change {
  const add = change.add.filter((record) => {
    const objections = runtime.ports.central.audit({ ...change, remove: [], add: [record] });
    const first = objections[0];
    if (first !== undefined) failed.set(recordId(record), first.code);
    return first === undefined;
  });
  return { ...change, add };
}

function rowsOf(
  zone: DnsName,
  panel: readonly PanelRecord[],
  central: readonly ResourceRecord[],
  busy: ReadonlySet<string>,
  failed: ReadonlyMap<string, string>,
): LedgerRow[] {
  const { put } = compareSides(zone, panel, central, [], { baseline: true, busy });
  return put.map((row) => ({ ...row, note: failed.get(recordId(row.record)) ?? row.note }));
}
