import type { DatabaseSync } from 'node:sqlite';
import { Database, type Row } from './database.ts';
import { columnsOf, damaged, isWhole } from './damage.ts';
import { presentNote, presentState } from './earlier-words.ts';
import { keysOf, recordTable, zoneTable } from './migrate-checksums.ts';
import { addSum, sumOf, type ColumnValue } from './sums.ts';

/*
 * The migration to schema 7. It renames the column `standing` of zones and records to `state`, and renames
 * the states as in docs/glossary.md. A zone with a damaged row is frozen, so that no damaged row gets a valid
 * checksum.
 */

/** The new tables. {@link renameStates} copies the rows into them; then they replace `zone` and `record`. */
export const renamedTables = `
  CREATE TABLE zone_7 (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN
      ('synced', 'panel-only', 'foreign', 'excluded', 'creating', 'deleting')),
    incarnation INTEGER NOT NULL CHECK (incarnation >= 1),
    baseline_at INTEGER NOT NULL,
    note TEXT,
    sum INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE record_7 (
    zone TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    rdata TEXT NOT NULL,
    ttl INTEGER,
    state TEXT NOT NULL CHECK (state IN
      ('synced', 'panel-only', 'central-only', 'conflict', 'excluded')),
    on_panel INTEGER NOT NULL CHECK (on_panel IN (0, 1)),
    on_central INTEGER NOT NULL CHECK (on_central IN (0, 1)),
    panel_key TEXT,
    note TEXT,
    sum INTEGER,
    PRIMARY KEY (zone, name, type, rdata)
  ) STRICT, WITHOUT ROWID;`;

const replaceTables = `
  DROP TABLE zone;
  ALTER TABLE zone_7 RENAME TO zone;
  CREATE INDEX zone_2 ON zone (name, sum);
  DROP TABLE record;
  ALTER TABLE record_7 RENAME TO record;`;

/**
 * Copies all rows into the new tables and replaces the old ones.
 * @throws {JournalError} `journal.unreadable` if a zone entry or a count is damaged
 */
export function renameStates(file: DatabaseSync): void {
  const database = new Database(file.location() ?? '', file, null);
  const frozen = copyRecords(database);
  copyZones(database, frozen);
  file.exec(replaceTables);
  countAnew(new Database(database.path, file, null));
}

/**
 * Copies the records zone by zone, so that a large ledger does not need much memory.
 * @returns zones whose rows are damaged; their rows are not copied
 */
function copyRecords(database: Database): ReadonlySet<string> {
  const frozen = new Set<string>();
  const zones = database.all('SELECT zone FROM record UNION SELECT zone FROM ledger');
  for (const { zone } of zones) {
    const name = String(zone);
    const rows = database.all('SELECT * FROM record WHERE zone = ?', name);
    const hasKeys = database.get('SELECT 1 FROM record_key WHERE zone = ? LIMIT 1', name) !== undefined;
    const keys = rows.map((row) => (hasKeys ? keysOf(database, row) : []));
    if (isWholeZone(database, name, rows, keys)) copyZone(database, name, rows, keys);
    else {
      putTotal(database, [name, 0, 0, 1]);
      frozen.add(name);
    }
  }
  return frozen;
}

function isWholeZone(
  database: Database,
  zone: string,
  rows: readonly Row[],
  keys: readonly (readonly string[])[],
): boolean {
  const total = database.get('SELECT * FROM ledger WHERE zone = ?', zone);
  if (total === undefined || !isWhole('ledger', totalColumns, total) || total['frozen'] !== 0) return false;
  const sum = rows.reduce((before, row) => addSum(before, Number(row['sum'])), 0);
  if (total['row_count'] !== rows.length || total['row_sum'] !== sum) return false;
  return rows.every(
    (row, at) => row['sum'] === sumOf('record', [...recordColumns(row), ...(keys[at] ?? [])]),
  );
}

const recordColumns = (row: Row): readonly ColumnValue[] => columnsOf(row, recordTable.columns);

function copyZone(
  database: Database,
  zone: string,
  rows: readonly Row[],
  keys: readonly (readonly string[])[],
): void {
  let total = 0;
  for (const [at, row] of rows.entries()) {
    const values = columnsOf(present(row), recordTable.columns);
    const sum = sumOf('record', [...values, ...(keys[at] ?? [])]);
    database.run('INSERT INTO record_7 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', ...values, sum);
    total = addSum(total, sum);
  }
  putTotal(database, [zone, rows.length, total, 0]);
}

const totalColumns = ['zone', 'row_count', 'row_sum', 'frozen'];

function putTotal(database: Database, values: readonly ColumnValue[]): void {
  const sum = sumOf('ledger', values);
  database.run('INSERT OR REPLACE INTO ledger VALUES (?, ?, ?, ?, ?)', ...values, sum);
}

/**
 * Copies the zone entries. A frozen zone gets the note `journal.zone-damaged`.
 * @throws {JournalError} when an entry is damaged or missing
 */
function copyZones(database: Database, frozen: ReadonlySet<string>): void {
  const rows = database.all('SELECT * FROM zone INDEXED BY sqlite_autoindex_zone_1 ORDER BY name');
  const second = database.all('SELECT name, sum FROM zone INDEXED BY zone_2 ORDER BY name');
  const agree = (row: Row, at: number): boolean =>
    row['name'] === second[at]?.['name'] && row['sum'] === second[at]?.['sum'];
  if (second.length !== rows.length || !rows.every(agree)) throw damaged(database.path, 'the list of zones');
  for (const row of rows) {
    const name = String(row['name']);
    if (!isWhole('zone', zoneTable.columns, row)) throw damaged(database.path, `zone ${name}`);
    const note = frozen.has(name) ? 'journal.zone-damaged' : row['note'];
    const values = columnsOf(present({ ...row, note }), zoneTable.columns);
    database.run('INSERT INTO zone_7 VALUES (?, ?, ?, ?, ?, ?)', ...values, sumOf('zone', values));
  }
}

/**
 * Returns a row with its state and its note in the names of this release. The column is still called
 * `standing`.
 */
function present(row: Row): Row {
  const { standing, note } = row;
  return {
    ...row,
    standing: presentState(String(standing)),
    note: typeof note === 'string' ? presentNote(note) : null,
  };
}

/**
 * Counts zones, records and notes again, and keeps the other counts.
 * @throws {JournalError} when a stored count is damaged
 */
function countAnew(database: Database): void {
  const counts = new Map<string, number>();
  for (const { name, n, sum } of database.all('SELECT name, n, sum FROM tally')) {
    if (typeof name !== 'string' || typeof n !== 'number' || sumOf('tally', [name, n]) !== sum)
      throw damaged(database.path, 'a count');
    if (!/^(?:zones|records) |^remarks$/u.test(name)) counts.set(name, n);
  }
  const others = counts.get('rows');
  const left = database.all('SELECT name FROM tally').length - 1;
  if (others !== left) throw damaged(database.path, 'the list of counts');
  counts.delete('rows');
  for (const [prefix, table] of [
    ['zones', 'zone'],
    ['records', 'record'],
  ])
    for (const { state, n } of database.all(`SELECT state, count(*) AS n FROM ${table} GROUP BY state`))
      counts.set(`${prefix} ${String(state)}`, Number(n));
  counts.set('notes', Number(database.get('SELECT count(note) AS n FROM zone')?.['n']));
  database.run('DELETE FROM tally');
  for (const [name, n] of [...counts, ['rows', counts.size] as const])
    database.run('INSERT INTO tally VALUES (?, ?, ?)', name, n, sumOf('tally', [name, n]));
}
