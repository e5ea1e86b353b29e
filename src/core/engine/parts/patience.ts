import type { DnsName } from '../../../dns/name.ts';

/** What reads have shown of something undecided, and since when (monotonic milliseconds). */
interface Reading {
  readonly signature: string;
  readonly at: number;
}

/**
 * Since when each operation waits for the panel, and what earlier reads have shown of it. All times are
 * monotonic milliseconds.
 */
export class Patience {
  readonly #now: () => number;
  /** When the wait began, by operation id. */
  readonly #since = new Map<string, number>();
  /** What reads have shown, by operation id, or by {@link ofZone}. */
  readonly #readings = new Map<string, Reading>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Starts the wait for an operation anew; what was read of it stays. */
  begin(operation: string): void {
    this.#since.set(operation, this.#now());
  }

  /** Starts the wait for an operation that is new or got its `after`. Earlier reads count no longer. */
  heard(operation: string): void {
    this.begin(operation);
    this.#readings.delete(operation);
  }

  /** Forgets an operation that has ended. */
  forget(operation: string): void {
    this.#since.delete(operation);
    this.#readings.delete(operation);
  }

  /** Since when the operation waits. If nothing is stored of it, its wait starts now. */
  since(operation: string): number {
    const since = this.#since.get(operation) ?? this.#now();
    this.#since.set(operation, since);
    return since;
  }

  /**
   * Stores what a read has shown.
   * @param signature what it has shown, as text; null: the read proves nothing
   * @param at when the read was made
   * @returns since when all reads have shown the same, this one included; null: this read proves nothing
   */
  seen(what: string, signature: string | null, at = this.#now()): number | null {
    if (signature === null) {
      this.#readings.delete(what);
      return null;
    }
    const earlier = this.#readings.get(what);
    const since = earlier?.signature === signature ? earlier.at : at;
    this.#readings.set(what, { signature, at: since });
    return since;
  }

  /** The key for what reads of a whole zone have shown, apart from its operations. */
  static ofZone(what: 'watched' | 'lacking', zone: DnsName): string {
    return `${what} ${zone}`;
  }
}
