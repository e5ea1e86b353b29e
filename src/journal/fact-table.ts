import { damaged, isWhole } from './damage.ts';
import type { Database } from './database.ts';
import { sumOf } from './sums.ts';

/**
 * Stores facts: short texts under a name, each with a checksum. A second index shows whether a row is
 * missing.
 */
export class FactTable {
  readonly #database: Database;
  readonly #checked: boolean;

  constructor(database: Database, checked: boolean) {
    this.#database = database;
    this.#checked = checked;
  }

  /**
   * Reads the text of a fact; null: no fact has this name.
   * @throws {JournalError} when it is damaged or missing
   */
  get(name: string): string | null {
    const sql = 'SELECT * FROM fact INDEXED BY sqlite_autoindex_fact_1 WHERE name = ?';
    const row = this.#database.get(sql, name);
    if (this.#checked) {
      const second = this.#database.get('SELECT sum FROM fact INDEXED BY fact_2 WHERE name = ?', name);
      const isSound = row === undefined || isWhole('fact', ['name', 'value'], row);
      if (!isSound || second?.['sum'] !== row?.['sum']) throw damaged(this.#database.path, `fact ${name}`);
    }
    const value = row?.['value'];
    return typeof value === 'string' ? value : null;
  }

  /** Stores a fact. @param value null deletes it */
  put(name: string, value: string | null): void {
    if (value === null) this.#database.run('DELETE FROM fact WHERE name = ?', name);
    else
      this.#database.run(
        'INSERT OR REPLACE INTO fact (name, value, sum) VALUES (?, ?, ?)',
        name,
        value,
        sumOf('fact', [name, value]),
      );
  }

  /** Returns the given texts that are stored as the value of some fact. */
  valuesAmong(texts: readonly string[]): ReadonlySet<string> {
    const places = texts.map(() => '?').join(', ');
    const rows = this.#database.all(`SELECT value FROM fact WHERE value IN (${places})`, ...texts);
    return new Set(rows.map(({ value }) => String(value)));
  }
}
