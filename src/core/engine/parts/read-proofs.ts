import type { DnsName } from '../../../dns/name.ts';

/**
 * Panel reads may show an old state of a zone. This class stores what reads have proven about their age. A
 * later read of a zone never shows an older state, so each proof also holds for later reads. All times are
 * monotonic milliseconds.
 */
export class ReadProofs {
  readonly #now: () => number;
  /** When each open operation was begun in this process, by operation id. */
  readonly #begun = new Map<string, number>();
  /** Ids of open operations whose edit a read has shown, at least in part. */
  readonly #shown = new Set<string>();
  /** For each zone, a time: panel reads show everything that the panel had reported before this time. */
  readonly #upTo = new Map<DnsName, number>();
  /** For each zone, the id of the latest delete that a read has shown. */
  readonly #deleted = new Map<DnsName, string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  begin(operation: string): void {
    this.#begun.set(operation, this.#now());
  }

  /**
   * Deletes what is stored of an operation, because the operation has ended. What reads of the operation have
   * proven for the zone stays.
   */
  forget(operation: string): void {
    this.#begun.delete(operation);
    this.#shown.delete(operation);
  }

  /**
   * Stores that a panel read has shown the edit of an operation.
   * @param isAsked whether the panel asked us before it made the edit. If so, the operation was begun before
   *   the edit was made. Then the read also shows everything that the panel had reported before the operation
   *   was begun
   */
  shown(zone: DnsName, operation: string, isAsked: boolean): void {
    this.#shown.add(operation);
    const begun = this.#begun.get(operation);
    if (isAsked && begun !== undefined)
      this.#upTo.set(zone, Math.max(begun, this.#upTo.get(zone) ?? -Infinity));
  }

  /**
   * Whether panel reads certainly show the result of an operation. @param heard when the panel reported its
   * edit as made
   */
  isCurrent(zone: DnsName, operation: string, heard: number): boolean {
    return this.#shown.has(operation) || heard < (this.#upTo.get(zone) ?? -Infinity);
  }

  /** Stores that a panel read has shown that the zone of a delete operation is gone. */
  deleted(zone: DnsName, operation: string): void {
    this.#deleted.set(zone, operation);
  }

  /**
   * Whether a panel read has shown that the zone of this delete operation is gone. If so, records in later
   * reads belong to a new zone.
   */
  isDeleted(zone: DnsName, operation: string): boolean {
    return this.#deleted.get(zone) === operation;
  }
}
