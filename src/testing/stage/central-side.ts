/**
 * The provider's side of a stage: what stands there, read past the product, what his own people do, and
 * whether it runs.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Sandbox } from '../../../sandbox/index.ts';
import { addRecord, makeDomain, type StageDomain } from './make-domain.ts';
import type { PanelUser } from './panel-user.ts';
import { address, contents, meaning, absolute, meaningOf, type Wanted } from './panel-words.ts';

/** A record at the central. */
export interface Held {
  /** See `meaning`. */
  readonly meaning: string;
  /** Absolute, with its final dot. */
  readonly name: string;
  /** Seconds; null where records have none of their own. */
  readonly ttl: number | null;
}

/** A panel or a name server as central. Zones are called as the panels call them, without the final dot. */
export interface CentralSide {
  readonly title: string;
  readonly types: ReadonlySet<string>;
  readonly hasTtl: boolean;
  /** Whether the customer's account may make zones and delete them. */
  readonly makesZones: boolean;
  /** Whether it has the zone, whoever's it is. */
  hasZone(zone: string): Promise<boolean>;
  /**
   * Everything in a zone but its SOA and the NS records of its apex, which are each side's own; null: no such
   * zone.
   */
  held(zone: string): Promise<readonly Held[] | null>;
  /** Grows with each write; stays where nothing is written. */
  writes(): Promise<number>;
  /** The provider's people make zones for the customer, or one for somebody else. */
  makeZones(zones: readonly StageDomain[]): Promise<void>;
  makeForeignZone(zone: string): Promise<void>;
  /** The provider's people add a record to a zone of the customer, or remove one. */
  add(zone: string, record: Wanted): Promise<void>;
  remove(zone: string, record: Wanted): Promise<void>;
  /**
   * A record of a zone that it will not take, and what it then says; null: it takes whatever is correct.
   * Panels: the next one.
   */
  objects(zone: string): { readonly record: Wanted; readonly says: string } | null;
  /** Really stops it, and starts it again where it was. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** From the next write on it does what it is told and its answer stays away. */
  withhold(): void;
  /** Ends that; answers held back may be lost. */
  answerAgain(): void;
  /** How the public asks it; null: the public asks other servers. */
  readonly public: PublicView | null;
}

/** A name server as everybody sees it. */
export interface PublicView {
  /** The command a user would type. */
  command(name: string, type: string): string;
  /**
   * The lines of the answer, each `name TTL type data`; without records one line that says what there is
   * instead.
   */
  lines(name: string, type: string): Promise<readonly string[]>;
  /** Asks once from within this process, to see how fast it is; milliseconds. */
  time(name: string, type: string): Promise<number>;
}

/** Whether the central holds a record, and with this TTL if one is named. */
export async function stands(side: CentralSide, zone: string, record: Wanted): Promise<boolean> {
  const wanted = meaning(record, zone);
  const held = (await side.held(zone)) ?? [];
  return held.some((one) => one.meaning === wanted && (record.ttl === undefined || record.ttl === one.ttl));
}

/** Whether the central holds anything at a name. */
export async function standsName(side: CentralSide, zone: string, name: string): Promise<boolean> {
  return ((await side.held(zone)) ?? []).some((one) => one.name === absolute(name, zone));
}

/** Whether the panel and the central say the same of a zone. */
export async function agreed(
  { panel, there }: { readonly panel: Sandbox; readonly there: CentralSide },
  zone: string,
): Promise<boolean> {
  const held = (await there.held(zone))?.map((one) => one.meaning).toSorted() ?? null;
  return isDeepStrictEqual(contents(panel, zone), held);
}

/** What a panel as central needs beside itself. */
export interface PanelAsCentral {
  /** As it is at that moment; it may have been started anew. */
  readonly panel: () => Sandbox;
  /** The provider's people, in the customer's account. */
  readonly person: PanelUser;
  /** Somebody else with an account there. */
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
