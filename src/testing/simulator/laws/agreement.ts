import type { DnsName } from '../../../dns/name.ts';
import { formatRecord, otherTtl, type ResourceRecord } from '../../../dns/record.ts';
import type { Engine, ZoneView } from '../../../core/engine/engine.ts';
import { isCentralsOwn } from '../../../core/engine/classify.ts';
import { waitsForYes } from '../../../core/engine/signed-delete.ts';
import type { Traces } from '../perform.ts';
import type { CentralStore } from '../sim-central.ts';
import type { PanelStore } from '../sim-panel.ts';
import type { Judgement } from './judgement.ts';

/** The panel and one of its centrals. */
export interface Pair {
  readonly panel: PanelStore;
  readonly central: CentralStore;
  readonly byName: boolean;
}

/**
 * Both sides agree once everything has healed (design section 2): every edit on both sides or on neither, and nothing open. What people
 * meddled with may differ, but then it is listed.
 */
export async function checkAgreement(
  world: Pair,
  traces: Traces,
  engine: Engine,
  judgement: Judgement,
): Promise<void> {
  const status = await engine.status();
  if (status.baselineAt === null)
    judgement.violate('engine.baseline', 'the first comparison was never completed');
  if (status.open > 0) judgement.violate('agreement.open', `${status.open} operations are still open`);
  for (const stuck of status.stuck) {
    const names = new Set(stuck.items.flatMap(({ remove, add }) => [remove?.name, add?.name]));
    const excused = [...traces.meddled].some((place) => {
      const [zone, name] = place.split(' ');
      return zone === stuck.zone && (stuck.kind !== 'records' || [...names].some((one) => one === name));
    });
    // A delete that could not be asked about waits for a person, and the zone stays.
    const waits = waitsForYes(stuck) && world.central.signed.has(stuck.zone);
    if (!excused && !waits)
      judgement.violate(
        'agreement.stuck',
        `operation ${stuck.id} is stuck without anybody having meddled: ${stuck.problems[0]?.code}`,
      );
  }
  const zones = new Set([...world.panel.zones.keys(), ...world.central.zones.keys()]);
  for (const zone of zones) checkZone(world, traces, zone, await engine.view(zone), judgement);
}

function checkZone(world: Pair, traces: Traces, zone: DnsName, view: ZoneView, judgement: Judgement): void {
  const panel = world.panel.zones.get(zone);
  const central = world.central.zones.get(zone);
  if (panel === undefined || central === undefined) {
    const where = panel === undefined ? 'at the central' : 'in the panel';
    const excused = mayStandAlone(traces, zone, view, central === undefined);
    if (!excused) judgement.violate('agreement.zone', `${zone} is ${where} only (${view.entry?.standing})`);
    return;
  }
  if (view.entry?.standing !== 'joined') {
    judgement.violate('agreement.standing', `${zone} is on both sides but ${view.entry?.standing}`);
    return;
  }
  for (const [id, record] of new Map([...panel, ...central]))
    checkRecord(
      world,
      traces,
      view,
      { zone, record, here: panel.get(id), there: central.get(id) },
      judgement,
    );
}

/** A record as each side has it. */
interface Both {
  readonly zone: DnsName;
  readonly record: ResourceRecord;
  readonly here: ResourceRecord | undefined;
  readonly there: ResourceRecord | undefined;
}

function checkRecord(
  world: Pair,
  traces: Traces,
  view: ZoneView,
  { zone, record, here, there }: Both,
  judgement: Judgement,
): void {
  const place = `${zone} ${record.name}`;
  const mayBe = mayDiffer(world, traces, view, place, judgement);
  if (!mayBe && !world.central.late.has(place)) checkTtl(here, there, judgement);
  if (isCentralsOwn(zone, record) || (here === undefined) === (there === undefined)) return;
  const side = here === undefined ? 'at the central only' : 'in the panel only';
  if (!mayBe) judgement.violate('agreement.record', `${side}: ${formatRecord(record)}`);
  else if (!listed(view, record) && !unseen(world, view, record))
    judgement.violate('agreement.unlisted', `not listed, ${side}: ${formatRecord(record)}`);
}

function checkTtl(
  here: ResourceRecord | undefined,
  there: ResourceRecord | undefined,
  judgement: Judgement,
): void {
  if (here === undefined || there === undefined || !otherTtl(here, there)) return;
  judgement.violate('agreement.ttl', `TTL ${here.ttl} here, ${there.ttl} there: ${formatRecord(here)}`);
}

/** A central that cannot read whole zones shows nothing of RRsets that neither panel nor ledger know. */
function unseen({ byName, panel }: Pair, { entry, rows }: ZoneView, { name, type }: ResourceRecord): boolean {
  const held =
    (entry === null ? undefined : panel.zones.get(entry.zone)) ?? new Map<string, ResourceRecord>();
  const known = [...held.values(), ...rows.map(({ record }) => record)];
  return byName && !known.some((record) => record.name === name && record.type === type);
}

function mayDiffer(
  world: Pair,
  traces: Traces,
  view: ZoneView,
  place: string,
  judgement: Judgement,
): boolean {
  if (traces.old.has(place)) return judgement.excuse('old');
  if (traces.meddled.has(place)) return judgement.excuse('meddled');
  if (refusedAddition(world, view, place)) return judgement.excuse('refused-addition');
  return lateCreate(world, view) && judgement.excuse('late-create');
}

/**
 * A create that landed after it was given up, just before the user tried again: nothing tells whether we or a person made what
 * the zone then holds, so it is joined like any other (docs/adoption.md).
 */
function lateCreate(world: Pair, { entry }: ZoneView): boolean {
  return entry !== null && world.central.late.has(entry.zone);
}

/** A zone on one side only: left alone from the start, or meddled with and listed. */
function mayStandAlone(traces: Traces, zone: DnsName, view: ZoneView, panelOnly: boolean): boolean {
  if (view.entry?.standing === 'panel-only' && panelOnly) return true;
  if (view.open.some(({ state }) => state === 'stuck')) return true;
  const meddled = [...traces.meddled].some((place) => place.startsWith(`${zone} `));
  return meddled && view.entry !== null && view.entry.note !== null;
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
