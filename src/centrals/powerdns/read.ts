import * as v from 'valibot';
import {
  CentralError,
  type CallContext,
  type CentralRecord,
  type ListedSerials,
} from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import { displayName, zoneName, type DnsName } from '../../dns/name.ts';
import { validOrElse } from '../../dns/problem.ts';
import { mapInBatches, mapInSlices } from '../../net/slices.ts';
import { hasCode, outage, centralRefusal } from '../errors.ts';
import { garbled, shaped } from '../http-answer.ts';
import { hasEnded } from './answer.ts';
import { mostListOctets, mostZoneOctets, zonePath, type ServerApi } from './api.ts';
import { queriedName, serverName } from './names.ts';
import { heldRecords, rrsetShape, type HeldRecords } from './records.ts';
import { zoneKinds, type PowerdnsSettings } from './settings.ts';
import { own } from '../../dns/own.ts';

/** Facts that the API reports about a zone, besides its records. */
export type ZoneFacts = Readonly<ReturnType<typeof factsOf>>;

export interface ZoneRead extends HeldRecords {
  /**
   * Facts that the API reports about the zone; `null`: another writer changed the zone while its names were
   * read, so the serial changed.
   */
  readonly facts: ZoneFacts | null;
}

/**
 * The owner of a zone. `ours`: our account, and its records can be edited. `copy`: our account, but the
 * records come by transfer. `foreign`: another account. `null`: the server has no such zone.
 */
export type Owner = 'ours' | 'copy' | 'foreign' | null;

const rowShape = v.object({ name: v.string(), account: v.string(), kind: v.string() });

type ZoneRow = v.InferOutput<typeof rowShape>;

const serialShape = v.object({ ...rowShape.entries, serial: v.number() });

const listShape = v.array(v.unknown());

const zoneShape = v.object({
  ...rowShape.entries,
  serial: v.number(),
  soa_edit_api: v.optional(v.string(), ''),
  dnssec: v.boolean(),
  api_rectify: v.optional(v.boolean(), false),
  rrsets: listShape,
});

const serverShape = v.object({ daemon_type: v.string(), version: v.string() });

/**
 * If more names than this are wanted, the whole zone is read. A read of one name takes 1 to 2 ms, a zone of
 * 1,000 records about 5 ms.
 */
const mostNames = 32;
/** Maximum number of simultaneous reads of single names. */
const mostReads = 4;

/** Values of SOA-EDIT-API that make each edit by the API raise the serial. */
const counting: ReadonlySet<string> = new Set(['DEFAULT', 'INCREASE']);

/**
 * Kinds of zones that other name servers copy. Everybody who changes such a zone must raise its serial, or it
 * is not copied. A native zone may be changed in the database without a new serial.
 */
const copied: ReadonlySet<string> = new Set(['Master', 'Primary']);

/** Maximum number of zones that are remembered as missing at the server. */
const mostMissing = 10_000;
/**
 * If the server lacked a zone less than this long (ms) ago, {@link ZoneReader.recentOwner} does not ask
 * again.
 */
const moment = 250;

/** Reads the zones of one account. Zones of other accounts count as missing. */
export class ZoneReader {
  readonly api: ServerApi;
  readonly #account: string;
  readonly #clock: Pick<Clock, 'now'>;
  /**
   * Zones that the server lacked at their last request, each with the time of that request (monotonic
   * milliseconds). Before such a zone is read again, the server is asked whether its list has the zone.
   */
  readonly #missing = new Map<DnsName, number>();
  /** Zones of which the last full read showed that each edit by the API raises the serial. */
  readonly #counting = new Set<DnsName>();
  /** Whether the server lacked the zone that was last read as a whole. */
  #lastWasMissing = false;

  /** Kinds of zones whose serial shows every change of the zone. */
  readonly #counted: ReadonlySet<string>;

  constructor(
    api: ServerApi,
    { username, nativeSerials }: Pick<PowerdnsSettings, 'username' | 'nativeSerials'>,
    clock: Pick<Clock, 'now'>,
  ) {
    this.api = api;
    this.#account = username;
    this.#counted = nativeSerials ? copied.union(new Set(['Native'])) : copied;
    this.#clock = clock;
  }

  /**
   * Reads the version of the server.
   * @throws {CentralError} `central.wrong-kind` if it is no PowerDNS Authoritative Server
   */
  async version(ctx: CallContext): Promise<string> {
    try {
      const { daemon_type: daemon, version } = shaped(serverShape, await this.api.read('', {}, ctx));
      if (daemon === 'authoritative') return version;
    } catch (error) {
      if (!hasCode(error, 'central.missing')) throw error;
    }
    throw centralRefusal('central.wrong-kind', { kind: 'powerdns' });
  }

  /**
   * Lists all zones of the account. The request leaves out `dnssec` and `edited_serial`, which would cost the
   * server one database query for each zone.
   */
  async zones(ctx: CallContext): Promise<readonly DnsName[]> {
    const rows = await this.#list({ dnssec: 'false' }, ctx);
    const ours = rows.filter((row) => this.#ownerOf(row) === 'ours');
    return await mapInSlices(ours, ({ name }) => nameOf(name));
  }

  /**
   * Lists all zones of the account with their serials. The serial is null if other writers may change the
   * zone without raising it.
   */
  async serials(ctx: CallContext): Promise<ListedSerials> {
    const listed = await mapInSlices(await this.#rows({ dnssec: 'false' }, ctx), (one) => {
      const row = shaped(serialShape, one);
      if (this.#ownerOf(row) !== 'ours') return null;
      const zone = nameOf(row.name);
      const counts = this.#counted.has(row.kind) && this.#counting.has(zone);
      return [zone, counts ? row.serial : null] as const;
    });
    return new Map(listed.filter((one) => one !== null));
  }

  async owner(zone: DnsName, ctx: CallContext): Promise<Owner> {
    const [row] = await this.#rowsOf(zone, ctx);
    return row === undefined ? null : this.#ownerOf(row);
  }

  /**
   * Like {@link owner}, but does not ask again for a zone that the server lacked in the last 250 ms. If
   * several zones are created together, their common parent zones are asked for only once.
   */
  async recentOwner(zone: DnsName, ctx: CallContext): Promise<Owner> {
    const missingAt = this.#missing.get(zone);
    if (missingAt !== undefined && this.#clock.now() - missingAt < moment) return null;
    return await this.owner(zone, ctx);
  }

  /** Forgets that the server lacks the zone, because a write may have created it. */
  made(zone: DnsName): void {
    this.#missing.delete(zone);
  }

  /** Whether the answer to a create shows that our account has the zone. */
  showsOurs(answer: unknown, zone: DnsName): boolean {
    const row = v.safeParse(rowShape, answer);
    return row.success && nameOf(row.output.name) === zone && this.#ownerOf(row.output) === 'ours';
  }

  /**
   * The zone with its records, as the answer to a create shows it.
   * @returns `null` if the answer does not show the whole zone, or does not show that our account has it
   */
  async shown(answer: unknown, zone: DnsName): Promise<ZoneRead | null> {
    const found = v.safeParse(zoneShape, answer);
    if (!found.success || !this.showsOurs(answer, zone)) return null;
    try {
      const read = await this.#zoneRead(zone, found.output);
      return read.records.some(({ name, type }) => name === zone && type === 'SOA') ? read : null;
    } catch (error) {
      // The zone was created all the same. The caller reads it, and gets the error of that read.
      if (error instanceof CentralError) return null;
      throw error;
    }
  }

  /**
   * Reads all records of a zone; `null`: the account has no such zone. If the last zone that was read was
   * missing, this one probably is too. Then the server is first asked whether it lists the zone: one request
   * instead of two.
   */
  async whole(zone: DnsName, ctx: CallContext): Promise<ZoneRead | null> {
    if (this.#lastWasMissing && (await this.#rowsOf(zone, ctx)).length === 0) return null;
    const read = await this.#read(zone, {}, ctx);
    this.#lastWasMissing = read === null && this.#missing.has(zone);
    return read;
  }

  /**
   * Reads the records at some names of a zone; `null`: the account has no such zone. The result may contain
   * other names too, and may lack disabled records.
   */
  async names(zone: DnsName, names: readonly DnsName[], ctx: CallContext): Promise<ZoneRead | null> {
    if (names.length > mostNames) {
      try {
        return await this.whole(zone, ctx);
      } catch (error) {
        // The server may still be able to read single names of a zone that it cannot read as a whole.
        if (!isZoneFailing(error)) throw error;
      }
    }
    const reads = await mapInBatches(names.length === 0 ? [zone] : names, mostReads, async (name) =>
      onlyAt(name, await this.#read(zone, { rrset_name: queriedName(name) }, ctx)),
    );
    const held = reads.filter((read) => read !== null);
    return held.length < reads.length ? null : together(held);
  }

  async #read(
    zone: DnsName,
    query: Readonly<Record<string, string>>,
    ctx: CallContext,
  ): Promise<ZoneRead | null> {
    if (this.#missing.has(zone) && (await this.#rowsOf(zone, ctx)).length === 0) return null;
    let json: unknown;
    try {
      json = await this.api.read(zonePath(zone), query, ctx, mostZoneOctets);
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
      if (hasEnded(error)) return await this.#failing(zone, error, ctx);
      if (error.code !== 'central.missing') throw error;
      // A wrong path or a misconfigured proxy also gives a 404. Only an empty list proves that the zone does
      // not exist.
      if ((await this.#rowsOf(zone, ctx)).length === 0) return null;
      throw garbled(`the zone is listed but not found: ${serverName(zone)}`, 'read');
    }
    const answer = shaped(zoneShape, json);
    if (nameOf(answer.name) !== zone) throw garbled('an answer about another zone', 'read');
    return this.#isEditable(answer) ? await this.#zoneRead(zone, answer) : null;
  }

  async #zoneRead(zone: DnsName, answer: v.InferOutput<typeof zoneShape>): Promise<ZoneRead> {
    const rrsets = await mapInSlices(answer.rrsets, (one) => shaped(rrsetShape, one));
    const facts = factsOf(answer);
    if (facts.countsEdits) this.#counting.add(zone);
    else this.#counting.delete(zone);
    return { facts, ...(await heldRecords(rrsets)) };
  }

  /**
   * Finds out why a read of a zone failed. Either the whole server fails, or only this zone cannot be read,
   * because its database has a record that PowerDNS cannot parse.
   * @returns `null` for a zone of another account
   * @throws {CentralError} `central.zone-failing` if the server lists the zone; the error of the list, if
   * that fails too; else `cause`
   */
  async #failing(zone: DnsName, cause: CentralError, ctx: CallContext): Promise<null> {
    const [row] = await this.#rowsOf(zone, ctx);
    if (row === undefined) throw cause;
    if (!this.#isEditable(row)) return null;
    const params = { name: displayName(zone), text: cause.params['text'] ?? '' };
    throw outage('central.zone-failing', params, cause);
  }

  async #rowsOf(zone: DnsName, ctx: CallContext): Promise<readonly ZoneRow[]> {
    const rows = await this.#list({ zone: queriedName(zone), dnssec: 'false' }, ctx);
    if (rows.some(({ name }) => nameOf(name) !== zone)) throw garbled('a list of other zones', 'read');
    this.#noteListed(zone, rows.length > 0);
    return rows;
  }

  #noteListed(zone: DnsName, isThere: boolean): void {
    this.#missing.delete(zone);
    if (isThere) return;
    if (this.#missing.size >= mostMissing) this.#missing.clear();
    this.#missing.set(zone, this.#clock.now());
  }

  /** Lists zones. The API always has this list, so a 404 means that the address is not that of the API. */
  async #list(query: Readonly<Record<string, string>>, ctx: CallContext): Promise<readonly ZoneRow[]> {
    return await mapInSlices(await this.#rows(query, ctx), (row) => shaped(rowShape, row));
  }

  async #rows(query: Readonly<Record<string, string>>, ctx: CallContext): Promise<readonly unknown[]> {
    try {
      return shaped(listShape, await this.api.read('/zones', query, ctx, mostListOctets));
    } catch (error) {
      if (!hasCode(error, 'central.missing')) throw error;
      throw garbled('no list of zones at this address (HTTP 404)', 'read');
    }
  }

  /** Whether the zone is ours. @throws {CentralError} `zone.copy` if its records come by transfer */
  #isEditable(row: ZoneRow): boolean {
    const owner = this.#ownerOf(row);
    if (owner === 'copy') throw copyOf(nameOf(row.name));
    return owner === 'ours';
  }

  #ownerOf({ account, kind }: ZoneRow): Exclude<Owner, null> {
    if (account !== this.#account) return 'foreign';
    return zoneKinds.some((one) => one === kind || own(other, kind) === one) ? 'ours' : 'copy';
  }
}

/** Whether the error means that the server works, but cannot read this one zone. */
export function isZoneFailing(error: unknown): error is CentralError {
  return hasCode(error, 'central.zone-failing');
}

/** Makes the error for a zone whose records come by transfer, so that nobody can edit them. */
export function copyOf(zone: DnsName): CentralError {
  return centralRefusal('zone.copy', { zone: displayName(zone) });
}

/** New names of zone kinds, each with the old name of the same kind (PowerDNS 4.5 and later accept both). */
const other: Readonly<Record<string, string>> = { Primary: 'Master' };

function factsOf(zone: v.InferOutput<typeof zoneShape>) {
  return {
    serial: zone.serial,
    /** Whether each edit by the API increases the serial of the zone, because of its SOA-EDIT-API. */
    countsEdits: counting.has(zone.soa_edit_api.toUpperCase()),
    signed: zone.dnssec,
    /** Whether the server rectifies the zone at each write by the API. */
    rectifiesItself: zone.api_rectify,
  };
}

/** Keeps only the records at one name. A server that cannot read single names returns the whole zone. */
function onlyAt(name: DnsName, read: ZoneRead | null): ZoneRead | null {
  if (read === null) return null;
  const isThere = (record: CentralRecord): boolean => record.name === name;
  return {
    facts: read.facts,
    records: read.records.filter(isThere),
    disabled: new Map([...read.disabled].filter(([, records]) => records.some(isThere))),
  };
}

/** Combines the reads of several names into one. */
function together(reads: readonly ZoneRead[]): ZoneRead {
  const [first] = reads;
  const still = reads.every(({ facts }) => facts?.serial === first?.facts?.serial);
  return {
    facts: still ? (first?.facts ?? null) : null,
    records: reads.flatMap(({ records }) => records),
    disabled: new Map(reads.flatMap(({ disabled }) => [...disabled])),
  };
}

function nameOf(text: string): DnsName {
  return validOrElse(
    () => zoneName(text),
    () => {
      throw garbled(`a zone without a name: ${text.slice(0, 100)}`, 'read');
    },
  );
}
