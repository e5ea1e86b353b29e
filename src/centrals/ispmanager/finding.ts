import {
  CentralError,
  type CallContext,
  type Central,
  type CentralErrorCode,
  type CentralId,
  type CentralTraits,
} from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import { outage } from '../errors.ts';
import type { Secrets } from '../secrets.ts';
import { shared } from '../shared.ts';
import { placesOf } from './places.ts';
import { probe, type Found } from './probe.ts';
import type { CentralSettings } from './settings.ts';

/**
 * Stores which panel was found, so that the process still knows it after a restart. Its functions must not
 * throw.
 */
export interface FoundMemory {
  readonly get: () => Found | null;
  readonly put: (found: Found) => void;
}

/** Minimum number of milliseconds between two searches for the same reason ({@link Doubt}). */
const recheckAfter = 60_000;

/**
 * How long one search may take, in milliseconds. If the caller that started the search gives up earlier, the
 * search goes on for later callers.
 */
const checkPatience = 20_000;

/**
 * Why the panel may have moved or changed. `silent`: nobody answers at its address. `strange`: something else
 * answers there.
 */
type Doubt = 'silent' | 'strange';

/**
 * Errors after which the panel may have moved or changed, for example by an upgrade or a change of its port.
 */
const surprises: ReadonlyMap<CentralErrorCode, Doubt> = new Map([
  ['central.garbled', 'strange'],
  ['central.refused', 'strange'],
  ['central.wrong-kind', 'strange'],
  ['central.unreachable', 'silent'],
]);

/** Parts that {@link findingCentral} uses. `make` makes the central of a panel that was found. */
interface FindingPorts {
  readonly id: CentralId;
  readonly clock: Clock;
  readonly memory: FoundMemory;
  readonly passwords: Secrets<string>;
  readonly make: (found: Found) => Central;
}

/**
 * Makes a central whose settings do not name its kind or its exact address. The central searches for the
 * panel once, remembers it, and searches again after an error in `surprises`. If the search finds another
 * panel, a failed read is repeated there; a write is never repeated.
 */
export function findingCentral(settings: CentralSettings, ports: FindingPorts): Central {
  const panel = new SoughtPanel(settings, ports);
  return {
    id: ports.id,
    get traits() {
      return panel.traits;
    },
    audit: (change) => panel.inner?.audit(change) ?? [],
    check: (ctx) => panel.read(ctx, (central) => central.check(ctx)),
    listZones: (asked, ctx) => panel.read(ctx, (central) => central.listZones(asked, ctx)),
    readZone: (zone, known, ctx) => panel.read(ctx, (central) => central.readZone(zone, known, ctx)),
    readNames: (zone, names, ctx) => panel.read(ctx, (central) => central.readNames(zone, names, ctx)),
    apply: (change, present, ctx) => panel.call(ctx, (central) => central.apply(change, present, ctx)),
    mayCreateZone: (zone, seed, ctx) => panel.read(ctx, (central) => central.mayCreateZone(zone, seed, ctx)),
    createZone: (zone, seed, ctx, content) =>
      panel.call(ctx, (central) => central.createZone(zone, seed, ctx, content)),
    deleteZone: (zone, ctx) => panel.call(ctx, (central) => central.deleteZone(zone, ctx)),
    concerns: (zones, ctx) => panel.read(ctx, (central) => central.concerns(zones, ctx)),
    signing: (zone, ctx) => panel.read(ctx, (central) => central.signing(zone, ctx)),
    close: () => panel.close(),
  };
}

/** The panel that was found, and the search for it. */
class SoughtPanel {
  readonly #settings: CentralSettings;
  readonly #ports: FindingPorts;
  #found: Found | null;
  /** The central of the panel that was found; null: none was found yet. */
  inner: Central | null;
  #doubt: Doubt | null = null;
  readonly #checkedAt: Record<Doubt, number> = { silent: -Infinity, strange: -Infinity };
  #looking: Promise<void> | null = null;
  readonly #closed = new AbortController();

  constructor(settings: CentralSettings, ports: FindingPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#found = remembered(ports.memory, settings);
    this.inner = this.#found === null ? null : ports.make(this.#found);
  }

  /**
   * The traits of the panel that was found. Before a panel is found, they are the traits of version 5/6,
   * which accepts more.
   */
  get traits(): CentralTraits {
    const { address } = this.#settings;
    return (this.inner ?? this.#ports.make({ address, kind: 'ispmanager6' })).traits;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.inner?.close();
  }

  /**
   * Makes a call that changes nothing. If the call fails and a search finds another panel, repeats the call
   * there.
   */
  async read<T>(ctx: CallContext, call: (central: Central) => Promise<T>): Promise<T> {
    const before = this.#found;
    try {
      return await this.call(ctx, call);
    } catch (error) {
      if (this.#doubt === null || ctx.signal.aborted) throw error;
      const central = await this.#ready(ctx);
      if (this.#found === before) throw error;
      return await call(central);
    }
  }

  /** Makes a call. If it fails with one of the {@link surprises}, stores the reason for a new search. */
  async call<T>(ctx: CallContext, call: (central: Central) => Promise<T>): Promise<T> {
    const central = await this.#ready(ctx);
    try {
      return await call(central);
    } catch (error) {
      if (error instanceof CentralError) this.#doubt = surprises.get(error.code) ?? this.#doubt;
      throw error;
    }
  }

  async #ready(ctx: CallContext): Promise<Central> {
    const due =
      this.#doubt !== null && this.#ports.clock.now() - this.#checkedAt[this.#doubt] >= recheckAfter;
    if (this.inner === null || due) {
      this.#looking ??= this.#look(ctx).finally(() => (this.#looking = null));
      await shared(this.#looking, ctx.signal);
    }
    if (this.inner === null) throw outage('central.unreachable');
    return this.inner;
  }

  /** Searches for the panel. @throws {CentralError} if no panel is found or remembered */
  async #look(ctx: CallContext): Promise<void> {
    // Each reason has its own minimum interval. So a strange answer right after an outage starts a search at
    // once.
    if (this.#doubt !== null) this.#checkedAt[this.#doubt] = this.#ports.clock.now();
    let found: Found;
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(checkPatience), this.#closed.signal]);
      found = await probe(this.#settings, this.#ports.passwords, { ...ctx, signal });
    } catch (error) {
      // The remembered panel stays in use. The caller's own call then reports what is wrong.
      if (this.inner === null || !(error instanceof CentralError)) throw error;
      return;
    }
    this.#doubt = null;
    if (this.#found?.kind === found.kind && this.#found.address === found.address) return;
    const old = this.inner;
    this.#found = found;
    this.inner = this.#ports.make(found);
    this.#ports.memory.put(found);
    await old?.close();
  }
}

/**
 * The remembered panel, if the settings allow its address; else null. Calls send the password to this
 * address, so it must be one that the settings allow.
 */
function remembered(memory: FoundMemory, settings: CentralSettings): Found | null {
  const found = memory.get();
  const known = placesOf(settings).some(({ address }) => address === found?.address);
  return known ? found : null;
}
