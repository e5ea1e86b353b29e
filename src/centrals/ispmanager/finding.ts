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
import { outage } from '../errors.ts';
import { shared } from '../shared.ts';
import { placesOf } from './places.ts';
import { probe, type Found } from './probe.ts';
import type { CentralSettings } from './settings.ts';

/** Keeps across restarts which panel was found. Its functions must not throw. */
export interface FoundMemory {
  readonly get: () => Found | null;
  readonly put: (found: Found) => void;
}

/** Milliseconds between two searches for the same reason. */
const recheckAfter = 60_000;

/** Milliseconds that one search of all places may take, whoever waits for it. */
const checkPatience = 20_000;

/**
 * Why the panel may have moved or changed. `silent`: nobody answers at its address. `strange`: something
 * else answers there.
 */
type Doubt = 'silent' | 'strange';

/** Errors that raise such a doubt, as after an upgrade of the central or a change of its port. */
const surprises: ReadonlyMap<CentralErrorCode, Doubt> = new Map([
  ['central.garbled', 'strange'],
  ['central.refused', 'strange'],
  ['central.wrong-kind', 'strange'],
  ['central.unreachable', 'silent'],
]);

/**
 * A central whose kind or exact address the settings leave open. It searches once, remembers the result,
 * and searches again after a surprising error. If that finds another panel, a failed read is repeated
 * there; a write never is.
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

  /** The traits of the panel that was found; before that, those of version 5/6, which accepts more. */
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
    if (this.#inner === null) throw outage('central.unreachable');
    return this.#inner;
  }

  /** Searches for the panel. @throws {CentralError} if nothing is found and nothing is remembered */
  async #look(ctx: CallContext): Promise<void> {
    // Each reason has its own interval, so the first strange answer after an outage starts a search at
    // once.
    if (this.#doubt !== null) this.#checkedAt[this.#doubt] = this.#clock.now();
    let found: Found;
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(checkPatience), this.#closed.signal]);
      found = await probe(this.#settings, { ...ctx, signal });
    } catch (error) {
      // The remembered panel stays. The caller's own call then reports what is wrong.
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

/**
 * What the memory has, if it is one of the places that the settings allow; else null. The password is sent
 * there, so no other place may be used.
 */
function remembered(memory: FoundMemory, settings: CentralSettings): Found | null {
  const found = memory.get();
  const known = placesOf(settings).some(({ address }) => address === found?.address);
  return known ? found : null;
}
