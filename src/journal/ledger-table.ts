import { conflictSinceFact, JournalError, type RowChange, type ZoneCounts } from '../core/journal.ts';
import type { LedgerRow } from '../core/ledger.ts';
import { displayName, type DnsName } from '../dns/name.ts';
import type { ResourceRecord } from '../dns/record.ts';
import { isWhole } from './damage.ts';
import type { Database, Row } from './database.ts';
import { presentState } from './earlier-words.ts';
import type { StateColumn } from './open.ts';
import { isStoredName, readKeys, readLedgerRow } from './stored.ts';
import { addSum, sumOf, sumOfText, textInSql, type ColumnValue } from './sums.ts';
import type { Tallies } from './tallies.ts';

/**
 * Prefix of the names of some counts: the rest of the name is a state. The count is the number of ledger rows
 * with this state.
 */
export const rowsTally = 'records ';

const columnsWith = (state: StateColumn): readonly string[] => [
  'zone',
  'name',
  'type',
  'rdata',
  'ttl',
  state,
  'on_panel',
  'on_central',
  'panel_key',
  'note',
];

const ofRecord = 'WHERE zone = ? AND name = ? AND type = ? AND rdata = ?';

/**
 * SQL that reads `otherKeys` of a ledger row from `record_key`, as a JSON list. They are keys of further rows
 * in the panel that hold the same record. They count only if the row itself has a key (`panel_key`).
 * Otherwise a program that does not know `record_key` may have left them behind.
 */
const keysInSql = `iif(panel_key IS NULL, NULL, (
  SELECT json_group_array(key) FROM record_key AS other
  WHERE other.zone = record.zone AND other.name = record.name AND other.type = record.type AND other.rdata = record.rdata
))`;

/** The number of a zone's rows, and the sum of their checksums. */
interface Total {
  readonly count: number;
  readonly sum: number;
}

const nothing: Total = { count: 0, sum: 0 };

/**
 * Stores the rows of the ledger, each with a checksum. The table `ledger` holds each zone's number of rows
 * and the sum of their checksums, which change in the same transaction. Before a zone's rows are first
 * returned, all of them are checked. If the check fails, the zone is frozen: reading it throws until all its
 * rows are dropped.
 */
export class LedgerTable {
  readonly #database: Database;
  readonly #tallies: Tallies;
  /** Whether the file has the table `record_key`. */
  readonly #keeps: boolean;
  readonly #checked: boolean;
  readonly #state: StateColumn;
  /** An SQL expression for the text of a row. The checksum of the row is made from this text. */
  readonly #text: string;
  /** Zones whose rows were checked and found undamaged since this process opened the file. */
  readonly #whole = new Set<string>();
  /** Changes of zone totals that {@link flush} still has to write. */
  readonly #changes = new Map<DnsName, Total>();

  constructor(database: Database, tallies: Tallies, tables: ReadonlySet<string>, state: StateColumn) {
    this.#database = database;
    this.#tallies = tallies;
    this.#keeps = tables.has('record_key');
    this.#checked = tables.has('ledger');
    this.#state = state;
    this.#text = textInSql('record', columnsWith(state));
  }

  /**
   * Reads the rows of a zone, sorted by owner name, type and rdata.
   * @param names only rows of these owner names; absent: all rows
   * @throws {ZoneDamaged} when the zone is frozen or its rows are damaged
   */
  rows(zone: DnsName, names?: readonly DnsName[]): readonly LedgerRow[] {
    if (names === undefined) {
      const all = this.#all(zone);
      if (this.#checked) this.#addUp(zone, all);
      return all.map(readLedgerRow);
    }
    if (this.#checked && !this.#whole.has(zone)) this.verify(zone);
    const sql = `${this.#select(this.#keeps)} WHERE zone = ? AND name = ? ORDER BY type, rdata`;
    const rows = [...new Set(names)].sort().flatMap((name) => this.#database.all(sql, zone, name));
    if (this.#checked && !rows.every((row) => isWholeRow(row))) throw new ZoneDamaged(zone);
    return rows.map(readLedgerRow);
  }

  /**
   * Checks all rows of a zone, even if an earlier check found them undamaged.
   * @returns how many rows the zone has
   * @throws {ZoneDamaged}
   */
  verify(zone: DnsName): number {
    // Usually no row has further keys. Then SQL alone makes the texts for the checksums, which is several
    // times as fast.
    const hasKeys = this.#hasKeys(zone);
    const plain = `SELECT ${this.#text} AS text, sum, NULL AS other_keys FROM record WHERE zone = ?`;
    const rows = hasKeys ? this.#all(zone) : this.#database.all(plain, zone);
    this.#addUp(zone, rows);
    return rows.length;
  }

  /**
   * Returns the first zone after `after`, sorted by name, that has rows or a stored total; null: there is
   * none.
   */
  next(after: string): DnsName | null {
    const sql = (table: string): string => `SELECT min(zone) AS zone FROM ${table} WHERE zone > ?`;
    const found = ['record', 'ledger'].map((table) => this.#database.get(sql(table), after)?.['zone']);
    const [first] = found.filter(isStoredName).sort();
    return first ?? null;
  }

  /**
   * Counts the rows of each zone by state, and reads since when the zone has conflicts. Makes a single pass
   * over all rows.
   */
  countEach(): ReadonlyMap<DnsName, ZoneCounts> {
    const found = new Map<DnsName, { records: Record<string, number>; conflictSince: number | null }>();
    const sql = `
      SELECT zone, ${this.#state} AS state, count(*) AS n,
        iif(${this.#state} IN ('conflict', 'differs'),
          (SELECT value FROM fact WHERE fact.name = ? || record.zone), NULL) AS since
      FROM record GROUP BY zone, ${this.#state}`;
    for (const { zone, state, n, since } of this.#database.all(sql, conflictSinceFact)) {
      if (!isStoredName(zone)) continue;
      const counts = found.get(zone) ?? { records: {}, conflictSince: null };
      counts.records[presentState(String(state))] = Number(n);
      if (typeof since === 'string') counts.conflictSince = Number(since);
      found.set(zone, counts);
    }
    return found;
  }

  /** Names of the frozen zones, sorted. */
  frozen(): readonly string[] {
    if (!this.#checked) return [];
    return this.#database
      .all('SELECT zone FROM ledger WHERE frozen = 1 ORDER BY zone')
      .map(({ zone }) => String(zone));
  }

  isFrozen(zone: DnsName): boolean {
    return this.#database.get('SELECT 1 FROM ledger WHERE zone = ? AND frozen = 1', zone) !== undefined;
  }

  /**
   * Freezes a zone: every read of it throws until all its rows are dropped. Call this within a transaction.
   */
  freeze(zone: DnsName): void {
    this.#whole.delete(zone);
    this.#putTotal(zone, nothing, true);
  }

  change({ zone, dropAll, drop = [], put = [] }: RowChange): void {
    if (dropAll === true) this.drop(zone);
    for (const record of drop) this.#remove(zone, record);
    for (const row of put) {
      this.#remove(zone, row.record);
      this.#add(zone, row);
    }
  }

  /** Deletes all rows of a zone. If the zone was frozen, it no longer is. */
  drop(zone: DnsName): void {
    const total = this.#database.get('SELECT * FROM ledger WHERE zone = ?', zone);
    const isSound = total === undefined || (total['frozen'] === 0 && isWhole('ledger', totalColumns, total));
    const states = this.#database.all(
      'SELECT state, count(*) AS n FROM record WHERE zone = ? GROUP BY state',
      zone,
    );
    for (const { state, n } of states) this.#tallies.add(`${rowsTally}${String(state)}`, -Number(n));
    this.#database.run('DELETE FROM record WHERE zone = ?', zone);
    this.#database.run('DELETE FROM record_key WHERE zone = ?', zone);
    this.#database.run('DELETE FROM ledger WHERE zone = ?', zone);
    this.#changes.delete(zone);
    if (!isSound) this.#countAnew();
  }

  /** Writes the changed totals of zones. Call this within the transaction that changed the rows. */
  flush(): void {
    for (const [zone, { count, sum }] of this.#changes) {
      const before = this.#total(zone) ?? { ...nothing, frozen: false };
      const total = { count: before.count + count, sum: addSum(before.sum, sum) };
      this.#putTotal(zone, total, before.frozen);
    }
    this.#changes.clear();
  }

  /** Discards changes of totals that are not written yet, because their transaction failed. */
  forget(): void {
    this.#changes.clear();
  }

  #add(zone: DnsName, row: LedgerRow): void {
    const { record, state, onPanel, onCentral, panelKey, otherKeys = [], note } = row;
    const { name, type, rdata, ttl } = record;
    const sides = [onPanel ? 1 : 0, onCentral ? 1 : 0];
    const values = [zone, name, type, rdata, ttl, state, ...sides, panelKey, note];
    const sum = rowSum(values, panelKey === null ? [] : otherKeys);
    this.#database.run(insertRow, ...values, sum);
    for (const key of new Set(otherKeys))
      this.#database.run('INSERT INTO record_key VALUES (?, ?, ?, ?, ?)', zone, name, type, rdata, key);
    this.#count(zone, { count: 1, sum });
    this.#tallies.add(`${rowsTally}${state}`, 1);
  }

  #remove(zone: DnsName, { name, type, rdata }: ResourceRecord): void {
    const key = [zone, name, type, rdata];
    // Keys are deleted even if the row is missing, because a program that does not know `record_key` may have
    // left some behind.
    this.#database.run(`DELETE FROM record_key ${ofRecord}`, ...key);
    const row = this.#database.get(`SELECT state, sum FROM record ${ofRecord}`, ...key);
    if (row === undefined) return;
    this.#database.run(`DELETE FROM record ${ofRecord}`, ...key);
    this.#count(zone, { count: -1, sum: -Number(row['sum']) });
    this.#tallies.add(`${rowsTally}${String(row['state'])}`, -1);
  }

  /** Counts the rows of all zones by state again, because the stored counts may be wrong after damage. */
  #countAnew(): void {
    const rows = this.#database.all('SELECT state, count(*) AS n FROM record GROUP BY state');
    this.#tallies.replace(rowsTally, new Map(rows.map(({ state, n }) => [String(state), Number(n)])));
  }

  #count(zone: DnsName, { count, sum }: Total): void {
    const before = this.#changes.get(zone) ?? nothing;
    this.#changes.set(zone, { count: before.count + count, sum: before.sum + sum });
  }

  #all(zone: DnsName): readonly Row[] {
    const select = this.#select(this.#hasKeys(zone));
    return this.#database.all(`${select} WHERE zone = ? ORDER BY name, type, rdata`, zone);
  }

  /**
   * Makes the SQL that reads rows. @param withKeys false if no row has further keys, or the file has no table
   * `record_key`
   */
  #select(withKeys: boolean): string {
    return `SELECT *, ${this.#text} AS text, ${withKeys ? keysInSql : 'NULL'} AS other_keys FROM record`;
  }

  #hasKeys(zone: DnsName): boolean {
    return (
      this.#keeps && this.#database.get('SELECT 1 FROM record_key WHERE zone = ? LIMIT 1', zone) !== undefined
    );
  }

  /**
   * Checks the rows of a zone against their checksums and against the zone's total.
   * @param rows all rows of the zone
   * @throws {ZoneDamaged}
   */
  #addUp(zone: DnsName, rows: readonly Row[]): void {
    this.#whole.delete(zone);
    const stored = this.#total(zone);
    const sum = rows.reduce((total, row) => addSum(total, Number(row['sum'])), 0);
    const { count, sum: expected, frozen } = stored ?? { ...nothing, frozen: false };
    if (frozen || count !== rows.length || sum !== expected || !rows.every(isWholeRow))
      throw new ZoneDamaged(zone);
    this.#whole.add(zone);
  }

  /** The stored number of rows and sum of checksums of a zone; null: none is stored. @throws {ZoneDamaged} */
  #total(zone: DnsName): (Total & { readonly frozen: boolean }) | null {
    const row = this.#database.get('SELECT * FROM ledger WHERE zone = ?', zone);
    if (row === undefined) return null;
    if (!isWhole('ledger', totalColumns, row)) throw new ZoneDamaged(zone);
    return { count: Number(row['row_count']), sum: Number(row['row_sum']), frozen: row['frozen'] === 1 };
  }

  #putTotal(zone: DnsName, { count, sum }: Total, frozen: boolean): void {
    const values = [zone, count, sum, frozen ? 1 : 0];
    this.#database.run(
      'INSERT OR REPLACE INTO ledger VALUES (?, ?, ?, ?, ?)',
      ...values,
      sumOf('ledger', values),
    );
  }
}

const insertRow = `INSERT INTO record (${columnsWith('state').join(', ')}, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const totalColumns = ['zone', 'row_count', 'row_sum', 'frozen'];

/** Thrown if the rows of a zone are not what was written, or the zone is frozen. */
export class ZoneDamaged extends JournalError {
  readonly zone: DnsName;

  constructor(zone: DnsName) {
    super('journal.zone-damaged', { zone: displayName(zone) });
    this.zone = zone;
  }
}

/** The checksum of a row, including its further keys from the table `record_key`. */
function rowSum(values: readonly ColumnValue[], otherKeys: readonly string[]): number {
  return sumOf('record', [...values, ...[...new Set(otherKeys)].sort()]);
}

function isWholeRow({ text: stored, sum, other_keys: keys }: Row): boolean {
  return typeof stored === 'string' && sum === sumOfText(stored, [...readKeys(keys)].sort());
}
