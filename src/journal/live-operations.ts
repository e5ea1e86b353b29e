import { isOpen, type Operation } from '../core/operation.ts';
import type { DnsName } from '../dns/name.ts';

/** An operation as it is stored, and the octets of it. */
export interface StoredOctets {
  readonly operation: Operation;
  readonly octets: number;
}

/**
 * How long (ms) the end of a watch is remembered: queries ask for the present, also after the clock was set
 * back a little.
 */
const margin = 86_400_000;
/** So many more than after the last check of all of them, and those whose watch is over are searched for. */
const growth = 1_000;

/**
 * Ended operations that were asked for or written last: what follows in the same zone asks for them again.
 */
const mostEnded = 500;

/**
 * The operations that every edit asks for, in memory: those that are open, those that were on watch lately,
 * and some that have ended. The agent alone writes them, so what is here is what is stored, or, where the
 * disk has changed by itself, what should be.
 */
export class LiveOperations {
  readonly #byId = new Map<string, StoredOctets>();
  readonly #byZone = new Map<DnsName, Map<string, Operation>>();
  /** The others; the one that was used last comes last. */
  readonly #ended = new Map<string, StoredOctets>();
  /** What a transaction has changed so far; null: dropped. */
  readonly #staged = new Map<string, StoredOctets | null>();
  /** Operations whose watch ended before (wall clock) are not kept. */
  #since: number;
  /** How many were here after the last check of all of them. */
  #swept: number;

  /** @param now wall clock @param stored all that are open or on watch after {@link since} */
  constructor(now: number, load: (since: number) => readonly StoredOctets[]) {
    this.#since = now - margin;
    for (const one of load(this.#since)) this.#put(one);
    this.#swept = this.#byId.size;
  }

  /** Null: it is none of these; it may be in the file. */
  get(id: string): StoredOctets | null {
    return this.#staged.get(id) ?? this.#byId.get(id) ?? this.#ended.get(id) ?? null;
  }

  /** What was read from the file. */
  keep(stored: StoredOctets): void {
    const { id } = stored.operation;
    this.#ended.delete(id);
    this.#ended.set(id, stored);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > mostEnded && oldest !== undefined) this.#ended.delete(oldest);
  }

  /**
   * Those open or on watch at a time, by id; null: too long ago to be told. @param zone absent: of all zones
   */
  openAt(wall: number, zone?: DnsName): readonly Operation[] | null {
    if (wall < this.#since) return null;
    const all =
      zone === undefined
        ? [...this.#byId.values()].map(({ operation }) => operation)
        : [...(this.#byZone.get(zone)?.values() ?? [])];
    const open = all.filter((operation) => isOpen(operation, wall));
    return open.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Notes a change for {@link commit}. */
  stage(id: string, stored: StoredOctets | null): void {
    this.#staged.set(id, stored);
  }

  /** What was staged is durable. */
  commit(): void {
    for (const [id, stored] of this.#staged) {
      if (stored === null) this.#drop(id);
      else this.#put(stored);
    }
    this.#staged.clear();
    if (this.#byId.size > this.#swept + growth) this.#sweep();
  }

  /** What was staged is not. */
  forget(): void {
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
