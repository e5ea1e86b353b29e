import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Actor } from '../../core/panel.ts';
import type { CentralStore } from './sim-central.ts';
import type { PanelStore } from './sim-panel.ts';
import { defaultRecords } from './new-zones.ts';
import type { World } from './world.ts';

export interface HistoryOptions {
  /** Whether both sides keep a TTL for each record, and some edits change only a TTL. */
  readonly ttls: boolean;
  /** Whether the central can neither list zones nor read whole ones. */
  readonly byName: boolean;
  /** Whether the central has every zone signed. */
  readonly signed: boolean;
  /** Whether the panel has a second central. */
  readonly two: boolean;
  /** Whether the zone that the history creates and deletes lies below another one that answers its names. */
  readonly above: boolean;
  /** Whether several users edit, one of them without a right, and the panel's list lacks owners at times. */
  readonly users: boolean;
  /** Whether calls of the journal fail, and the power fails in the middle of a commit. */
  readonly journal: boolean;
  /** Whether reads of panel and central break off, and filters hide zones from the zone lists. */
  readonly reads: boolean;
  /**
   * Whether centrals answer OK without effect, stop half-way through a change, or do not serve their records.
   */
  readonly writes: boolean;
  /**
   * Whether the panel is slower than the engine waits: in its own part and in `after`, which may also come
   * twice.
   */
  readonly slow: boolean;
  /** Whether reads of the panel lag behind it for longer than the engine trusts `after`. */
  readonly lags: boolean;
  /** Whether users edit several zones with one click, or the same name at the same time. */
  readonly clicks: boolean;
  /** Whether another panel with the same account keeps values of its own at the central. */
  readonly others: boolean;
  /** Whether the settings change to another central and back. */
  readonly moves: boolean;
  /** Whether older copies of the journal replace it. */
  readonly backups: boolean;
  /** Whether several users edit one name at the same time, again and again. */
  readonly crowd: boolean;
  /**
   * Whether the agent's first start is an event of the history, so that faults occur in the first comparison.
   */
  readonly arrival: boolean;
  /**
   * Whether records and zones vanish without a DNS event, and the provider creates and deletes zones by hand.
   * The zone on both sides is a large one then.
   */
  readonly unheard: boolean;
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

/** Hosts that make `main` a large zone for comparisons (docs/adoption.md, row 24). */
const many = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7', 'h8'];

/** Fills both sides as the plugin finds them when it is installed. Call it after all centrals were added. */
export function setUpZones(
  world: World,
  { above, unheard }: Pick<Partial<HistoryOptions>, 'above' | 'unheard'>,
): void {
  const both = [...defaultRecords(main, 'panel'), address(main, 'www', 7), address(main, 'ftp', 7)];
  if (unheard === true) for (const host of many) both.push(address(main, host, 7));
  if (above === true) both.push(address(main, '*', 7), address(main, 'www.fresh', 7));
  const [first, ...further] = world.sides;
  fill(world, world.panel, main, [...both, address(main, 'old', 1), address(main, 'odd', 1)]);
  if (first !== undefined)
    fill(world, first.store, main, [...both, address(main, 'hand', 1), address(main, 'odd', 2)]);
  fill(world, world.panel, alone, defaultRecords(alone, 'panel'));
  // Further centrals also have the records and zones that only the panel has beside the first central.
  for (const { store } of further) {
    fill(world, store, main, [...both, address(main, 'old', 1), address(main, 'odd', 3)]);
    fill(world, store, alone, defaultRecords(alone, 'panel'));
  }
}

/** Makes a side hold a zone with exactly these records. */
export function fill(
  world: World,
  store: PanelStore | CentralStore,
  zone: DnsName,
  records: readonly ResourceRecord[],
): void {
  store.zones.set(zone, new Map(records.map((one) => [recordId(one), world.timed(one)])));
}

/** An A record. @param last last part of the address, which begins with `192.0.2.` */
export function address(zone: DnsName, host: string, last: number): ResourceRecord {
  return makeRecord({ name: host, type: 'A', rdata: `192.0.2.${last}` }, zone);
}
