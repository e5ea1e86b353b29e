import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Actor } from '../../core/panel.ts';
import type { CentralStore } from './sim-central.ts';
import type { PanelStore } from './sim-panel.ts';
import { defaultRecords } from './new-zones.ts';
import type { World } from './world.ts';

export interface HistoryOptions {
  /** Both sides keep a TTL for each record, and some edits change nothing else. */
  readonly ttls: boolean;
  /** Whether the central can neither list zones nor read whole ones. */
  readonly byName: boolean;
  /** Whether the central signs every zone. */
  readonly signed: boolean;
  /** Whether the panel has a second central. */
  readonly two: boolean;
  /** Whether the zone that comes and goes lies below one that both sides have and that answers its names. */
  readonly above: boolean;
  /** Whether several users edit, one of whom may not, and the panel's list does not always report owners. */
  readonly users: boolean;
  /** Whether calls of the journal fail, and the power in the middle of a commit. */
  readonly journal: boolean;
  /** Whether reads of panel and central break off, and filters hide zones from their lists. */
  readonly reads: boolean;
  /** Whether centrals answer OK to what has no effect, stop half-way, or do not serve what they have. */
  readonly writes: boolean;
  /**
   * Whether the panel is slower than our patience: in its own part and with `after`, which may also come
   * twice.
   */
  readonly slow: boolean;
  /** Whether reads of the panel lag longer behind it than an engine believes `after`. */
  readonly lags: boolean;
  /** Whether users edit several zones with one click, or the same name at the same time. */
  readonly clicks: boolean;
  /** Whether another panel with the same account keeps values of its own at the central. */
  readonly others: boolean;
  /** Whether the settings name another central for a while. */
  readonly moves: boolean;
  /** Whether older copies of the journal are put back. */
  readonly backups: boolean;
  /** Whether several users edit one name at the same time, again and again. */
  readonly crowd: boolean;
  /** Whether things go wrong from the first start on, which is an event then: so in the first comparison. */
  readonly arrival: boolean;
  /**
   * Whether records and zones go without an event of the panel, and zones at the central come and go by hand.
   * The zone that both sides have is large.
   */
  readonly unheard: boolean;
}

/** The zone that both sides have from the start. */
export const main = parseName('joined.example.');
/** A zone that only the panel has. */
export const alone = parseName('alone.example.');
/** Whose the zones are. */
export const owner: Actor = { name: 'alice', rank: 'user' };

/** The zone that comes and goes. */
export function freshZone(above: boolean): DnsName {
  return above ? parseName('fresh', main) : parseName('fresh.example.');
}

/** With these a comparison finds the zone large (docs/adoption.md, row 24). */
const many = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7', 'h8'];

/** Both sides as they are when the plugin arrives. Call it when all centrals of the world are there. */
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
  // Further centrals stand to the panel in ways of their own: what only the panel has at the first, they have
  // too.
  for (const { store } of further) {
    fill(world, store, main, [...both, address(main, 'old', 1), address(main, 'odd', 3)]);
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

/** An address record of which only the last part of the address is told. */
export function address(zone: DnsName, host: string, last: number): ResourceRecord {
  return makeRecord({ name: host, type: 'A', rdata: `192.0.2.${last}` }, zone);
}
