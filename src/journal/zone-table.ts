import type { DnsName } from '../dns/name.ts';
import type { ZoneEntry } from '../core/ledger.ts';
import { damaged, isWhole } from './damage.ts';
import type { Database, Row } from './database.ts';
import type { StateColumn } from './open.ts';
import { readZoneEntry } from './stored.ts';
import { sumOf } from './sums.ts';
import type { Tallies } from './tallies.ts';

const columnsWith = (state: StateColumn): readonly string[] => [
  'name',
  state,
  'incarnation',
  'baseline_at',
  'note',
];

/**
 * Prefix of the names of some counts: the rest of the name is a state. The count is the number of zones with
 * this state.
 */
export const zonesTally = 'zones ';
/** Name of a count: how many zones have a note. */
export const notesTally = 'notes';

/** Stores zone entries, each with a checksum. A second index shows whether an entry is missing. */
export class ZoneTable {
  readonly #database: Database;
  readonly #tallies: Tallies;
  readonly #checked: boolean;
  readonly #columns: readonly string[];

  constructor(database: Database, tallies: Tallies, checked: boolean, state: StateColumn) {
    this.#database = database;
    this.#tallies = tallies;
    this.#checked = checked;
    this.#columns = columnsWith(state);
  }

  /** Reads all zone entries, sorted by name. @throws {JournalError} when one is damaged or missing */
  all(): readonly ZoneEntry[] {
    const rows = this.#database.all('SELECT * FROM zone INDEXED BY sqlite_autoindex_zone_1 ORDER BY name');
    const entries = rows.map((row) => readZoneEntry(this.#whole(row)));
    if (!this.#checked) return entries;
    const second = this.#database.all('SELECT name FROM zone INDEXED BY zone_2 ORDER BY name');
    if (second.length !== entries.length || second.some(({ name }, at) => name !== entries[at]?.zone))
      throw damaged(this.#database.path, 'the list of zones');
    return entries;
  }

  /**
   * Reads the entry of a zone.
   * @throws {JournalError} when it is damaged, or only one of the two indexes has it
   */
  get(zone: DnsName): ZoneEntry | null {
    const sql = 'SELECT * FROM zone INDEXED BY sqlite_autoindex_zone_1 WHERE name = ?';
    const row = this.#database.get(sql, zone);
    if (this.#checked) {
      const second = this.#database.get('SELECT sum FROM zone INDEXED BY zone_2 WHERE name = ?', zone);
      if (second?.['sum'] !== row?.['sum']) throw damaged(this.#database.path, `zone ${zone}`);
    }
    return row === undefined ? null : readZoneEntry(this.#whole(row));
  }

  put({ zone, state, incarnation, baselineAt, note }: ZoneEntry): void {
    this.#count(this.get(zone), -1);
    const values = [zone, state, incarnation, baselineAt, note];
    this.#database.run(
      `INSERT OR REPLACE INTO zone (${this.#columns.join(', ')}, sum) VALUES (?, ?, ?, ?, ?, ?)`,
      ...values,
      sumOf('zone', values),
    );
    this.#tallies.add(`${zonesTally}${state}`, 1);
    this.#tallies.add(notesTally, note === null ? 0 : 1);
  }

  drop(zone: DnsName): void {
    this.#count(this.get(zone), -1);
    this.#database.run('DELETE FROM zone WHERE name = ?', zone);
  }

  #count(entry: ZoneEntry | null, change: number): void {
    if (entry === null) return;
    this.#tallies.add(`${zonesTally}${entry.state}`, change);
    this.#tallies.add(notesTally, entry.note === null ? 0 : change);
  }

  #whole(row: Row): Row {
    if (this.#checked && !isWhole('zone', this.#columns, row))
      throw damaged(this.#database.path, `zone ${String(row['name'])}`);
    return row;
  }
}
