import {
  CentralError,
  type Altered,
  type CallContext,
  type Central,
  type CentralErrorCode,
  type CentralId,
  type CentralRecord,
  type CentralTraits,
  type Signing,
  type ZoneSeed,
} from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { DnsName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import type { Change, RRsetKey } from '../../dns/zone.ts';
import { shared } from '../shared.ts';
import { placesOf } from './places.ts';
import { probe, type Found } from './probe.ts';
import type { CentralSettings } from './settings.ts';

/** Keeps what was found from one start to the next. Neither may throw. */
export interface FoundMemory {
  readonly get: () => Found | null;
  readonly put: (found: Found) => void;
}

/** No second search for the same reason within this time (ms), whatever happens. */
const recheckAfter = 60_000;

/** Longest time (ms) for one check of all the places, whoever waits for it. */
const checkPatience = 20_000;

/** Why the panel may not be the one it was: nobody answers where it was, or something else does. */
type Doubt = 'silent' | 'strange';

/** What leads to it: an upgrade of the central, another port. */
const surprises: ReadonlyMap<CentralErrorCode, Doubt> = new Map([
  ['central.garbled', 'strange'],
  ['central.refused', 'strange'],
  ['central.wrong-kind', 'strange'],
  ['central.unreachable', 'silent'],
]);

/**
 * An account at a panel whose kind or exact address the settings leave open: looks once, remembers, and looks
 * again after a surprise. A read that met the surprise is then done once more; a write never is.
 */
export class FindingCentral implements Central {
  readonly id: CentralId;
  readonly #settings: CentralSettings;
  readonly #make: (found: Found) => Central;
  readonly #memory: FoundMemory;
  readonly #clock: Clock;
  #found: Found | null;
  #inner: Central | null;
  #doubt: Doubt | null = null;
  readonly #checkedAt: Record<Doubt, number> = { silent: -Infinity, strange: -Infinity };
  #looking: Promise<void> | null = null;
  readonly #closed = new AbortController();

  constructor(
    settings: CentralSettings,
    ports: {
      readonly id: CentralId;
      readonly clock: Clock;
      readonly memory: FoundMemory;
      readonly make: (found: Found) => Central;
    },
  ) {
    this.id = ports.id;
    this.#settings = settings;
    this.#make = ports.make;
    this.#memory = ports.memory;
    this.#clock = ports.clock;
    this.#found = remembered(ports.memory, settings);
    this.#inner = this.#found === null ? null : ports.make(this.#found);
  }

  /** Of the panel found; until then those of the later generation, which holds more. */
  get traits(): CentralTraits {
    return (this.#inner ?? this.#make({ address: this.#settings.address, kind: 'ispmanager6' })).traits;
  }

  audit(change: Change): readonly Problem[] {
    return this.#inner?.audit(change) ?? [];
  }

  async check(ctx: CallContext): Promise<void> {
    await this.#read(ctx, async (central) => {
      await central.check(ctx);
    });
  }

  async listZones(asked: readonly DnsName[], ctx: CallContext): Promise<readonly DnsName[]> {
    return await this.#read(ctx, async (central) => await central.listZones(asked, ctx));
  }

  async readZone(
    zone: DnsName,
    known: readonly RRsetKey[],
    ctx: CallContext,
  ): Promise<readonly CentralRecord[] | null> {
    return await this.#read(ctx, async (central) => await central.readZone(zone, known, ctx));
  }

  async readNames(
    zone: DnsName,
    names: readonly DnsName[],
    ctx: CallContext,
  ): Promise<readonly CentralRecord[] | null> {
    return await this.#read(ctx, async (central) => await central.readNames(zone, names, ctx));
  }

  async apply(change: Change, present: readonly CentralRecord[], ctx: CallContext): Promise<Altered> {
    return await this.#watched(ctx, async (central) => await central.apply(change, present, ctx));
  }

  async mayCreateZone(zone: DnsName, seed: ZoneSeed, ctx: CallContext): Promise<'free' | 'exists'> {
    return await this.#read(ctx, async (central) => await central.mayCreateZone(zone, seed, ctx));
  }

  async createZone(
    zone: DnsName,
    seed: ZoneSeed,
    ctx: CallContext,
    content?: readonly ResourceRecord[],
  ): Promise<'created' | 'exists'> {
    return await this.#watched(ctx, async (central) => await central.createZone(zone, seed, ctx, content));
  }

  async deleteZone(zone: DnsName, ctx: CallContext): Promise<'deleted' | 'missing'> {
    return await this.#watched(ctx, async (central) => await central.deleteZone(zone, ctx));
  }

  async concerns(zones: readonly DnsName[], ctx: CallContext): Promise<readonly Problem[]> {
    return await this.#read(ctx, async (central) => await central.concerns(zones, ctx));
  }

  async signing(zone: DnsName, ctx: CallContext): Promise<Signing | null> {
    return await this.#read(ctx, async (central) => await central.signing(zone, ctx));
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#inner?.close();
  }

  async #read<T>(ctx: CallContext, call: (central: Central) => Promise<T>): Promise<T> {
    const before = this.#found;
    try {
      return await this.#watched(ctx, call);
    } catch (error) {
      if (this.#doubt === null || ctx.signal.aborted) throw error;
      const central = await this.#ready(ctx);
      if (this.#found === before) throw error;
      return await call(central);
    }
  }

  async #watched<T>(ctx: CallContext, call: (central: Central) => Promise<T>): Promise<T> {
    const central = await this.#ready(ctx);
    try {
      return await call(central);
    } catch (error) {
      if (error instanceof CentralError) this.#doubt = surprises.get(error.code) ?? this.#doubt;
      throw error;
    }
  }

  async #ready(ctx: CallContext): Promise<Central> {
    const due = this.#doubt !== null && this.#clock.now() - this.#checkedAt[this.#doubt] >= recheckAfter;
    if (this.#inner === null || due) {
      this.#looking ??= this.#look(ctx).finally(() => (this.#looking = null));
      await shared(this.#looking, ctx.signal);
    }
    if (this.#inner === null)
      throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
    return this.#inner;
  }

  /** @throws {CentralError} when nothing was found and nothing is remembered */
  async #look(ctx: CallContext): Promise<void> {
    // Each reason has its own time: the first strange answer after an outage is looked into at once.
    if (this.#doubt !== null) this.#checkedAt[this.#doubt] = this.#clock.now();
    let found: Found;
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(checkPatience), this.#closed.signal]);
      found = await probe(this.#settings, { ...ctx, signal });
    } catch (error) {
      // What is remembered stays: the call itself will tell what is wrong.
      if (this.#inner === null || !(error instanceof CentralError)) throw error;
      return;
    }
    this.#doubt = null;
    if (this.#found?.kind === found.kind && this.#found.address === found.address) return;
    const old = this.#inner;
    this.#found = found;
    this.#inner = this.#make(found);
    this.#memory.put(found);
    await old?.close();
  }
}

/** What is remembered counts only where the settings would look too: the password goes there. */
function remembered(memory: FoundMemory, settings: CentralSettings): Found | null {
  const found = memory.get();
  const known = placesOf(settings).some(({ address }) => address === found?.address);
  return known ? found : null;
}
