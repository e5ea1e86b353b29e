import { zoneName, type DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { isEmptyChange, type Change } from '../../../dns/zone.ts';
import { refusal } from '../../catalogue.ts';
import { CentralError, type CallContext, type CentralRecord } from '../../central.ts';
import type { LedgerRow } from '../../ledger.ts';
import { edits, isFinal, type CreateOperation } from '../../operation.ts';
import type { PanelRecord } from '../../panel.ts';
import { pushSource } from '../../zone-plan.ts';
import { lackingApexNs } from './apex-ns.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import { compareSides, isCentralsOwn, plain } from '../knowledge/compare-rule.ts';
import type { BeforeRequest } from './made-zone.ts';
import { proofSaved, unsavedProof, withProof, zoneAtCentral } from './make-zone.ts';
import { editsIn, isHeard, keepWatching } from '../knowledge/operations.ts';
import type { PanelView } from '../knowledge/panel-view.ts';
import { busyIds } from '../before/plan.ts';
import { recentOf, withRecent } from '../knowledge/recent-fact.ts';
import { zoneEntry } from '../knowledge/zone-entry.ts';
import { changeTowards, ttlsOf, type Known } from '../knowledge/rule.ts';
import type { Transaction } from '../parts/store.ts';
import type { Runtime } from '../runtime.ts';
import { heirsOf } from '../knowledge/towards-panel.ts';

/**
 * Sends the records of a new zone to the central (docs/architecture.md#the-way-of-one-edit). Adds the panel's
 * records, and removes records that our create made at the central and the panel lacks. Then the create
 * operation ends, and the zone is `synced`.
 * @param asked given: the caller has just read, under the same lock, that the central lacks the zone
 * @throws {CentralError} the caller tries again later
 */
export async function fillZone(
  runtime: Runtime,
  begun: CreateOperation,
  view: PanelView,
  ctx: CallContext,
  asked?: BeforeRequest,
): Promise<void> {
  const { journal, clock, settings } = runtime.ports;
  const { zone } = begun;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  // Edits that we left to the panel do not count here: their records are sent as soon as a panel read shows
  // them.
  const claiming = editsIn(begun, open).filter((one) => !isHeard(one));
  const busy = busyIds(claiming);
  const panel = view.records ?? [];
  const made = await zoneAtCentral(runtime, begun, view, contentOfNew(runtime, zone, view, busy), ctx, asked);
  if (made === null) return;
  const { operation, present } = made;
  const late = open.flatMap(({ watch }) => watch?.added ?? []);
  const content = { panel, present, late, busy };
  const wanted = contentChange(operation, content);
  const nameServers = lackingApexNs(runtime, operation, panel, present);
  const change = { ...wanted, add: [...wanted.add, ...nameServers] };
  const { incarnation, watch, created, requested, snapshot } = operation;
  if (!isEmptyChange(change)) await withProof(runtime, operation);
  const failed = await send(runtime, operation, change, present, ctx);
  // If nothing was sent, `present` still shows what the central has, because it was read after the create.
  const after = isEmptyChange(change) ? present : ((await readCentralZone(runtime, zone, panel, ctx)) ?? []);
  const rows = rowsOf(zone, panel, after, busy, failed);
  const entry = await journal.zone(zone);
  const left = rows.filter(({ onPanel, onCentral }) => onPanel && !onCentral).length;
  const problems = left === 0 ? [] : [refusal('zone.records-left', { zone, count: String(left) })];
  const proof = unsavedProof(runtime, operation);
  await runtime.store.transact(async (tx) => {
    await tx.record(operation, 'confirmed', ({ watch: sent }) => ({
      ...(proof === null ? {} : { created, requested, snapshot }),
      // A proof that is not saved yet means that only the create sent records. The snapshot has them, so none
      // counts as added or removed after it.
      added: proof === null ? (sent?.added ?? []) : [],
      removed: proof === null ? (sent?.removed ?? []) : [],
      watch,
      problems,
    }));
    await tx.zone(entry, zoneEntry(runtime, zone, 'synced', null, { ...entry, incarnation }));
    tx.rows({ zone, dropAll: true, put: rows });
    await handOver(tx, operation, content);
    tx.with({ facts: withRecent(runtime.ports, filledFact, await recentlyFilled(runtime), zone, mostNew) });
  });
  proofSaved(runtime, operation);
  // A push by an operator creates zones that the panel has had for long, many at once. They need no second
  // comparison.
  if (operation.source === pushSource) return;
  // The panel may add more records to the zone without a DNS event, and reads may show them late.
  const compare = (): void => runtime.agenda.compareSoon(zone, 'new-zone', 'limited');
  runtime.timers.alarm(settings.visibilityWait, compare);
}

/**
 * The panel's records that go with the create of a zone.
 * @param busy ids of records in open edits
 */
export function contentOfNew(
  runtime: Runtime,
  zone: DnsName,
  { records }: PanelView,
  busy: ReadonlySet<string>,
): readonly ResourceRecord[] {
  const { additions } = compareSides(zone, records ?? [], [], [], { baseline: false, busy });
  return acceptable(runtime, { zone, remove: [], add: additions }, new Map()).add;
}

/**
 * Assigns each record of ours at the central to the open edit that wants it. After the end of the create,
 * this edit decides whether the record stays.
 */
async function handOver(tx: Transaction, operation: CreateOperation, content: Content): Promise<void> {
  const others = edits(await tx.open(operation.zone)).filter(({ state }) => !isFinal(state));
  const sides = { panel: ttlsOf(content.panel), central: ttlsOf(content.present) };
  for (const heir of heirsOf(knownOf(operation, content), sides, others))
    await tx.amend(heir, () => ({ added: heir.added }));
}

/**
 * Schedules comparisons of the zones whose records were sent shortly before the agent last stopped. The agent
 * may have stopped before it compared them.
 * @throws {JournalError}
 */
export async function compareNewZones(runtime: Runtime): Promise<void> {
  for (const { what } of await recentlyFilled(runtime))
    runtime.agenda.compareSoon(zoneName(what), 'new-zone', 'limited');
}

/** Name of the journal's fact that lists the zones whose records were sent recently, each with the time. */
export const filledFact = 'filled-zones';
/** The most zones that this fact lists. */
const mostNew = 200;

/**
 * Whether the records of the zone were sent so recently that panel reads may still show an older state of the
 * zone.
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
  // The records are journalled before the request is sent. So after a crash, the engine still knows that
  // these records are ours and may appear late.
  await keepWatching(runtime, operation, change);
  return await applyEach(runtime, change, present, ctx);
}

interface Content {
  readonly panel: readonly PanelRecord[];
  readonly present: readonly ResourceRecord[];
  /** Records that earlier requests of unknown outcome may have added by now. */
  readonly late: readonly ResourceRecord[];
  /** Ids of records in open edits. */
  readonly busy: ReadonlySet<string>;
}

/**
 * The zone's records at the central that we may remove, because our create or our later requests made them.
 */
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
  // Some of the records that stay may be another writer's. The panel's records of the same name and type then
  // become `conflict` and are not sent.
  const { additions } = compareSides(zone, panel, staying, [], { baseline: false, busy });
  return { zone, remove: made.remove, add: [...additions.map(plain), ...made.add] };
}

/**
 * Writes a whole change. If the central refuses it, writes it record by record, so that one bad record does
 * not stop the rest.
 * @returns ids of the records that could not be added or removed, each with the code of the refusal
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

/** Drops from the change the records that the central's audit objects to, and adds them to `failed`. */
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
