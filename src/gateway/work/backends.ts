import { hasCode } from '../../centrals/errors.ts';
import type { CallContext, Central, ZoneSeed } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import { ApiRefusal } from '../api-refusal.ts';

/** The name servers behind a gateway, by the names of their sections. */
export class Backends {
  readonly #all: ReadonlyMap<string, Central>;

  /** @param all by name; the empty name is the section `[backend]` */
  constructor(all: ReadonlyMap<string, Central>) {
    this.#all = all;
  }

  /** The names of all name servers. */
  get names(): readonly string[] {
    return [...this.#all.keys()];
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
   * Whether any name server has the zone, with the account or the key of the gateway.
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

async function hasZone(central: Central, zone: DnsName, seed: ZoneSeed, ctx: CallContext): Promise<boolean> {
  try {
    return (await central.mayCreateZone(zone, seed, ctx)) === 'exists';
  } catch (error) {
    if (hasCode(error, 'zone.create-there-first')) return false;
    throw error;
  }
}
