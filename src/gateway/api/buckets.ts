/** How many calls one key (a token, an address) may make: `most` at once, as many again in each `window`. */
export interface BucketPolicy {
  /** The policy's name in headers and in refusals. */
  readonly name: string;
  readonly most: number;
  /** Milliseconds. */
  readonly window: number;
}

/** What is left of a bucket. */
export interface BucketLevel {
  /** Number of calls that may be made at once. */
  readonly left: number;
  /** Milliseconds until another call may be made; 0: at once. */
  readonly wait: number;
  /** Milliseconds until the bucket is full again. */
  readonly full: number;
}

interface Bucket {
  /** Number of calls that were left at `at`; may be a fraction. */
  readonly left: number;
  readonly at: number;
}

/** Number of buckets that are remembered. One takes about 200 octets. */
const usualKeys = 50_000;

/**
 * Limits of calls by key (token buckets). A full bucket serves a burst at once, and then refills steadily. If
 * there are too many keys, the one that was used longest ago is forgotten: it has a full bucket again.
 */
export class Buckets {
  readonly policy: BucketPolicy;
  readonly #now: () => number;
  readonly #mostKeys: number;
  /** In the order of the last use. */
  readonly #buckets = new Map<string, Bucket>();

  /** @param now monotonic clock, milliseconds */
  constructor(policy: BucketPolicy, now: () => number, mostKeys = usualKeys) {
    this.policy = policy;
    this.#now = now;
    this.#mostKeys = mostKeys;
  }

  /** Number of keys that are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** The level of a key's bucket. Takes nothing. */
  level(key: string): BucketLevel {
    return this.#level(this.#left(key));
  }

  /** Takes one call, if one is left. @returns the level before: its `wait` is 0 if the call was taken */
  take(key: string): BucketLevel {
    const left = this.#left(key);
    const taken = left >= 1 ? left - 1 : left;
    this.#buckets.delete(key);
    // A key that is not remembered has a full bucket, so a full one need not be stored.
    if (taken < this.policy.most) this.#buckets.set(key, { left: taken, at: this.#now() });
    if (this.#buckets.size > this.#mostKeys) this.#forget();
    return { ...this.#level(taken), wait: left >= 1 ? 0 : this.#time(1 - left) };
  }

  #left(key: string): number {
    const { most, window } = this.policy;
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return most;
    return Math.min(most, bucket.left + ((this.#now() - bucket.at) * most) / window);
  }

  #level(left: number): BucketLevel {
    return {
      left: Math.floor(left),
      wait: left >= 1 ? 0 : this.#time(1 - left),
      full: this.#time(this.policy.most - left),
    };
  }

  /** How long the refill of so many calls takes. */
  #time(calls: number): number {
    return (calls * this.policy.window) / this.policy.most;
  }

  #forget(): void {
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
