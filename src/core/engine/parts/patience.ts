import type { DnsName } from '../../../dns/name.ts';

/** What was seen of something undecided, and when (monotonic, ms). */
interface Reading {
  readonly signature: string;
  readonly at: number;
}

/**
 * Since when the panel's part of an operation is waited for, and what earlier looks have shown. Times are
 * monotonic (ms).
 */
export class Patience {
  readonly #now: () => number;
  /** By operation. */
  readonly #since = new Map<string, number>();
  /** By operation, or by what else is checked twice. */
  readonly #readings = new Map<string, Reading>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Patience with the operation begins now; what was read before stays. */
  begin(operation: string): void {
    this.#since.set(operation, this.#now());
  }

  /**
   * The operation is new, or the panel has just spoken of it: patience begins, and reads from before count no
   * longer.
   */
  heard(operation: string): void {
    this.begin(operation);
    this.#readings.delete(operation);
  }

  /** It is over. */
  forget(operation: string): void {
    this.#since.delete(operation);
    this.#readings.delete(operation);
  }

  /** Since when; from now on where nothing is known. */
  since(operation: string): number {
    const since = this.#since.get(operation) ?? this.#now();
    this.#since.set(operation, since);
    return since;
  }

  /**
   * Since when looks have shown the same, this one included.
   * @param signature null: this look proves nothing
   * @param at when it was
   * @returns null: it proves nothing
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

  /** The last check of a zone for which nothing is known of operations. */
  static ofZone(what: 'watched' | 'lacking', zone: DnsName): string {
    return `${what} ${zone}`;
  }
}
