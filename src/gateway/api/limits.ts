import { createHash } from 'node:crypto';
import { ApiRefusal } from '../api-refusal.ts';
import { Buckets, type BucketLevel } from './buckets.ts';

/** Limits of what clients may do. */
export interface ApiLimits {
  /** How many requests of one token are served in a minute, and in one burst. */
  readonly requests: number;
  /** How many requests of one token that write are served in a minute, and in one burst. */
  readonly writes: number;
  /** Number of requests of one token that run at the same time. */
  readonly atOnce: number;
  /** How many failed logins from one address are taken in a minute, and in one burst. */
  readonly logins: number;
  /** Number of connections. */
  readonly connections: number;
  /** Number of connections from one address. */
  readonly connectionsByAddress: number;
  /** How long a client may take to send a request, milliseconds. */
  readonly sending: number;
  /** How long a connection without a request is kept open, milliseconds. */
  readonly idle: number;
}

const minute = 60_000;

/** Number of pairs of address and token that are remembered because their login has succeeded. */
const mostKnown = 10_000;

/** A request that is refused because of a limit. */
export class LimitExceeded extends ApiRefusal {
  /** The name of the limit. */
  readonly policy: string;
  /** Milliseconds after which the request may be sent again. */
  readonly wait: number;

  constructor(policy: string, wait: number) {
    super(429, 'central.busy', { params: { text: policy }, state: 'untouched', retry: 'later' });
    this.policy = policy;
    this.wait = wait;
  }
}

/** Counts the requests of tokens. */
export class RequestLimits {
  readonly #requests: Buckets;
  readonly #writes: Buckets;
  readonly #atOnce: number;
  /** Number of requests that run now, by token. */
  readonly #running = new Map<string, number>();

  /** @param now monotonic clock, milliseconds */
  constructor({ requests, writes, atOnce }: ApiLimits, now: () => number) {
    this.#requests = new Buckets({ name: 'requests', most: requests, window: minute }, now);
    this.#writes = new Buckets({ name: 'writes', most: writes, window: minute }, now);
    this.#atOnce = atOnce;
  }

  /**
   * Runs a request if the token has not used up its limits.
   * @param token the token's id
   * @throws {LimitExceeded}
   */
  async run<T>(token: string, isWrite: boolean, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(token) ?? 0;
    if (running >= this.#atOnce) throw new LimitExceeded('at-once', 1_000);
    for (const buckets of isWrite ? [this.#requests, this.#writes] : [this.#requests]) {
      const { wait } = buckets.take(token);
      if (wait > 0) throw new LimitExceeded(buckets.policy.name, wait);
    }
    this.#running.set(token, running + 1);
    try {
      return await work();
    } finally {
      const rest = (this.#running.get(token) ?? 1) - 1;
      if (rest === 0) this.#running.delete(token);
      else this.#running.set(token, rest);
    }
  }

  /** The headers `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10) of a token. */
  headers(token: string): Readonly<Record<string, string>> {
    const all = [this.#requests, this.#writes];
    const policies = all.map(
      ({ policy: { name, most, window } }) => `"${name}";q=${most};w=${window / 1_000}`,
    );
    const levels = all.map((buckets) => levelText(buckets.policy.name, buckets.level(token)));
    return { 'RateLimit-Policy': policies.join(', '), RateLimit: levels.join(', ') };
  }
}

function levelText(name: string, { left, full }: BucketLevel): string {
  return `"${name}";r=${left};t=${wholeSeconds(full)}`;
}

/** Whole seconds, rounded up, as headers have them. */
export function wholeSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1_000);
}

/**
 * Limits requests without a token, by address. The limit for a minute is the same as that for failed logins,
 * but these requests are counted separately.
 */
export class OpenLimits {
  readonly #requests: Buckets;

  /** @param now monotonic clock, milliseconds */
  constructor({ logins }: ApiLimits, now: () => number) {
    this.#requests = new Buckets({ name: 'without-token', most: logins, window: minute }, now);
  }

  /** @param network the address or network that counts as one client @throws {LimitExceeded} */
  demand(network: string): void {
    const { wait } = this.#requests.take(network);
    if (wait > 0) throw new LimitExceeded(this.#requests.policy.name, wait);
  }
}

/**
 * Limits failed logins by address. An address that has used up its failed logins can still use the tokens
 * with which it has logged in before. So nobody locks out a panel by wrong tokens from the panel's machine.
 */
export class LoginLimits {
  readonly #failures: Buckets;
  /** Hashes of address and token whose login has succeeded, in the order of the last use. */
  readonly #known = new Set<string>();

  /** @param now monotonic clock, milliseconds */
  constructor({ logins }: ApiLimits, now: () => number) {
    this.#failures = new Buckets({ name: 'failed-logins', most: logins, window: minute }, now);
  }

  /**
   * Logs in, and counts a failure.
   * @param network what counts as one client
   * @param token the token's text as sent
   * @throws {LimitExceeded} before the login is tried; else what the login throws
   */
  async run<T>(network: string, token: string, login: () => Promise<T>): Promise<T> {
    const known = createHash('sha256').update(`${network} ${token}`).digest('base64');
    const { wait } = this.#failures.level(network);
    if (wait > 0 && !this.#known.has(known)) throw new LimitExceeded(this.#failures.policy.name, wait);
    try {
      const done = await login();
      this.#remember(known);
      return done;
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 401) {
        this.#known.delete(known);
        this.#failures.take(network);
      }
      throw error;
    }
  }

  #remember(known: string): void {
    this.#known.delete(known);
    this.#known.add(known);
    const [oldest] = this.#known;
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}
