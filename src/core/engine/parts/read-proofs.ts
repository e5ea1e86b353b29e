import type { DnsName } from '../../../dns/name.ts';

/**
 * What panel reads have proven about how recent they are. Reads of a zone never go back to an older state, so
 * each proof also holds for later reads. All times are monotonic milliseconds.
 */
export class ReadProofs {
  readonly #now: () => number;
  /** When each open operation of this process was begun, by id. */
  readonly #begun = new Map<string, number>();
  /** Ids of open operations whose edit a read has shown, at least in part. */
  readonly #shown = new Set<string>();
  /** For each zone: reads show all that the panel had reported before this time. */
  readonly #upTo = new Map<DnsName, number>();
  /** For each zone, the id of the latest delete that a read has shown. */
  readonly #deleted = new Map<DnsName, string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  begin(operation: string): void {
    this.#begun.set(operation, this.#now());
  }

  /** Deletes what is stored of an operation, because it has ended. What it proved of the zone stays. */
  forget(operation: string): void {
    this.#begun.delete(operation);
    this.#shown.delete(operation);
  }

  /**
   * Stores that a read has shown an edit.
   * @param isAsked whether we were asked before the panel made the edit. Then the panel made it later than it
   *   was begun here, so the read shows everything that was reported before that
   */
  shown(zone: DnsName, operation: string, isAsked: boolean): void {
    this.#shown.add(operation);
    const begun = this.#begun.get(operation);
    if (isAsked && begun !== undefined)
      this.#upTo.set(zone, Math.max(begun, this.#upTo.get(zone) ?? -Infinity));
  }

  /** Whether reads are known to show what became of an operation that the panel reported at `heard`. */
  isCurrent(zone: DnsName, operation: string, heard: number): boolean {
    return this.#shown.has(operation) || heard < (this.#upTo.get(zone) ?? -Infinity);
  }

  /** Stores that a read has shown that a delete was carried out. */
  deleted(zone: DnsName, operation: string): void {
    this.#deleted.set(zone, operation);
  }

  /** Whether a read has shown this delete. What reads show of the zone afterwards is from after it. */
  isDeleted(zone: DnsName, operation: string): boolean {
    return this.#deleted.get(zone) === operation;
  }
}
