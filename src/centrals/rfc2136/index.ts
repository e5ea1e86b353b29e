import {
  CentralError,
  type Altered,
  type CallContext,
  type Central,
  type CentralId,
  type CentralRecord,
  type CentralTraits,
} from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import { displayName, parseName, type DnsName } from '../../dns/name.ts';
import { problem, type Problem } from '../../dns/problem.ts';
import { zoneProblems, type Change } from '../../dns/zone.ts';
import { classes, rcodes } from '../../dns/wire/codes.ts';
import { deleteRecord } from '../../dns/wire/update.ts';
import { updateRefusal } from './answer.ts';
import { NameServer } from './api.ts';
import { centralRecord, signerTypes } from './answers.ts';
import { NameReader } from './records.ts';
import type { Rfc2136Settings } from './schema.ts';
import { ZoneUpdater } from './write.ts';

export { readRfc2136Settings, type Rfc2136Settings } from './schema.ts';

/** The primary name server of the provider (BIND 9, Knot DNS), spoken to by queries and dynamic updates, signed with a TSIG key. */
export function createRfc2136Central(settings: Rfc2136Settings, ports: { readonly clock: Clock }): Central {
  return new Rfc2136Central(settings, ports.clock);
}

class Rfc2136Central implements Central {
  readonly id: CentralId;
  readonly traits: CentralTraits;
  readonly #server: NameServer;
  readonly #reader: NameReader;
  readonly #updater: ZoneUpdater;
  /** Zones that this key was seen to be allowed to update. */
  readonly #allowed = new Set<DnsName>();

  constructor(settings: Rfc2136Settings, clock: Clock) {
    this.#server = new NameServer(settings, clock);
    this.#reader = new NameReader(this.#server);
    this.#updater = new ZoneUpdater(this.#server, this.#reader);
    this.id = { kind: 'rfc2136', address: settings.address, account: settings.key.name };
    this.traits = {
      atomic: 'zone',
      guard: 'cas',
      managesZones: false,
      listsZones: false,
      wholeZones: settings.axfr,
      ownerMark: false,
      carriesTtl: true,
      recordTypes: 'any',
      readBackDelay: 0,
    };
  }

  audit(change: Change): readonly Problem[] {
    const made = change.add.filter(({ type }) => signerTypes.has(type));
    return [
      ...made.map(({ name, type }) => problem('central.type-unsupported', { name, type })),
      ...zoneProblems(change.zone, change.add),
    ];
  }

  async check(ctx: CallContext): Promise<void> {
    await this.#server.greet(ctx);
  }

  async listZones(asked: readonly DnsName[], ctx: CallContext): Promise<readonly DnsName[]> {
    if (asked.length === 0) await this.check(ctx);
    const found: DnsName[] = [];
    let denied: CentralError | null = null;
    for (let at = 0; at < asked.length; at += mostAtOnce) {
      const part = asked.slice(at, at + mostAtOnce);
      const standings = await Promise.all(part.map(async (zone) => await this.#standing(zone, ctx)));
      for (const [index, zone] of part.entries()) {
        const standing = standings[index];
        if (standing === 'ours') found.push(zone);
        else if (standing instanceof CentralError) denied = standing;
      }
    }
    // A key that is taken for no zone at all is more likely misspelled than every zone somebody else's.
    if (found.length === 0 && denied !== null) throw denied;
    return found;
  }

  async readZone(
    zone: DnsName,
    known: readonly DnsName[],
    ctx: CallContext,
  ): Promise<readonly CentralRecord[] | null> {
    if (!this.traits.wholeZones) return await this.readNames(zone, known, ctx);
    if ((await this.#standing(zone, ctx)) !== 'ours') return null;
    const records = await this.#server.transfer(zone, ctx);
    return records.filter((record) => record.class === classes.IN).flatMap((record) => centralRecord(record));
  }

  async readNames(
    zone: DnsName,
    names: readonly DnsName[],
    ctx: CallContext,
    types?: ReadonlySet<string>,
  ): Promise<readonly CentralRecord[] | null> {
    if (!this.#allowed.has(zone) && (await this.#standing(zone, ctx)) !== 'ours') return null;
    return (await this.#reader.read(zone, names, types, ctx))?.records ?? null;
  }

  async apply(change: Change, present: readonly CentralRecord[], ctx: CallContext): Promise<Altered> {
    return await this.#updater.apply(change, present, ctx);
  }

  /** Zones are made by the provider: with what a TSIG key may do none can be made (RFC 2136 section 1). */
  async createZone(zone: DnsName, _seed: unknown, ctx: CallContext): Promise<'exists'> {
    const standing = await this.#standing(zone, ctx);
    if (standing === 'ours') return 'exists';
    throw refusal(standing === 'missing' ? 'zone.create-there-first' : 'zone.foreign', zone);
  }

  async deleteZone(zone: DnsName, ctx: CallContext): Promise<'missing'> {
    if ((await this.#standing(zone, ctx)) !== 'ours') return 'missing';
    throw refusal('zone.delete-there', zone);
  }

  async close(): Promise<void> {
    this.#server.close();
    await Promise.resolve();
  }

  /**
   * Whether the server has the zone and lets this key update it. The latter is tried by deleting a record that nobody has: nothing
   * is changed by that, not even the serial.
   * @returns an error: the server does not take the key here, so the zone is somebody else's or the key is misspelled
   */
  async #standing(zone: DnsName, ctx: CallContext): Promise<'ours' | 'foreign' | 'missing' | CentralError> {
    try {
      if (!(await this.#reader.hasZone(zone, ctx))) return 'missing';
      if (this.#allowed.has(zone)) return 'ours';
      const { rcode } = await this.#server.update(zone, [], [deleteRecord(nothingAt(zone))], ctx);
      if (rcode === rcodes.REFUSED || rcode === rcodes.NOTAUTH) return 'foreign';
      if (rcode !== rcodes.NOERROR) throw updateRefusal(rcode);
      this.#allowed.add(zone);
      return 'ours';
    } catch (error) {
      if (error instanceof CentralError && error.code === 'central.access-denied') return error;
      throw error;
    }
  }
}

/** A record that nobody has; policies have to let the key write here (docs/centrals.md). */
function nothingAt(zone: DnsName): { name: DnsName; type: string; rdata: string } {
  return { name: parseName('_domainsync', zone), type: 'TXT', rdata: '"domainsync asks whether it may"' };
}

/** Zones asked about at once. */
const mostAtOnce = 100;

function refusal(
  code: 'zone.foreign' | 'zone.create-there-first' | 'zone.delete-there',
  zone: DnsName,
): CentralError {
  return new CentralError(code, { state: 'untouched', retry: 'never', params: { zone: displayName(zone) } });
}
