import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Actor } from '../../core/panel.ts';
import type { CentralStore } from './sim-central.ts';
import type { PanelStore } from './sim-panel.ts';
import { defaultRecords } from './new-zones.ts';
import type { World } from './world.ts';

export interface HistoryOptions {
  /** Whether both sides store a TTL with each record, and some edits change only a TTL. */
  readonly ttls: boolean;
  /** Whether the central can neither list zones nor read whole ones. */
  readonly byName: boolean;
  /** Whether the central signs every zone. */
  readonly signed: boolean;
  /** Whether the panel has a second central. */
  readonly two: boolean;
  /**
   * Whether the zone that the history creates and deletes lies below another zone that answers for its names.
   */
  readonly above: boolean;
  /** Whether several users edit, one of them without a right, and the panel's list sometimes lacks owners. */
  readonly users: boolean;
  /** Whether journal calls fail, and the power fails during a commit. */
  readonly journal: boolean;
  /** Whether reads of panel and central are cut off, and filters hide zones from the zone lists. */
  readonly reads: boolean;
  /**
   * Whether centrals answer OK without doing anything, stop in the middle of a change, or do not serve their
   * records.
   */
  readonly writes: boolean;
  /**
   * Whether the panel is slower than the engine waits for: in its own part, and in `after`, which may also
   * come twice.
   */
  readonly slow: boolean;
  /**
   * Whether reads of the panel may show a change late: after the time for which the engine trusts an `after`
   * call.
   */
  readonly lags: boolean;
  /** Whether users edit several zones with one click, or the same name at the same time. */
  readonly clicks: boolean;
  /** Whether another panel with the same account keeps its own values at the central. */
  readonly others: boolean;
  /** Whether the settings change to another central and back. */
  readonly moves: boolean;
  /** Whether the settings change to the mode `observe` and back. */
  readonly observe: boolean;
  /** Whether the journal is replaced by older copies of itself. */
  readonly backups: boolean;
  /** Whether a copy of the host is started beside it, and a host is off for more than a month. */
  readonly hosts: boolean;
  /** Whether several users edit one name at the same time, again and again. */
  readonly crowd: boolean;
  /**
   * Whether the agent's first start is an event of the history, so that faults also occur during the first
   * comparison.
   */
  readonly arrival: boolean;
  /**
   * Whether records and zones disappear without a DNS event, and the provider creates and deletes zones by
   * hand. The zone that both sides have is then a large one.
   */
  readonly unheard: boolean;
  /** Whether operators plan zones and apply the plans, exclude and include. */
  readonly plans: boolean;
  /** Whether administrators pause the synchronisation, and request comparisons during a pause. */
  readonly pauses: boolean;
  /**
   * Whether engines read the serials of both sides, and compare all zones every two minutes. No record is in
   * conflict at the start, because a zone with a conflict is always compared.
   */
  readonly serials: boolean;
  /**
   * Whether the central takes expectations, and others write there what users are about to edit, or have just
   * edited.
   */
  readonly onetrip: boolean;
}

/** The zone that both sides have from the start. */
export const main = parseName('joined.example.');
/** The zone that only the panel has from the start. */
export const alone = parseName('alone.example.');
/** The owner of all zones. */
export const owner: Actor = { name: 'alice', rank: 'user' };

/** The zone that the history creates and deletes. @param above whether it lies below `main` */
export function freshZone(above: boolean): DnsName {
  return above ? parseName('fresh', main) : parseName('fresh.example.');
}

/** Hosts that make `main` so large that the limits for large zones apply (docs/adoption.md, row 24). */
const many = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7', 'h8'];

/**
 * Gives both sides the zones that the plugin finds when it is installed. Call this after all centrals were
 * added.
 */
export function setUpZones(
  world: World,
  { above, unheard, serials }: Pick<Partial<HistoryOptions>, 'above' | 'unheard' | 'serials'>,
): void {
  const both = [...defaultRecords(main, 'panel'), address(main, 'www', 7), address(main, 'ftp', 7)];
  if (unheard === true) for (const host of many) both.push(address(main, host, 7));
  if (above === true) both.push(address(main, '*', 7), address(main, 'www.fresh', 7));
  const odd = (last: number): ResourceRecord[] => (serials === true ? [] : [address(main, 'odd', last)]);
  const [first, ...further] = world.sides;
  fill(world, world.panel, main, [...both, address(main, 'old', 1), ...odd(1)]);
  if (first !== undefined) fill(world, first.store, main, [...both, address(main, 'hand', 1), ...odd(2)]);
  fill(world, world.panel, alone, defaultRecords(alone, 'panel'));
  // With several centrals, these records and zones are missing only at the first central.
  for (const { store } of further) {
    fill(world, store, main, [...both, address(main, 'old', 1), ...odd(3)]);
    fill(world, store, alone, defaultRecords(alone, 'panel'));
  }
}

/** Gives a side a zone with exactly these records. */
export function fill(
  world: World,
  store: PanelStore | CentralStore,
  zone: DnsName,
  records: readonly ResourceRecord[],
): void {
  store.zones.set(zone, new Map(records.map((one) => [recordId(one), world.timed(one)])));
}

/** Makes an A record. @param last the last part of the address, which begins with `192.0.2.` */
export function address(zone: DnsName, host: string, last: number): ResourceRecord {
  return makeRecord({ name: host, type: 'A', rdata: `192.0.2.${last}` }, zone);
}
