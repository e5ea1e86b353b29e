import {
  CentralError,
  type CallContext,
  type Central,
  type CentralId,
  type CentralTraits,
  type ListedSerials,
} from '../../core/central.ts';
import { cdsType, dnskeyType, dsOfCds, dsOfKeys } from '../../dns/dnssec.ts';
import type { Clock } from '../../core/clock.ts';
import { displayName, parseName, type DnsName } from '../../dns/name.ts';
import type { RRsetKey } from '../../dns/zone.ts';
import { classes, rcodes } from '../../dns/wire/codes.ts';
import { deleteRecord } from '../../dns/wire/update.ts';
import { isData } from '../../dns/wire/zone-answer.ts';
import { mapInBatches } from '../../net/slices.ts';
import { hasCode, outage, centralRefusal } from '../errors.ts';
import type { CentralPorts } from '../module.ts';
import type { SecretChanged } from '../secrets.ts';
import { updateRefusal } from './answer.ts';
import { NameServer } from './api.ts';
import { auditChange } from './audit.ts';
import { centralRecord } from './records.ts';
import { NameReader, type Wanted, type NamesView } from './read.ts';
import type { Rfc2136Settings } from './settings.ts';
import { ZoneUpdater } from './write.ts';

export { readRfc2136Settings, type Rfc2136Settings } from './settings.ts';

/**
 * Makes the central for the provider's primary name server (BIND 9, Knot DNS). It uses queries and dynamic
 * updates, signed with a TSIG key.
 */
export function createRfc2136Central(
  settings: Rfc2136Settings,
  { clock, secretChanged }: Pick<CentralPorts, 'clock' | 'secretChanged'>,
): Central {
  return new Rfc2136Central(settings, clock, secretChanged);
}

class Rfc2136Central implements Central {
  readonly id: CentralId;
  readonly traits: CentralTraits;
  readonly #server: NameServer;
  readonly #reader: NameReader;
  readonly #updater: ZoneUpdater;
  /** Zones for which the server has accepted an update with this key. */
  readonly #allowed = new Set<DnsName>();

  constructor(settings: Rfc2136Settings, clock: Clock, secretChanged?: SecretChanged) {
    this.#server = new NameServer(settings, clock, secretChanged);
    this.#reader = new NameReader(this.#server);
    this.#updater = new ZoneUpdater(this.#server, this.#reader);
    this.id = { kind: 'rfc2136', address: settings.address, account: displayName(settings.key.name) };
    this.traits = {
      atomic: 'zone',
      guard: 'cas',
      managesZones: false,
      createsWithContent: false,
      listsZones: false,
      wholeZones: settings.axfr,
      carriesTtl: true,
      recordTypes: 'any',
    };
  }

  readonly audit: Central['audit'] = (change) => auditChange(change);

  readonly check: Central['check'] = async (ctx) => {
    await this.#server.greet(ctx);
  };

  readonly listZones: Central['listZones'] = async (asked, ctx) => [
    ...(await this.listSerials(asked, ctx)).keys(),
  ];

  /** BIND and Knot raise the serial with each update (RFC 2136 section 3.6). */
  readonly listSerials = async (asked: readonly DnsName[], ctx: CallContext): Promise<ListedSerials> => {
    if (asked.length === 0) await this.check(ctx);
    const listed = new Map<DnsName, number | null>();
    let doubt: CentralError | null = null;
    const ask = async (zone: DnsName) => ({ zone, ...(await this.#foundOrError(zone, ctx)) });
    for (const { zone, ownership, serial } of await mapInBatches(asked, mostAtOnce, ask)) {
      if (ownership === 'ours') listed.set(zone, serial);
      else if (ownership instanceof CentralError) doubt = ownership;
    }
    // If no zone is found, throws the first error: the key is probably misspelled, or the server has no zone
    // yet. Otherwise leaves out zones that fail; a later read of such a zone reports its failure.
    const isReady = doubt === null || !isUnserved(doubt);
    if (listed.size === 0 && doubt !== null && !(isReady && this.#allowed.size > 0)) throw doubt;
    return listed;
  };

  readonly readZone: Central['readZone'] = async (zone, known, ctx) => {
    if (!this.traits.wholeZones) return (await this.#read(zone, wantedIn(known), ctx))?.records ?? null;
    if ((await this.#ownership(zone, ctx)) !== 'ours') return null;
    const records = await this.#server.transfer(zone, ctx);
    return records
      .filter((record) => record.class === classes.IN)
      .filter(isData)
      .map(centralRecord);
  };

  readonly readNames: Central['readNames'] = async (zone, names, ctx, types, likely = []) => {
    const read = await this.#read(zone, new Map(names.map((name) => [name, types ?? 'all'])), ctx);
    // A zone transfer shows what queries hide.
    if (read !== null && read.hidden.size > 0 && this.traits.wholeZones)
      return (await this.readZone(zone, [], ctx))?.filter(({ name }) => names.includes(name)) ?? null;
    const view = read === null ? null : await this.#reader.withProven(zone, read, likely, ctx);
    if (view !== null && types !== undefined) await this.#reader.demandShown(zone, view, types, ctx);
    return view?.records ?? null;
  };

  async #read(zone: DnsName, wanted: Wanted, ctx: CallContext): Promise<NamesView | null> {
    if (!this.#allowed.has(zone) && (await this.#ownership(zone, ctx)) !== 'ours') return null;
    return await this.#reader.read(zone, wanted, ctx);
  }

  readonly apply: Central['apply'] = async (change, present, ctx) => {
    try {
      return await this.#updater.apply(change, present, ctx);
    } catch (error) {
      throw this.#allowed.has(change.zone) ? refusedByRule(error) : error;
    }
  };

  async mayCreateZone(zone: DnsName, seed: unknown, ctx: CallContext): Promise<'exists'> {
    return await this.createZone(zone, seed, ctx);
  }

  /**
   * Creates nothing, because dynamic updates cannot create zones (RFC 2136 section 1). The provider has to
   * create them.
   */
  async createZone(zone: DnsName, _seed: unknown, ctx: CallContext): Promise<'exists'> {
    const ownership = await this.#ownership(zone, ctx);
    if (ownership === 'ours') return 'exists';
    const code = ownership === 'missing' ? 'zone.create-there-first' : 'zone.foreign';
    throw centralRefusal(code, { zone: displayName(zone) });
  }

  async deleteZone(zone: DnsName, ctx: CallContext): Promise<'missing'> {
    if ((await this.#ownership(zone, ctx)) !== 'ours') return 'missing';
    throw centralRefusal('zone.delete-there', { zone: displayName(zone) });
  }

  /**
   * A signed zone without a DS at its parent is not reported: the provider may be about to publish the DS.
   */
  readonly concerns: Central['concerns'] = () => Promise.resolve([]);

  readonly signing: Central['signing'] = async (zone, ctx) => {
    if ((await this.#ownership(zone, ctx)) !== 'ours') return null;
    const [keys, cds] = await Promise.all([dnskeyType, cdsType].map((type) => this.#atApex(zone, type, ctx)));
    const ds = dsOfKeys(zone, keys ?? []);
    return { signed: ds.length > 0, ds, cds: dsOfCds(cds ?? []) };
  };

  readonly close: Central['close'] = async () => {
    this.#server.close();
    await Promise.resolve();
  };

  async #atApex(zone: DnsName, type: string, ctx: CallContext): Promise<readonly { rdata: string }[]> {
    const { answers } = await this.#server.query(zone, type, ctx);
    return answers.flatMap(({ name, type: of, rdata }) =>
      name === zone && of === type && rdata !== null ? [{ rdata }] : [],
    );
  }

  async #foundOrError(zone: DnsName, ctx: CallContext): Promise<FoundZone> {
    try {
      return await this.#find(zone, ctx);
    } catch (error) {
      if (error instanceof CentralError && isUnserved(error)) return { ownership: error, serial: null };
      throw error;
    }
  }

  async #ownership(zone: DnsName, ctx: CallContext): Promise<Ownership> {
    return (await this.#find(zone, ctx)).ownership;
  }

  /** Finds out whether the server has the zone and lets this key update it. */
  async #find(zone: DnsName, ctx: CallContext): Promise<FoundZone> {
    try {
      const serial = await this.#reader.serialOf(zone, ctx);
      return { serial, ownership: serial === null ? 'missing' : await this.#rightIn(zone, ctx) };
    } catch (error) {
      if (hasCode(error, 'central.access-denied')) return { ownership: error, serial: null };
      throw error;
    }
  }

  /**
   * Tests whether the key may update a zone of the server. To test it, deletes a record that no zone has.
   * Such an update changes nothing, not even the serial.
   */
  async #rightIn(zone: DnsName, ctx: CallContext): Promise<'ours' | 'foreign'> {
    if (this.#allowed.has(zone)) return 'ours';
    const { rcode } = await this.#server.update(zone, [], [deleteRecord(nothingAt(zone))], ctx);
    if (rcode === rcodes.REFUSED && (await this.#isFrozen(zone, ctx))) throw frozen(zone);
    if (rcode === rcodes.REFUSED || rcode === rcodes.NOTAUTH) return 'foreign';
    if (rcode !== rcodes.NOERROR) throw updateRefusal(rcode, zone);
    this.#allowed.add(zone);
    return 'ours';
  }

  /**
   * Whether the server also refuses an empty update. Then the zone is frozen (`rndc freeze`,
   * `knotc zone-freeze`), or the server allows updates by key alone (`allow-update`). The two cases look the
   * same.
   */
  async #isFrozen(zone: DnsName, ctx: CallContext): Promise<boolean> {
    return (await this.#server.update(zone, [], [], ctx)).rcode === rcodes.REFUSED;
  }
}

/**
 * Makes the error for a zone that nobody can update for a while. The refusal does not show whether the key
 * may update the zone otherwise.
 */
function frozen(zone: DnsName): CentralError {
  return outage('central.zone-failing', { text: 'REFUSED', name: displayName(zone) });
}

/** Whether the error concerns only one zone, which the server has but cannot or will not show now. */
function isUnserved({ code }: CentralError): boolean {
  return code === 'central.zone-failing' || code === 'central.query-refused';
}

/**
 * Whose a zone is. An error: the server does not accept the key for this zone. The zone is foreign, or the
 * key is misspelled.
 */
type Ownership = 'ours' | 'foreign' | 'missing' | CentralError;

interface FoundZone {
  readonly ownership: Ownership;
  /** Null: the server has no such zone, or did not show it. */
  readonly serial: number | null;
}

function wantedIn(known: readonly RRsetKey[]): Wanted {
  const sets = Map.groupBy(known, ({ name }) => name);
  return new Map([...sets].map(([name, keys]) => [name, new Set(keys.map(({ type }) => type))]));
}

/** Makes the error for a change that the server refused although this key may update the zone. */
function refusedByRule(error: unknown): unknown {
  if (!hasCode(error, 'central.access-denied')) return error;
  const { state, params } = error;
  return new CentralError('central.update-refused', { state, retry: 'never', params, cause: error });
}

/**
 * A record that no zone has, for testing the key. The server's policies have to let the key write it
 * (docs/centrals.md).
 */
function nothingAt(zone: DnsName): { name: DnsName; type: string; rdata: string } {
  return { name: parseName('_domainsync', zone), type: 'TXT', rdata: '"domainsync asks whether it may"' };
}

/** Maximum number of zones that are checked at the same time. */
const mostAtOnce = 100;
