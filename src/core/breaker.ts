import type { Problem } from '../dns/problem.ts';
import {
  CentralError,
  passedConditional,
  passedSerials,
  type CallContext,
  type Central,
  type CentralErrorCode,
  type CentralErrorFacts,
  type CentralRecord,
} from './central.ts';
import type { Change } from '../dns/zone.ts';
import type { Clock } from './clock.ts';

/** The circuit breaker opens after this many failures in a row. */
const failuresToOpen = 2;
/** Milliseconds after which an open breaker lets one call through, to try whether the central works again. */
const probeEvery = 5_000;
/**
 * Milliseconds without a login attempt after the central refused a login: the first pause, and each later
 * one.
 */
const firstLoginProbe = 15 * 60_000;
const laterLoginProbe = 60 * 60_000;

/** How long (ms) the breaker still waits for a call after the call's signal was aborted. */
const lastWord = 2_000;

/** Errors that count as an outage of the central. Any other error shows that the central works. */
const outages: ReadonlySet<CentralErrorCode> = new Set([
  'central.unreachable',
  'central.certificate',
  'central.garbled',
]);

/** A central behind a breaker. */
export interface GuardedCentral extends Central {
  /** Why the next call fails without being sent to the central; null: the next call is sent. */
  readonly blocked: Problem | null;
  readonly contact: Contact;
}

/** When the central last answered, and since when it does not: wall clock, milliseconds since 1970. */
export interface Contact {
  /** Null: the central has not answered since {@link withBreaker} was called. */
  readonly answeredAt: number | null;
  /** Time of the first failure since the last answer; null: no call has failed since then. */
  readonly failingSince: number | null;
  /** When the last call ended, with or without an answer; null: there was none. */
  readonly triedAt: number | null;
}

/**
 * Wraps a central so that calls fail at once while the central is out of order. After two outages in a row,
 * calls fail with `central.breaker-open`; nothing is sent, so their state is `untouched`. Every 5 s one call
 * is sent, and its success closes the breaker. After a refused login, calls fail with
 * `central.login-blocked`, so that the central does not lock the account. One login is tried after 15
 * minutes, then one an hour. After a change of the settings, make a new wrapper. Both errors name the failure
 * that caused them in `params.cause` and `params.text`. If an adapter does not end a call within 2 s after
 * its signal was aborted, the call fails with `central.unreachable`.
 */
export function withBreaker(central: Central, clock: Clock): GuardedCentral {
  const gate = new Gate(clock);
  return {
    get blocked() {
      return gate.blocked;
    },
    get contact() {
      return gate.contact;
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
    ...passedSerials(central, async (ctx, read) => await gate.pass(ctx, 'untouched', read)),
    ...passedConditional(central, (inner) => ({
      apply: async (change, condition, ctx) =>
        await gate.pass(ctx, 'unknown', async () => await inner.apply(change, condition, ctx)),
      outcome: async (zone, key, ctx) =>
        await gate.pass(ctx, 'untouched', async () => await inner.outcome(zone, key, ctx)),
    })),
    close: async () => {
      await central.close();
    },
  };
}

/** A reason why calls fail without being sent. At `until` (monotonic milliseconds) the next call is sent. */
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
  contact: Contact = { answeredAt: null, failingSince: null, triedAt: null };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get blocked(): Problem | null {
    const block = this.#login ?? this.#open;
    return block === null ? null : blocked(block).problem;
  }

  /**
   * Runs one call, or fails at once while the breaker is open.
   * @param left the `state` of the error that is thrown if the adapter does not end the call in time
   * @throws {CentralError}
   */
  async pass<T>(ctx: CallContext, left: CentralErrorFacts['state'], begin: () => Promise<T>): Promise<T> {
    const call = async (): Promise<T> => await ended(begin, left, ctx.signal, this.#clock);
    // The caller had given up before the call began, so a failure shows nothing about the central. The
    // adapter throws the right error for an aborted signal.
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

  /**
   * When the next call is sent (monotonic milliseconds). If both an outage and a refused login block calls,
   * the later time counts.
   */
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
    const now = this.#clock.wall();
    this.contact = { answeredAt: now, failingSince: null, triedAt: now };
  }

  #fails(): void {
    const now = this.#clock.wall();
    const { answeredAt, failingSince } = this.contact;
    this.contact = { answeredAt, failingSince: failingSince ?? now, triedAt: now };
  }

  #note(error: CentralError): void {
    const isFailure = error.code === 'central.login' || outages.has(error.code);
    if (isFailure) this.#fails();
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

/**
 * Waits for `call` and returns its result. If `call` still runs 2 s after the abort of `signal`, throws
 * `central.unreachable`.
 * @param left the `state` of that error
 */
async function ended<T>(
  call: () => Promise<T>,
  left: CentralErrorFacts['state'],
  signal: AbortSignal,
  clock: Clock,
): Promise<T> {
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  const over = new AbortController();
  const giveUp = (): void => {
    const params = { text: 'no answer in time' };
    const error = new CentralError('central.unreachable', { state: left, retry: 'later', params });
    // Once the call has ended, the `finally` below aborts this sleep. Its rejection is therefore expected.
    clock.sleep(lastWord, over.signal).then(
      () => reject(error),
      () => undefined,
    );
  };
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([call(), overdue]);
  } finally {
    signal.removeEventListener('abort', giveUp);
    // Making the error of an abort takes time, and usually nothing sleeps.
    if (signal.aborted) over.abort();
  }
}

function blocked({ code, cause }: Block): CentralError {
  const params = { ...cause.params, cause: cause.code, text: cause.params['text'] ?? '' };
  return new CentralError(code, { state: 'untouched', retry: 'later', params, cause });
}
