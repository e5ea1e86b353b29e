import { isOpen, type Operation } from '../core/operation.ts';
import type { DnsName } from '../dns/name.ts';

/** An operation, and the number of octets of its stored body. */
export interface StoredOctets {
  readonly operation: Operation;
  readonly octets: number;
}

/**
 * Time (ms) for which an operation stays in memory after its watch has ended. If the clock is set back by no
 * more than this, memory can still answer all queries.
 */
const margin = 86_400_000;
/** When memory has grown by this many operations, those whose watch ended long ago are removed. */
const growth = 1_000;

/**
 * Maximum number of ended operations in memory. Those that were used last are kept, because later calls in
 * the same zone often need them again.
 */
const mostEnded = 500;

/**
 * Keeps in memory the operations that edits need: open ones, those that are or recently were on watch, and
 * some ended ones. Only the agent writes operations, so memory and file agree. If the disk damages the file,
 * the operations in memory are still correct.
 */
export class LiveOperations {
  readonly #byId = new Map<string, StoredOctets>();
  readonly #byZone = new Map<DnsName, Map<string, Operation>>();
  /** Ended operations; the one used last is at the end. */
  readonly #ended = new Map<string, StoredOctets>();
  /** Changes of the open transaction; null: the transaction dropped the operation. */
  readonly #staged = new Map<string, StoredOctets | null>();
  /** Changes of the part of the transaction that is being written; null: the part dropped the operation. */
  readonly #part = new Map<string, StoredOctets | null>();
  /** Ended operations whose watch ended before this time (wall clock, ms) are not in `#byId`. */
  #since: number;
  /** The size of `#byId` after old operations were last removed from it. */
  #swept: number;

  /**
   * @param now wall clock, milliseconds since 1970
   * @param load reads all operations that are open, or on watch later than `since` (wall clock, ms)
   */
  constructor(now: number, load: (since: number) => readonly StoredOctets[]) {
    this.#since = now - margin;
    for (const one of load(this.#since)) this.#put(one);
    this.#swept = this.#byId.size;
  }

  /** Returns an operation from memory. Null: the operation is not in memory, but may be in the file. */
  get(id: string): StoredOctets | null {
    return this.#part.get(id) ?? this.#staged.get(id) ?? this.#byId.get(id) ?? this.#ended.get(id) ?? null;
  }

  /**
   * Keeps an ended operation that was just read from the file. If memory is full, removes the operation that
   * was unused for the longest time.
   */
  keep(stored: StoredOctets): void {
    const { id } = stored.operation;
    this.#ended.delete(id);
    this.#ended.set(id, stored);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > mostEnded && oldest !== undefined) this.#ended.delete(oldest);
  }

  /**
   * Lists the operations that are open, or on watch at the given time, sorted by id. Changes of the open
   * transaction are included.
   * @param wall wall clock, milliseconds since 1970
   * @param zone absent: operations of all zones
   * @returns null: memory may lack operations of that time, so the caller has to read the file
   */
  openAt(wall: number, zone?: DnsName): readonly Operation[] | null {
    if (wall < this.#since) return null;
    const all =
      zone === undefined
        ? [...this.#byId.values()].map(({ operation }) => operation)
        : [...(this.#byZone.get(zone)?.values() ?? [])];
    const now = this.#staged.size === 0 ? all : this.#withStaged(all, zone);
    const open = now.filter((operation) => isOpen(operation, wall));
    return open.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #withStaged(all: readonly Operation[], zone: DnsName | undefined): readonly Operation[] {
    const kept = all.filter(({ id }) => !this.#staged.has(id));
    const changed = [...this.#staged.values()].flatMap((stored) => stored?.operation ?? []);
    return [...kept, ...changed.filter((operation) => zone === undefined || operation.zone === zone)];
  }

  /**
   * Stores a change of the open transaction. {@link commit} later applies the change to memory.
   * @param stored null: the operation was dropped
   */
  stage(id: string, stored: StoredOctets | null): void {
    this.#part.set(id, stored);
  }

  /**
   * Stages the operations of the part of the transaction that was just written. Another part may follow, and
   * the commit still has to come.
   */
  endPart(): void {
    for (const [id, stored] of this.#part) this.#staged.set(id, stored);
    this.#part.clear();
  }

  /** Discards the changes of the part that was being written, because it failed. */
  forgetPart(): void {
    this.#part.clear();
  }

  /** Applies the stored changes to memory, because their transaction was committed. */
  commit(): void {
    this.endPart();
    for (const [id, stored] of this.#staged) {
      if (stored === null) this.#drop(id);
      else this.#put(stored);
    }
    this.#staged.clear();
    if (this.#byId.size > this.#swept + growth) this.#sweep();
  }

  /** Discards the stored changes, because their transaction failed. */
  forget(): void {
    this.#part.clear();
    this.#staged.clear();
  }

  #put(stored: StoredOctets): void {
    const { operation } = stored;
    const { id, zone } = operation;
    if (!isOpen(operation, this.#since)) {
      this.#drop(id);
      this.keep(stored);
      return;
    }
    this.#byId.set(id, stored);
    const own = this.#byZone.get(zone) ?? new Map<string, Operation>();
    this.#byZone.set(zone, own.set(id, operation));
  }

  #drop(id: string): void {
    const zone = this.#byId.get(id)?.operation.zone;
    this.#byId.delete(id);
    this.#ended.delete(id);
    if (zone === undefined) return;
    const own = this.#byZone.get(zone);
    own?.delete(id);
    if (own?.size === 0) this.#byZone.delete(zone);
  }

  #sweep(): void {
    this.#since = Math.max(this.#since, Date.now() - margin);
    for (const stored of this.#byId.values()) this.#put(stored);
    this.#swept = this.#byId.size;
  }
}
