import type { DnsName } from '../../../dns/name.ts';

/**
 * The state that the latest panel reads have shown, as text (`signature`), and since when all reads have
 * shown it (`at`, monotonic milliseconds).
 */
interface Reading {
  readonly signature: string;
  readonly at: number;
}

/**
 * Stores since when each operation waits for the panel, and what panel reads have shown of the operation. All
 * times are monotonic milliseconds.
 */
export class Patience {
  readonly #now: () => number;
  /** For each operation id, when the wait began. */
  readonly #since = new Map<string, number>();
  /** What panel reads have shown. The key is an operation id or comes from {@link ofZone}. */
  readonly #readings = new Map<string, Reading>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Starts the wait for an operation anew. What panel reads have shown of the operation is kept. */
  begin(operation: string): void {
    this.#since.set(operation, this.#now());
  }

  /**
   * Starts the wait for an operation that is new, or whose `after` call has come. What earlier panel reads
   * have shown no longer counts.
   */
  heard(operation: string): void {
    this.begin(operation);
    this.#readings.delete(operation);
  }

  /** Deletes what is stored of an operation, because it has ended. */
  forget(operation: string): void {
    this.#since.delete(operation);
    this.#readings.delete(operation);
  }

  /** When the wait for the operation began. If no wait is stored, it begins now. */
  since(operation: string): number {
    const since = this.#since.get(operation) ?? this.#now();
    this.#since.set(operation, since);
    return since;
  }

  /**
   * Stores what a panel read has shown.
   * @param what an operation id, or a key from {@link ofZone}
   * @param signature what the read has shown, as text; null: the read proves nothing
   * @param at when the read was made
   * @returns since when all reads have shown the same, this read included; null: this read proves nothing
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

  /** Makes the key under which reads of a whole zone are stored, instead of reads of one operation. */
  static ofZone(what: 'watched' | 'lacking', zone: DnsName): string {
    return `${what} ${zone}`;
  }
}
