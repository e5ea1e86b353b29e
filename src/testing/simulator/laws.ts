import type { DnsName } from '../../dns/name.ts';
import { formatRecord, otherTtl, type ResourceRecord } from '../../dns/record.ts';
import type { Engine, ZoneView } from '../../core/engine/engine.ts';
import { isCentralsOwn } from '../../core/engine/classify.ts';
import { waitsForYes } from '../../core/engine/signed-delete.ts';
import type { Operation } from '../../core/operation.ts';
import type { Traces } from './perform.ts';
import type { CentralStore } from './sim-central.ts';
import type { PanelStore } from './sim-panel.ts';
import type { World } from './world.ts';

/** Last part of an address that only an intruder wants (`HistoryOptions.users`). */
export const forged = 250;

/** The panel and one of its centrals. */
interface Pair {
  readonly panel: PanelStore;
  readonly central: CentralStore;
  readonly byName: boolean;
}

/**
 * What must hold once everything has healed (design section 2): every edit on both sides or on neither, nothing open, nothing of
 * somebody else's touched, and no name answered with emptiness by a zone that was made. What people meddled with may differ, but then it is listed.
 * @returns one sentence per violation
 */
export async function checkWorld(world: World, traces: Traces): Promise<string[]> {
  const { engines, panel, byName, active } = world;
  if (engines.length === 0) return ['no engine is running'];
  const found: string[] = [];
  for (const [at, { store }] of active.entries()) {
    const engine = engines[at];
    const own =
      engine === undefined ? [] : await checkPair({ panel, central: store, byName }, traces, engine);
    found.push(...own.map((text) => (active.length > 1 ? `central ${at + 1}: ${text}` : text)));
  }
  found.push(
    ...world.emptied.map((name) => `a new zone was made without ${name}, which was answered before`),
  );
  return found;
}

async function checkPair(world: Pair, traces: Traces, engine: Engine): Promise<string[]> {
  const found: string[] = [];
  const status = await engine.status();
  if (status.baselineAt === null) found.push('the first comparison was never completed');
  if (status.open > 0) found.push(`${status.open} operations are still open`);
  for (const stuck of status.stuck) {
    const names = new Set(stuck.items.flatMap(({ remove, add }) => [remove?.name, add?.name]));
    const excused = [...traces.meddled].some((place) => {
      const [zone, name] = place.split(' ');
      return zone === stuck.zone && (stuck.kind !== 'records' || [...names].some((one) => one === name));
    });
    // A delete that could not be asked about waits for a person, and the zone stays.
    const waits = waitsForYes(stuck) && world.central.signed.has(stuck.zone);
    if (!excused && !waits && !isUnproven(stuck, world.central))
      found.push(`operation ${stuck.id} is stuck without anybody having meddled: ${stuck.problems[0]?.code}`);
  }
  if (world.central.everHeld.has(`192.0.2.${forged}`))
    found.push('the central held what somebody without a right to the zone wanted there');
  const zones = new Set([...world.panel.zones.keys(), ...world.central.zones.keys()]);
  for (const zone of zones) found.push(...checkZone(world, traces, zone, await engine.view(zone)));
  return found;
}

function checkZone(world: Pair, traces: Traces, zone: DnsName, view: ZoneView): string[] {
  const panel = world.panel.zones.get(zone);
  const central = world.central.zones.get(zone);
  if (panel === undefined || central === undefined) {
    const where = panel === undefined ? 'at the central' : 'in the panel';
    const excused = mayStandAlone(traces, zone, view, central === undefined);
    return excused ? [] : [`${zone} is ${where} only (${view.entry?.standing})`];
  }
  if (view.entry?.standing !== 'joined') return [`${zone} is on both sides but ${view.entry?.standing}`];
  return [...new Map([...panel, ...central])].flatMap(([id, record]) => {
    const found: string[] = [];
    const place = `${zone} ${record.name}`;
    const excused = mayDiffer(world, traces, view, place) || world.central.late.has(place);
    if (!excused) found.push(...ttlViolations(panel.get(id), central.get(id)));
    if (isCentralsOwn(zone, record) || panel.has(id) === central.has(id)) return found;
    if (!mayDiffer(world, traces, view, place)) found.push(`${side(panel, id)}: ${formatRecord(record)}`);
    else if (!listed(view, record) && !unseen(world, view, record, panel))
      found.push(`not listed, ${side(panel, id)}: ${formatRecord(record)}`);
    return found;
  });
}

function ttlViolations(here: ResourceRecord | undefined, there: ResourceRecord | undefined): string[] {
  if (here === undefined || there === undefined || !otherTtl(here, there)) return [];
  return [`TTL ${here.ttl} here, ${there.ttl} there: ${formatRecord(here)}`];
}

/** A central that cannot read whole zones shows nothing of RRsets that neither panel nor ledger know. */
function unseen(
  { byName }: Pair,
  { rows }: ZoneView,
  { name, type }: ResourceRecord,
  panel: ReadonlyMap<string, ResourceRecord>,
): boolean {
  const known = [...panel.values(), ...rows.map(({ record }) => record)];
  return byName && !known.some((record) => record.name === name && record.type === type);
}

function mayDiffer(world: Pair, traces: Traces, view: ZoneView, place: string): boolean {
  return (
    traces.old.has(place) ||
    traces.meddled.has(place) ||
    refusedAddition(world, view, place) ||
    lateCreate(world, view)
  );
}

/**
 * A create that nobody read back (we were killed, or it landed after it was given up): nothing tells whether we or a person made what
 * the zone then holds, so it is joined like any other (docs/adoption.md, row 31).
 */
function lateCreate(world: Pair, { entry }: ZoneView): boolean {
  const { late, unproven } = world.central;
  return entry !== null && (late.has(entry.zone) || unproven.has(entry.zone));
}

/** A zone that only the central has after such a create is left and listed (docs/adoption.md, row 30). */
function isUnproven({ kind, zone, problems }: Operation, { late, unproven }: CentralStore): boolean {
  const isCreate = kind === 'zone-create' && problems.some(({ code }) => code === 'zone.maybe-ours');
  return isCreate && (late.has(zone) || unproven.has(zone));
}

/** A zone on one side only: left alone from the start, or meddled with and listed. */
function mayStandAlone(traces: Traces, zone: DnsName, view: ZoneView, panelOnly: boolean): boolean {
  if (view.entry?.standing === 'panel-only' && panelOnly) return true;
  if (view.open.some(({ state }) => state === 'stuck')) return true;
  const meddled = [...traces.meddled].some((place) => place.startsWith(`${zone} `));
  return meddled && view.entry !== null && view.entry.note !== null;
}

function side(panel: ReadonlyMap<string, ResourceRecord>, id: string): string {
  return panel.has(id) ? 'in the panel only' : 'at the central only';
}

/** A bulk addition that the central refused is left in the panel and listed, and so is what is made of it there. */
function refusedAddition(world: Pair, view: ZoneView, place: string): boolean {
  const left = view.rows.some(
    ({ record, standing }) => standing !== 'joined' && place === `${view.entry?.zone} ${record.name}`,
  );
  return left && world.central.refused.has(place);
}

/** Whether a difference is shown to the administrator: as a row that is not joined, or in a stuck operation. */
function listed(view: ZoneView, record: ResourceRecord): boolean {
  const same = (other: ResourceRecord | null): boolean =>
    other !== null &&
    other.name === record.name &&
    other.type === record.type &&
    other.rdata === record.rdata;
  return (
    view.rows.some((row) => same(row.record) && row.standing !== 'joined') ||
    view.open.some(({ items }) => items.some(({ remove, add }) => same(remove) || same(add)))
  );
}
