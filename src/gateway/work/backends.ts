import { hasCode } from '../../centrals/errors.ts';
import { mapInBatches } from '../../net/slices.ts';
import type { CallContext, Central, ZoneSeed } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import { ApiRefusal } from '../api-refusal.ts';
import type { Customer, Storage, ZoneOwner } from '../storage/storage.ts';

/** Maximum number of zones that are asked for one by one. */
const mostSingle = 100;
/** How many of them are asked for at the same time. */
const askedAtOnce = 4;
/** Content for a new zone. A question about a zone needs it, although no zone is made. */
const noSeed: ZoneSeed = { addresses: [], mailServers: [], nameServers: [] };

/** The name servers behind a gateway, and which zone is at which. */
export class Backends {
  readonly #all: ReadonlyMap<string, Central>;
  readonly #storage: Storage;

  /** @param all by the name of the section; the empty name is the section `[backend]` */
  constructor(all: ReadonlyMap<string, Central>, storage: Storage) {
    this.#all = all;
    this.#storage = storage;
  }

  /** The name server that has the zone. @throws {ApiRefusal} as {@link named} @throws {StorageError} */
  async of(zone: DnsName): Promise<Central> {
    return this.named((await this.#storage.zone(zone))?.backend ?? '');
  }

  /** Name of the name server that has the customer's zone, or of the one at which he would create it. */
  async nameFor(customer: Customer, zone: DnsName): Promise<string> {
    const owner = await this.#storage.zone(zone);
    const isOwn = owner?.customer === customer.id && owner.leftAt === null;
    return isOwn ? owner.backend : customer.backend;
  }

  /** Which of these zones their name servers have. @throws {CentralError} if a name server cannot be asked */
  async listed(owners: readonly ZoneOwner[], ctx: CallContext): Promise<ReadonlySet<DnsName>> {
    const there = new Set<DnsName>();
    for (const [name, own] of Map.groupBy(owners, ({ backend }) => backend)) {
      const asked = own.map(({ zone }) => zone);
      for (const zone of await this.named(name).listZones(asked, ctx)) there.add(zone);
    }
    return there;
  }

  /**
   * As {@link listed}, for a few zones: a name server that lists all its zones is asked about each of these
   * instead. Its list may have 100,000 others.
   * @throws {CentralError} if a name server cannot be asked
   */
  async there(owners: readonly ZoneOwner[], ctx: CallContext): Promise<ReadonlySet<DnsName>> {
    const [single, rest] = [owners.slice(0, mostSingle), owners.slice(mostSingle)];
    const isOne = (owner: ZoneOwner): boolean => this.named(owner.backend).traits.listsZones;
    if (rest.length > 0 || !single.some(isOne)) return await this.listed(owners, ctx);
    const there = new Set(
      await this.listed(
        single.filter((owner) => !isOne(owner)),
        ctx,
      ),
    );
    await mapInBatches(single.filter(isOne), askedAtOnce, async ({ zone, backend }) => {
      if (await hasOwnZone(this.named(backend), zone, ctx)) there.add(zone);
    });
    return there;
  }

  /**
   * The name server with this name.
   * @throws {ApiRefusal} an outage: the settings do not name it any more
   */
  named(name: string): Central {
    const found = this.#all.get(name);
    if (found !== undefined) return found;
    const params = { text: `no section [backend ${name}]` };
    throw new ApiRefusal(503, 'central.unreachable', { params, retry: 'later' });
  }

  /**
   * Whether any name server has the zone, asked with the gateway's own account or key there.
   * @param except name of a name server that is not asked; null: all are
   * @throws {CentralError} `zone.foreign`: a name server has the zone for somebody else
   */
  async haveZone(zone: DnsName, seed: ZoneSeed, except: string | null, ctx: CallContext): Promise<boolean> {
    for (const [name, central] of this.#all)
      if (name !== except && (await hasZone(central, zone, seed, ctx))) return true;
    return false;
  }

  async close(): Promise<void> {
    for (const central of this.#all.values()) await central.close();
  }
}

/** Whether the account of the gateway has the zone, and may write to it. */
async function hasOwnZone(central: Central, zone: DnsName, ctx: CallContext): Promise<boolean> {
  try {
    return await hasZone(central, zone, noSeed, ctx);
  } catch (error) {
    if (hasCode(error, 'zone.foreign') || hasCode(error, 'zone.copy')) return false;
    throw error;
  }
}

async function hasZone(central: Central, zone: DnsName, seed: ZoneSeed, ctx: CallContext): Promise<boolean> {
  try {
    return (await central.mayCreateZone(zone, seed, ctx)) === 'exists';
  } catch (error) {
    if (hasCode(error, 'zone.create-there-first')) return false;
    throw error;
  }
}
