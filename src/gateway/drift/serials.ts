import type { CallContext, ListedSerials } from '../../core/central.ts';
import type { ZoneOwner } from '../storage/storage.ts';
import type { Backends } from '../work/backends.ts';

/** For how long the serials of a name server that lists all its zones are kept, milliseconds. */
const kept = 600_000;

/** Serials of zones, where they prove that a zone was not changed (decision 024). */
export class ZoneSerials {
  readonly #backends: Pick<Backends, 'named'>;
  readonly #wall: () => number;
  readonly #lists = new Map<string, { readonly readAt: number; readonly all: ListedSerials }>();

  /** @param wall wall clock, milliseconds */
  constructor(backends: Pick<Backends, 'named'>, wall: () => number) {
    this.#backends = backends;
    this.#wall = wall;
  }

  /**
   * The serial of a zone, at most ten minutes old.
   * @param since wall clock in milliseconds. A serial that was read before does not count
   * @returns null: it proves nothing
   * @throws {CentralError} @throws {ApiRefusal} the settings do not name the zone's name server
   */
  async of({ zone, backend }: ZoneOwner, since: number, ctx: CallContext): Promise<number | null> {
    const central = this.#backends.named(backend);
    if (central.listSerials === undefined) return null;
    if (!central.traits.listsZones) return (await central.listSerials([zone], ctx)).get(zone) ?? null;
    const known = this.#lists.get(backend);
    const isNew = known !== undefined && known.readAt > since && this.#wall() - known.readAt < kept;
    if (isNew) return known.all.get(zone) ?? null;
    const list = { readAt: this.#wall(), all: await central.listSerials([], ctx) };
    this.#lists.set(backend, list);
    return list.all.get(zone) ?? null;
  }
}
