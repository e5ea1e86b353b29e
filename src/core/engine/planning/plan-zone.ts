import { parseName, type DnsName } from '../../../dns/name.ts';
import { validOr } from '../../../dns/problem.ts';
import type { ResourceRecord } from '../../../dns/record.ts';
import { isMirrored, type ZoneEntry } from '../../ledger.ts';
import type { CallContext, CentralRecord } from '../../central.ts';
import { isFinal, type Operation } from '../../operation.ts';
import type { PanelRecord } from '../../panel.ts';
import type { Hindrance, PlanLimit, PlanRequest, ZonePlan } from '../../zone-plan.ts';
import { apexNs } from '../background/apex-ns.ts';
import { busyIds } from '../before/plan.ts';
import { isSigned, waitsForYes } from '../before/signed-delete.ts';
import { baselineFact } from '../before/unknown-zone.ts';
import { deletesLeft } from '../comparison/follow.ts';
import { recordsOrCopy } from '../comparison/zone-facts.ts';
import { isFrozen } from '../knowledge/frozen.ts';
import { readPanel, type PanelView } from '../knowledge/panel-view.ts';
import type { Runtime } from '../runtime.ts';
import { limitOf, planRecords, type KnownSides } from './plan-rule.ts';

/** A plan, and the facts from which it was made. The code that applies the plan needs these facts. */
export interface PlanWithReads {
  readonly plan: ZonePlan;
  readonly view: PanelView;
  readonly entry: ZoneEntry | null;
  readonly rows: KnownSides['rows'];
  /** The zone's operations that have not ended. */
  readonly open: readonly Operation[];
  /** The records that the central has in the zone; null: the central has no such zone, or was not read. */
  readonly present: readonly CentralRecord[] | null;
}

/**
 * Plans the steps that make one side of a zone equal to the other. Reads both sides in full, and writes
 * nothing.
 * @throws {PanelError | CentralError | JournalError}
 */
export async function planZone(runtime: Runtime, zone: DnsName, request: PlanRequest): Promise<ZonePlan> {
  const view = await readPanel(runtime, zone);
  return (await runtime.timers.step('-', (ctx) => planFrom(runtime, zone, { request, view }, ctx))).plan;
}

/**
 * Like {@link planZone}, but gets the panel read from its caller. A caller that also writes must have locked
 * the zone.
 */
export async function planFrom(
  runtime: Runtime,
  zone: DnsName,
  { request, view }: { readonly request: PlanRequest; readonly view: PanelView },
  ctx: CallContext,
): Promise<PlanWithReads> {
  const { journal, clock } = runtime.ports;
  const entry = await journal.zone(zone);
  const open = (await journal.operations({ zone, openAt: clock.wall() })).filter(
    ({ state }) => !isFinal(state),
  );
  const nothing = { whole: null, steps: [], left: [], hindrance: null, limit: null, signed: false } as const;
  const empty = { zone, ...request, ...nothing };
  const because = (hindrance: Hindrance): PlanWithReads => ({
    plan: { ...empty, hindrance },
    view,
    entry,
    rows: [],
    open,
    present: null,
  });
  const waiting = open.find(waitsForYes);
  if (waiting !== undefined && view.records === null && deletesZones(request)) {
    // The safety limits were checked when this delete was journalled, so no limit applies to it now.
    const plan = { ...empty, whole: 'delete', signed: true } as const;
    return { plan, view, entry, rows: [], open, present: null };
  }
  const early = await hindranceOf(runtime, entry, open);
  if (early !== null) return because(early);
  const present = await recordsOrCopy(runtime, zone, view.records ?? [], ctx);
  if (present === 'copy') return because('copy');
  const whole = wholeOf(runtime, { entry, request, view, isThere: present !== null });
  if (typeof whole === 'string') return because(whole);
  if (whole !== null) {
    const known = await factsOfWhole(runtime, zone, { ...whole, panel: view.records ?? [] }, ctx);
    return { plan: { ...empty, ...whole, ...known }, view, entry, rows: [], open, present };
  }
  const isFirst = entry?.state !== 'synced';
  const stored = await journal.rows(zone);
  // Before the zone's first comparison, only excluded rows count, as in that comparison itself.
  const rows = isFirst ? stored.filter(({ state }) => state === 'excluded') : stored;
  const known = {
    zone,
    panel: view.records ?? [],
    central: present ?? [],
    rows,
    isFirst,
    busy: busyIds(open),
  };
  const planned = planRecords(
    { ...known, objections: (record) => objectionsOf(runtime, zone, record) },
    request,
  );
  const { steps, left } = planned;
  const limit = limitOf(planned, runtime.ports.settings.limits);
  const servers = nameServersOf(zone, present ?? []);
  return { plan: { ...empty, steps, left, limit, ...servers }, view, entry, rows, open, present };
}

/**
 * The further fields of a plan that creates or deletes the whole zone. @throws {CentralError | JournalError}
 */
async function factsOfWhole(
  runtime: Runtime,
  zone: DnsName,
  { whole, panel }: Pick<ZonePlan, 'whole'> & { readonly panel: readonly PanelRecord[] },
  ctx: CallContext,
): Promise<Partial<ZonePlan>> {
  return whole === 'create'
    ? { steps: contentOf(zone, panel), ...serversOfNew(runtime, zone, panel) }
    : { limit: await zoneLimit(runtime), signed: await isSigned(runtime, zone, ctx) };
}

async function zoneLimit(runtime: Runtime): Promise<PlanLimit> {
  return { kind: 'zones', left: await deletesLeft(runtime) };
}

/** Whether the request includes deleting a zone at the central that the panel has lost. */
function deletesZones({ direction, removes, only }: PlanRequest): boolean {
  return direction === 'push' && removes && only === undefined;
}

async function hindranceOf(
  { ports: { journal } }: Runtime,
  entry: ZoneEntry | null,
  open: readonly Operation[],
): Promise<Hindrance | null> {
  const whole = open.filter(({ kind }) => kind !== 'records');
  if (whole.length > 0) return whole.every(({ state }) => state === 'stuck') ? 'stuck' : 'under-way';
  if ((await journal.fact(baselineFact)) === null) return 'arriving';
  if (entry === null) return null;
  if (await isFrozen(journal, entry.zone)) return 'frozen';
  switch (entry.state) {
    case 'foreign':
    case 'excluded':
      return entry.state;
    case 'creating':
    case 'deleting':
      return 'under-way';
    case 'synced':
    case 'panel-only':
      return null;
  }
}

/**
 * Whether the plan creates or deletes the whole zone, or why the zone cannot be planned. Null: both sides
 * have the zone, so only its records are planned.
 */
function wholeOf(
  { ports: { central } }: Runtime,
  {
    entry,
    request,
    view,
    isThere,
  }: {
    readonly entry: ZoneEntry | null;
    readonly request: PlanRequest;
    readonly view: PanelView;
    readonly isThere: boolean;
  },
): Hindrance | Pick<ZonePlan, 'whole'> | null {
  const isHere = view.records !== null;
  if (!isHere && !isThere) return 'nowhere';
  if (isHere && isThere) return null;
  if (request.direction === 'pull') return isHere ? 'not-at-central' : 'not-in-panel';
  if (!central.traits.managesZones) return 'provider-makes-zones';
  if (isHere) return { whole: 'create' };
  // Only a zone that both sides had is deleted: any other zone at the central may belong to somebody else.
  const isOurs = entry !== null && isMirrored(entry.state);
  return isOurs && deletesZones(request) ? { whole: 'delete' } : 'gone-from-panel';
}

/** The name servers of a zone, from the apex NS records; empty: there are none. */
function nameServersOf(zone: DnsName, records: readonly ResourceRecord[]): Pick<ZonePlan, 'nameServers'> {
  const names = apexNs(zone, records).flatMap(({ rdata }) => validOr(() => [parseName(rdata)], []));
  return names.length === 0 ? {} : { nameServers: names };
}

/** The name servers that a new zone gets at the central; empty: the panel's records do not decide this. */
function serversOfNew(
  { ports: { central } }: Runtime,
  zone: DnsName,
  panel: readonly ResourceRecord[],
): Pick<ZonePlan, 'nameServers'> {
  return central.traits.createsWithContent ? nameServersOf(zone, panel) : {};
}

/** The steps that add the records of a new zone. */
function contentOf(zone: DnsName, panel: readonly PanelRecord[]): ZonePlan['steps'] {
  const known = { zone, panel, central: [], rows: [], isFirst: true, busy: new Set<string>() };
  const objections = (): readonly string[] => [];
  return planRecords({ ...known, objections }, { direction: 'push', removes: false }).steps;
}

function objectionsOf(
  { ports: { central } }: Runtime,
  zone: DnsName,
  record: ResourceRecord,
): readonly string[] {
  return central.audit({ zone, remove: [], add: [record] }).map(({ code }) => code);
}
