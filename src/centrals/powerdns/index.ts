import {
  CentralError,
  type CallContext,
  type Central,
  type CentralId,
  type CentralRecord,
  type CentralTraits,
  type ListedSerials,
  type ZoneSeed,
} from '../../core/central.ts';
import { parentName, zoneName, type DnsName } from '../../dns/name.ts';
import { validOrElse } from '../../dns/problem.ts';
import { hasCode, look, noEffect, centralRefusal, restated, withState } from '../errors.ts';
import { planRRsets } from '../rrsets.ts';
import { hasEnded } from './answer.ts';
import { mostZoneOctets, ServerApi, zonePath } from './api.ts';
import type { CentralPorts } from '../module.ts';
import { auditChange } from './audit.ts';
import { demandDnames, findConcerns } from './concerns.ts';
import { CacheFlusher, type FlushPorts } from './caches.ts';
import { serverName } from './names.ts';
import { createBody } from './patch.ts';
import { persistently, WithoutEffect } from './persistently.ts';
import { copyOf, ZoneReader, type Owner } from './read.ts';
import type { PowerdnsSettings } from './settings.ts';
import { readSigning } from './signing.ts';
import { ZoneWriter } from './write.ts';

export { readPowerdnsSettings, type PowerdnsSettings } from './settings.ts';

/**
 * Makes the central for one account at a PowerDNS Authoritative Server, reached by its HTTP API. The field
 * `account` of a zone shows whose zone it is (docs/decisions/006-powerdns.md). Sends nothing yet.
 * @throws {RangeError} if the address is neither `https:` nor on this machine
 */
export function createPowerdnsCentral(
  settings: PowerdnsSettings,
  ports: FlushPorts & Pick<CentralPorts, 'secretChanged'>,
): Central {
  return new PowerdnsCentral(settings, ports);
}

const traits: CentralTraits = {
  atomic: 'zone',
  guard: 'none',
  managesZones: true,
  createsWithContent: true,
  listsZones: true,
  wholeZones: true,
  carriesTtl: true,
  recordTypes: 'any',
};

/** The name of a zone that cannot exist (RFC 2606). */
const noZone = zoneName('domainsync-check.invalid');

class PowerdnsCentral implements Central {
  readonly id: CentralId;
  readonly traits = traits;
  readonly #settings: PowerdnsSettings;
  readonly #api: ServerApi;
  readonly #reader: ZoneReader;
  readonly #writer: ZoneWriter;
  readonly #caches: CacheFlusher;

  constructor(settings: PowerdnsSettings, ports: FlushPorts & Pick<CentralPorts, 'secretChanged'>) {
    this.#settings = settings;
    this.#api = new ServerApi(settings, () => ports.clock.now(), ports.secretChanged);
    this.#reader = new ZoneReader(this.#api, settings, ports.clock);
    this.#caches = new CacheFlusher(this.#api, ports);
    this.#writer = new ZoneWriter(this.#reader, this.#caches);
    this.id = { kind: 'powerdns', address: settings.address, account: settings.username };
  }

  readonly audit: Central['audit'] = (change) => auditChange(change);

  readonly check: Central['check'] = async (ctx) => {
    this.#writer.learn(await this.#reader.version(ctx));
    // A list of all zones can be long, so only one zone is requested. A key that may read one zone may also
    // list all zones.
    await this.#reader.owner(noZone, ctx);
  };

  readonly listZones: Central['listZones'] = (_asked, ctx) => this.#reader.zones(ctx);

  readonly listSerials = (_asked: readonly DnsName[], ctx: CallContext): Promise<ListedSerials> =>
    this.#reader.serials(ctx);

  readonly readZone: Central['readZone'] = async (zone, _known, ctx) => {
    const read = await this.#reader.whole(zone, ctx);
    this.#writer.saw(zone, read);
    return read?.records ?? null;
  };

  readonly readNames: Central['readNames'] = async (zone, names, ctx) => {
    const wanted = new Set(names);
    const read = await this.#reader.names(zone, [...wanted], ctx);
    return read?.records.filter(({ name }) => wanted.has(name)) ?? null;
  };

  /**
   * Does not use `present`, but reads the records again right before the write. The API would accept a write
   * that is based on a stale read.
   */
  readonly apply: Central['apply'] = async (change, _present, ctx) => {
    await demandDnames(this.#reader, change.add, ctx);
    return await this.#writer.apply(change, ctx);
  };

  readonly mayCreateZone: Central['mayCreateZone'] = async (zone, seed, ctx) => {
    this.#newZone(zone, seed);
    return await this.#demandFree(zone, await this.#reader.owner(zone, ctx), ctx);
  };

  readonly createZone: Central['createZone'] = async (zone, seed, ctx, content = []) => {
    await demandDnames(this.#reader, content, ctx);
    const body = createBody(this.#newZone(zone, seed), planRRsets({ zone, remove: [], add: content }, []));
    return await persistently(async () => {
      // The server refuses the create if somebody has created the zone since it was found to be missing.
      const owner = await this.#reader.recentOwner(zone, ctx);
      if ((await this.#demandFree(zone, owner, ctx)) === 'exists') return 'exists';
      const asks = { body, showsContent: content.length > 0 };
      const made = await this.#create(zone, asks, ctx).finally(() => this.#reader.made(zone));
      // PowerDNS 4.7.3 caches the answers from before the create: REFUSED, or an answer from a zone above. So
      // the caches are flushed. If the zone came with its content, the panel has had it for a while, so the
      // flush a moment later is soon enough.
      if (content.length > 0) this.#caches.later(zone);
      else await this.#caches.flush(zone, ctx);
      return made;
    });
  };

  readonly deleteZone: Central['deleteZone'] = async (zone, ctx) => {
    return await persistently(async () => {
      const owner = await this.#reader.owner(zone, ctx);
      if (owner === 'copy') throw copyOf(zone);
      if (owner !== 'ours') return 'missing';
      try {
        await this.#api.write({ method: 'DELETE', path: zonePath(zone) }, ctx);
      } catch (error) {
        const now = await this.#readAfter(error, zone, 'ours', ctx);
        if (now === null) return hasCode(error, 'central.missing') ? 'missing' : 'deleted';
        throw error;
      }
      this.#writer.saw(zone, null);
      await this.#demand(zone, 'absent', ctx);
      await this.#caches.flush(zone, ctx);
      return 'deleted';
    });
  };

  readonly concerns: Central['concerns'] = (zones, ctx) => findConcerns(this.#reader, zones, noZone, ctx);

  readonly signing: Central['signing'] = (zone, ctx) => readSigning(this.#reader, zone, ctx);

  readonly close: Central['close'] = async () => {
    await this.#caches.close();
    this.#api.close();
  };

  /**
   * The fields of the request that creates a zone.
   * @throws {CentralError} `central.invalid-value` if the name of a name server is invalid
   */
  #newZone(zone: DnsName, seed: ZoneSeed): Readonly<Record<string, unknown>> {
    return {
      name: serverName(zone),
      kind: this.#settings.zoneKind,
      account: this.#settings.username,
      nameservers: this.#nameServersOf(seed).map(serverName),
      // If the API rectified the zone at every edit, edits of large zones would be slow. `ZoneWriter`
      // rectifies signed zones instead.
      api_rectify: false,
      soa_edit_api: 'DEFAULT',
    };
  }

  #nameServersOf(seed: ZoneSeed): readonly DnsName[] {
    if (this.#settings.nameServers.length > 0) return this.#settings.nameServers;
    return seed.nameServers.map((text) =>
      validOrElse(
        () => zoneName(text),
        () => {
          throw centralRefusal('central.invalid-value', { text });
        },
      ),
    );
  }

  /**
   * Whether a zone can be created.
   * @param owner who has the zone
   * @throws {CentralError} `zone.foreign` or `zone.copy`
   */
  async #demandFree(zone: DnsName, owner: Owner, ctx: CallContext): Promise<'free' | 'exists'> {
    if (owner === 'ours') return 'exists';
    if (owner === 'foreign') throw foreign(zone);
    if (owner === 'copy') throw copyOf(zone);
    await this.#demandNoForeignAbove(zone, ctx);
    return 'free';
  }

  /**
   * Throws if the new zone lies below a zone of another account, because it would take names away from that
   * zone. The server is asked for every parent zone; each request takes about a millisecond. Foreign zones
   * below the new one need no check: they keep their names, because the server answers from the longest
   * matching zone.
   * @throws {CentralError} `zone.foreign`
   */
  async #demandNoForeignAbove(zone: DnsName, ctx: CallContext): Promise<void> {
    for (let above = parentName(zone); above !== '.'; above = parentName(above))
      if ((await this.#reader.recentOwner(above, ctx)) === 'foreign') throw foreign(above);
  }

  /**
   * Sends the request that creates a zone.
   * @param showsContent whether the answer has to show the records of the zone
   * @returns the records, if the answer shows them
   */
  async #create(
    zone: DnsName,
    { body, showsContent }: { readonly body: string; readonly showsContent: boolean },
    ctx: CallContext,
  ): Promise<'created' | 'exists' | readonly CentralRecord[]> {
    let answer: unknown;
    try {
      const path = `/zones?rrsets=${showsContent}`;
      answer = await this.#api.write({ method: 'POST', path, body, most: mostZoneOctets }, ctx);
    } catch (error) {
      return await this.#madeAnyway(error, zone, ctx);
    }
    // The answer contains the zone as the server read it from its database after the write.
    const shown = showsContent ? await this.#reader.shown(answer, zone) : null;
    if (shown !== null) {
      this.#writer.saw(zone, shown);
      return shown.records;
    }
    if (!this.#reader.showsOurs(answer, zone)) await this.#demand(zone, 'present', ctx);
    return 'created';
  }

  /**
   * Finds out whether a failed create has made the zone.
   * @throws `error`, unless our account has the zone now
   */
  async #madeAnyway(error: unknown, zone: DnsName, ctx: CallContext): Promise<'created' | 'exists'> {
    const now = await this.#readAfter(error, zone, null, ctx);
    if (now === 'foreign') throw foreign(zone, error);
    if (now !== 'ours' || !(error instanceof CentralError)) throw error;
    // The server reports that it did not create the zone, so somebody else has created it at the same time.
    if (error.code === 'central.exists' || hasEnded(error)) return 'exists';
    if (error.state === 'unknown') return 'created';
    // The server may refuse the create but still leave the zone behind (PowerDNS issue 7763).
    throw error.code === 'central.invalid-value' ? restated(error, 'partial') : error;
  }

  /**
   * Reads who has the zone after a write of it has failed. The write may have been carried out anyway, or
   * somebody else may have created or deleted the zone.
   * @param before who had the zone before the write
   * @throws {WithoutEffect} if the server ended the request and nothing has changed
   */
  async #readAfter(
    error: unknown,
    zone: DnsName,
    before: Owner,
    ctx: CallContext,
  ): Promise<Owner | 'unread'> {
    if (!(error instanceof CentralError)) throw error;
    const now = await look(async () => await this.#reader.owner(zone, ctx));
    if (now === before && hasEnded(error)) throw new WithoutEffect(error);
    return now;
  }

  /**
   * Reads the zone after a create or a delete.
   * @throws {CentralError} `central.no-effect` if it is not as `wanted`
   */
  async #demand(zone: DnsName, wanted: 'present' | 'absent', ctx: CallContext): Promise<void> {
    const now = await withState('unknown', async () => await this.#reader.owner(zone, ctx));
    if ((now === 'ours') !== (wanted === 'present')) throw noEffect();
  }
}

function foreign(zone: DnsName, cause?: unknown): CentralError {
  return centralRefusal('zone.foreign', { zone: serverName(zone).slice(0, -1) }, cause);
}
