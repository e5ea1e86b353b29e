import { damaged } from './damage.ts';
import type { Database } from './database.ts';
import { sumOf } from './sums.ts';

/** Name of the row that tells how many others there are. */
const others = 'rows';

/**
 * Counts that are kept instead of being counted: octets of all operations, zones and records by state, noted
 * zones ... They change in the transaction of what they count.
 */
export class Tallies {
  readonly #database: Database;
  readonly #changes = new Map<string, number>();
  /** What is stored, where nobody else writes; null: not read since. */
  #known: Map<string, number> | null = null;
  readonly #alone: boolean;

  /** @param alone whether nobody else writes */
  constructor(database: Database, alone: boolean) {
    this.#database = database;
    this.#alone = alone;
  }

  /** Notes a change for {@link flush}. */
  add(name: string, change: number): void {
    if (change !== 0) this.#changes.set(name, (this.#changes.get(name) ?? 0) + change);
  }

  /** Notes that these are all counts whose name begins so, by the rest of the name. @throws {JournalError} */
  replace(prefix: string, counts: ReadonlyMap<string, number>): void {
    const stored = this.#read();
    const names = [...stored.keys(), ...this.#changes.keys()].filter((name) => name.startsWith(prefix));
    for (const name of new Set([...names, ...[...counts.keys()].map((rest) => `${prefix}${rest}`)])) {
      const n = counts.get(name.slice(prefix.length)) ?? 0;
      this.#changes.set(name, n - (stored.get(name) ?? 0));
    }
  }

  /** Forgets the changes that were not flushed: their transaction failed. */
  forget(): void {
    this.#changes.clear();
    this.#known = null;
  }

  /**
   * Writes the changes, within the transaction of what they count. @throws {JournalError} when a stored count
   * is damaged
   */
  flush(): void {
    if (this.#changes.size === 0) return;
    const stored = this.#read();
    const before = stored.size;
    for (const [name, change] of this.#changes) {
      const n = (stored.get(name) ?? 0) + change;
      this.#put(name, n);
      stored.set(name, n);
    }
    if (stored.size > before) this.#put(others, stored.size);
    this.#changes.clear();
    if (this.#alone) this.#known = stored;
  }

  /** @throws {JournalError} when a stored count is damaged */
  get(name: string): number {
    return this.#read().get(name) ?? 0;
  }

  /** Counts whose name begins so, by the rest of the name; what is 0 is left out. @throws {JournalError} */
  group(prefix: string): Readonly<Record<string, number>> {
    const own = [...this.#read()].filter(([name, n]) => name.startsWith(prefix) && n !== 0);
    return Object.fromEntries(own.map(([name, n]) => [name.slice(prefix.length), n]));
  }

  /** All of them at once: there are few, and so none can be missing. */
  #read(): Map<string, number> {
    if (this.#known !== null) return this.#known;
    const counts = new Map<string, number>();
    for (const { name, n, sum } of this.#database.all('SELECT name, n, sum FROM tally')) {
      if (typeof name !== 'string' || typeof n !== 'number' || sumOf('tally', [name, n]) !== sum)
        throw damaged(this.#database.path, 'a count');
      counts.set(name, n);
    }
    const expected = counts.get(others) ?? 0;
    counts.delete(others);
    if (counts.size !== expected) throw damaged(this.#database.path, 'the list of counts');
    return counts;
  }

  #put(name: string, n: number): void {
    this.#database.run('INSERT OR REPLACE INTO tally VALUES (?, ?, ?)', name, n, sumOf('tally', [name, n]));
  }
}
