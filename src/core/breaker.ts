import type { Problem } from '../dns/problem.ts';
import {
  CentralError,
  type CallContext,
  type Central,
  type CentralErrorCode,
  type CentralErrorFacts,
  type CentralRecord,
} from './central.ts';
import type { Change } from '../dns/zone.ts';
import type { Clock } from './clock.ts';

/** Failures in a row that open the breaker. */
const failuresToOpen = 2;
/** Milliseconds between probes while it is open. */
const probeEvery = 5_000;
/** Milliseconds from the first refused login to the next attempt, and from every later one. */
const firstLoginProbe = 15 * 60_000;
const laterLoginProbe = 60 * 60_000;

/** Milliseconds that an adapter has, once its signal is aborted, to end a call in its own words. */
const lastWord = 2_000;

/** What says that the central is out of order, as against a refusal, which shows that it works. */
const outages: ReadonlySet<CentralErrorCode> = new Set([
  'central.unreachable',
  'central.certificate',
  'central.garbled',
]);

/** A central behind a breaker. */
export interface GuardedCentral extends Central {
  /** Why no call is let through now; null while they are. */
  readonly blocked: Problem | null;
}

/**
 * A central that fails at once while the one behind it is known to be out of order. After two outages in a
 * row calls fail with `central.breaker-open` (nothing sent, so `untouched`). Every 5 s one call is let
 * through, and its success closes the breaker. After a refused login calls fail with `central.login-blocked`,
 * so that the account is not locked: one attempt after 15 minutes, then one an hour. New settings mean a new
 * wrapper. Both errors name the failure they stand for in `params.cause` and `params.text`. A call that goes
 * on after its signal is aborted fails with `central.unreachable`: a defect of an adapter, or of a server,
 * holds nothing up.
 */
export function withBreaker(central: Central, clock: Clock): GuardedCentral {
  const gate = new Gate(clock);
  return {
    get blocked() {
      return gate.blocked;
    },
    id: central.id,
    get traits() {
      return central.traits;
    },
    audit: (change) => central.audit(change),
    check: async (ctx) => {
      await gate.pass(ctx, 'untouched', async () => {
        await central.check(ctx);
      });
    },
    listZones: async (asked, ctx) =>
      await gate.pass(ctx, 'untouched', async () => await central.listZones(asked, ctx)),
    readZone: async (zone, known, ctx) =>
      await gate.pass(ctx, 'untouched', async () => await central.readZone(zone, known, ctx)),
    readNames: async (zone, names, ctx, types, likely) =>
      await gate.pass(ctx, 'untouched', async () => await central.readNames(zone, names, ctx, types, likely)),
    apply: async (change: Change, present: readonly CentralRecord[], ctx: CallContext) =>
      await gate.pass(ctx, 'unknown', async () => await central.apply(change, present, ctx)),
    mayCreateZone: async (zone, seed, ctx) =>
      await gate.pass(ctx, 'untouched', async () => await central.mayCreateZone(zone, seed, ctx)),
    createZone: async (zone, seed, ctx, content) =>
      await gate.pass(ctx, 'unknown', async () => await central.createZone(zone, seed, ctx, content)),
    deleteZone: async (zone, ctx) =>
      await gate.pass(ctx, 'unknown', async () => await central.deleteZone(zone, ctx)),
    concerns: async (zones, ctx) =>
      await gate.pass(ctx, 'untouched', async () => await central.concerns(zones, ctx)),
    signing: async (zone, ctx) =>
      await gate.pass(ctx, 'untouched', async () => await central.signing(zone, ctx)),
    close: async () => {
      await central.close();
    },
  };
}

/** Why no call is let through, and when the next one is. */
interface Block {
  readonly code: 'central.breaker-open' | 'central.login-blocked';
  readonly cause: CentralError;
  readonly until: number;
}

class Gate {
  readonly #clock: Clock;
  #outages = 0;
  #open: Block | null = null;
  #login: Block | null = null;
  #probing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get blocked(): Problem | null {
    const block = this.#login ?? this.#open;
    return block === null ? null : blocked(block).problem;
  }

  /** Runs one call, or fails at once. @param left what a call without an end leaves @throws {CentralError} */
  async pass<T>(ctx: CallContext, left: CentralErrorFacts['state'], begin: () => Promise<T>): Promise<T> {
    const call = async (): Promise<T> => await ended(begin, left, ctx.signal, this.#clock);
    // A call that is over before it begins says nothing about the central; the adapter words its error.
    if (ctx.signal.aborted) return await call();
    const block = this.#login ?? this.#open;
    if (block === null) return await this.#watch(call);
    if (this.#probing || this.#clock.now() < this.#dueAt()) throw blocked(block);
    this.#probing = true;
    try {
      return await this.#watch(call);
    } finally {
      this.#probing = false;
    }
  }

  /** A probe has to wait for both blocks. */
  #dueAt(): number {
    return Math.max(this.#login?.until ?? 0, this.#open?.until ?? 0);
  }

  async #watch<T>(call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      this.#works();
      return result;
    } catch (error) {
      if (error instanceof CentralError) this.#note(error);
      throw error;
    }
  }

  #works(): void {
    this.#outages = 0;
    this.#open = null;
    this.#login = null;
  }

  #note(error: CentralError): void {
    if (error.code === 'central.login') {
      const wait = this.#login === null ? firstLoginProbe : laterLoginProbe;
      this.#outages = 0;
      this.#open = null;
      this.#login = { code: 'central.login-blocked', cause: error, until: this.#clock.now() + wait };
    } else if (outages.has(error.code)) {
      this.#outages += 1;
      if (this.#outages < failuresToOpen && this.#login === null) return;
      this.#open = { code: 'central.breaker-open', cause: error, until: this.#clock.now() + probeEvery };
    } else {
      this.#works();
    }
  }
}

/** What the call gives, raced against its signal. */
async function ended<T>(
  call: () => Promise<T>,
  left: CentralErrorFacts['state'],
  signal: AbortSignal,
  clock: Clock,
): Promise<T> {
  const over = new AbortController();
  const overdue = new Promise<never>((_, reject) => {
    const giveUp = (): void => {
      const params = { text: 'no answer in time' };
      const error = new CentralError('central.unreachable', { state: left, retry: 'later', params });
      // The sleep ends early only when the call has ended.
      clock.sleep(lastWord, over.signal).then(
        () => {
          reject(error);
        },
        () => undefined,
      );
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([call(), overdue]);
  } finally {
    over.abort();
  }
}

function blocked({ code, cause }: Block): CentralError {
  const params = { ...cause.params, cause: cause.code, text: cause.params['text'] ?? '' };
  return new CentralError(code, { state: 'untouched', retry: 'later', params, cause });
}
