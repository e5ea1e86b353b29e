/** The provider's side of a stage. Tests read, write, stop and start it directly, without the product. */
import { isDeepStrictEqual } from 'node:util';
import type { Sandbox } from '../../../sandbox/index.ts';
import { addRecord, makeDomain, type StageDomain } from './make-domain.ts';
import type { PanelUser } from './panel-user.ts';
import { address, contents, meaning, absolute, meaningOf, type Wanted } from './panel-words.ts';

/** A record at the central. */
export interface Held {
  /** The record as text, in the form that `meaning` makes. */
  readonly meaning: string;
  /** Absolute owner name with its final dot. */
  readonly name: string;
  /** TTL in seconds; null: records of this central have no TTL of their own. */
  readonly ttl: number | null;
}

/** A panel or a name server as central. Names of zones are given without the final dot, as in panels. */
export interface CentralSide {
  readonly title: string;
  readonly types: ReadonlySet<string>;
  readonly hasTtl: boolean;
  /** Whether the customer's account may create and delete zones. */
  readonly makesZones: boolean;
  /** Whether the central has the zone, in any account. */
  hasZone(zone: string): Promise<boolean>;
  /**
   * The zone's records. SOA and apex NS records are left out, because each side has its own. Null: the
   * central does not have the zone.
   */
  held(zone: string): Promise<readonly Held[] | null>;
  /** A number that grows with each write at the central, and only then. */
  writes(): Promise<number>;
  /** Creates zones as the provider's staff would: for the customer, or one for somebody else. */
  makeZones(zones: readonly StageDomain[]): Promise<void>;
  makeForeignZone(zone: string): Promise<void>;
  /** Adds or removes a record in a zone of the customer, as the provider's staff would. */
  add(zone: string, record: Wanted): Promise<void>;
  remove(zone: string, record: Wanted): Promise<void>;
  /**
   * A record that the central will refuse, with a part of its error text; null: it accepts every correct
   * record. A panel cannot choose: it refuses the next record that is saved.
   */
  objects(zone: string): { readonly record: Wanted; readonly says: string } | null;
  /** `down` stops the central's process. `up` starts it again at the same address with the same data. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** From now on, the central carries out writes but their answers are held back. */
  withhold(): void;
  /** Ends `withhold`. Answers that were held back may be lost. */
  answerAgain(): void;
  /** The central as the public queries it; null: the public queries other servers. */
  readonly public: PublicView | null;
}

/** A name server as everybody can query it. */
export interface PublicView {
  /** The `dig` command line that a user would type for this query. */
  command(name: string, type: string): string;
  /**
   * Lines of the answer, each `name TTL type data`. If the answer has no records, one line describes the
   * answer.
   */
  lines(name: string, type: string): Promise<readonly string[]>;
  /** Sends one query from this process. @returns the milliseconds until it was answered */
  time(name: string, type: string): Promise<number>;
}

/** Whether the central has a record. Also compares the TTL, if `record` has one. */
export async function stands(side: CentralSide, zone: string, record: Wanted): Promise<boolean> {
  const wanted = meaning(record, zone);
  const held = (await side.held(zone)) ?? [];
  return held.some((one) => one.meaning === wanted && (record.ttl === undefined || record.ttl === one.ttl));
}

/** Whether the central has any record at a name. */
export async function standsName(side: CentralSide, zone: string, name: string): Promise<boolean> {
  return ((await side.held(zone)) ?? []).some((one) => one.name === absolute(name, zone));
}

/** Whether the panel and the central have the same records in a zone. */
export async function agreed(
  { panel, there }: { readonly panel: Sandbox; readonly there: CentralSide },
  zone: string,
): Promise<boolean> {
  const held = (await there.held(zone))?.map((one) => one.meaning).toSorted() ?? null;
  return isDeepStrictEqual(contents(panel, zone), held);
}

/** The parts of a panel that a stage needs to use it as the central. */
export interface PanelAsCentral {
  /** The panel as it runs now; `up` starts a new one. */
  readonly panel: () => Sandbox;
  /** The provider's staff, who act in the customer's account. */
  readonly person: PanelUser;
  /** A user with another account at the central. */
  readonly somebody: PanelUser;
  readonly down: () => Promise<void>;
  readonly up: () => Promise<void>;
}

export function panelSide({ panel, person, somebody, down, up }: PanelAsCentral): CentralSide {
  const { words } = person;
  return {
    title: words.title,
    types: words.types,
    hasTtl: words.hasTtl,
    makesZones: true,
    public: null,
    hasZone: (zone) => Promise.resolve(panel().zones().includes(zone)),
    held: (zone) => Promise.resolve(heldBy(panel(), zone)),
    writes: () => Promise.resolve(panel().requests.filter(isWrite).length),
    makeZones: async (zones) => {
      for (const zone of zones) await makeDomain(panel(), person, zone);
    },
    makeForeignZone: async (zone) => {
      await somebody.makeZone(zone);
    },
    add: async (zone, record) => {
      await addRecord(person, zone, record);
    },
    remove: async (zone, record) => {
      await person.remove(zone, record);
    },
    objects: () => {
      const [code, text] = [9, 'this address is blocked by your provider'];
      panel().faults.add({ func: words.save, effect: 'refuse', code, text });
      return { record: address('bad', '198.51.100.13'), says: 'blocked by your provider' };
    },
    down,
    up,
    withhold: () => panel().faults.add({ func: words.save, effect: 'delay-after', ms: 8_000 }),
    answerAgain: () => panel().faults.clear(),
  };
}

function heldBy(panel: Sandbox, zone: string): Held[] | null {
  const rows = panel.records(zone)?.filter(({ name, type }) => type !== 'NS' || name !== `${zone}.`);
  const ttlOf = (ttl = ''): number | null => (ttl === '' ? null : Number(ttl));
  return rows?.map((row) => ({ meaning: meaningOf(row, zone), name: row.name, ttl: ttlOf(row.ttl) })) ?? null;
}

function isWrite({ func, params }: Sandbox['requests'][number]): boolean {
  return func.includes('delete') || (func.includes('edit') && 'sok' in params);
}
