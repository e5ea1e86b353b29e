import { damaged } from './damage.ts';
import type { Database } from './database.ts';
import { sumOf } from './sums.ts';

/** Name of the row that holds how many other rows the table has. */
const others = 'rows';

/**
 * Stores counts: octets of ended operations, zones and records by state, zones with a note, zones with known
 * owners. A count is changed in the same transaction as the rows that it counts.
 */
export class Tallies {
  readonly #database: Database;
  readonly #changes = new Map<string, number>();
  /**
   * The stored counts in memory. Null: they have to be read from the file, because they were not read yet or
   * another process may change them.
   */
  #known: Map<string, number> | null = null;
  readonly #alone: boolean;

  /** @param alone whether this is the only process that writes the file */
  constructor(database: Database, alone: boolean) {
    this.#database = database;
    this.#alone = alone;
  }

  /** Adds to a count. {@link flush} writes the result. */
  add(name: string, change: number): void {
    if (change !== 0) this.#changes.set(name, (this.#changes.get(name) ?? 0) + change);
  }

  /**
   * Replaces all counts whose names begin with `prefix`; those missing in `counts` become 0. {@link flush}
   * writes the result.
   * @param counts the new counts; their keys are names without the prefix
   * @throws {JournalError}
   */
  replace(prefix: string, counts: ReadonlyMap<string, number>): void {
    const stored = this.#read();
    const names = [...stored.keys(), ...this.#changes.keys()].filter((name) => name.startsWith(prefix));
    for (const name of new Set([...names, ...[...counts.keys()].map((rest) => `${prefix}${rest}`)])) {
      const n = counts.get(name.slice(prefix.length)) ?? 0;
      this.#changes.set(name, n - (stored.get(name) ?? 0));
    }
  }

  /** Discards changes that were not flushed, because their transaction failed. */
  forget(): void {
    this.#changes.clear();
    this.#known = null;
  }

  /**
   * Writes the changed counts. Call this within the transaction that changes what they count.
   * @throws {JournalError} when a stored count is damaged
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

  /** Reads a count; 0 if it is not stored. @throws {JournalError} when a stored count is damaged */
  get(name: string): number {
    return this.#read().get(name) ?? 0;
  }

  /**
   * Returns the counts whose names begin with `prefix`. The keys are the names without the prefix. Counts of
   * 0 are left out.
   * @throws {JournalError}
   */
  group(prefix: string): Readonly<Record<string, number>> {
    const own = [...this.#read()].filter(([name, n]) => name.startsWith(prefix) && n !== 0);
    return Object.fromEntries(own.map(([name, n]) => [name.slice(prefix.length), n]));
  }

  /** Reads all counts at once. There are only a few, and their number shows whether one is missing. */
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
