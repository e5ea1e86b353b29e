import type { DatabaseSync } from 'node:sqlite';
import { Database, type Row } from './database.ts';
import { columnsOf } from './damage.ts';
import { addSum, sumOf, type ColumnValue } from './sums.ts';

/*
 * The migration to schema 5. It has its own copy of table and column names, because later changes of the
 * tables must not change this migration.
 */

export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
}

export const zoneTable: Table = {
  name: 'zone',
  columns: ['name', 'standing', 'incarnation', 'baseline_at', 'note'],
  key: ['name'],
};

const tables: readonly Table[] = [
  zoneTable,
  { name: 'owner', columns: ['zone', 'accounts'], key: ['zone'] },
  { name: 'fact', columns: ['name', 'value'], key: ['name'] },
];

export const recordTable: Table = {
  name: 'record',
  columns: [
    'zone',
    'name',
    'type',
    'rdata',
    'ttl',
    'standing',
    'on_panel',
    'on_central',
    'panel_key',
    'note',
  ],
  key: ['zone', 'name', 'type', 'rdata'],
};

const operation: Table = {
  name: 'operation',
  columns: ['id', 'zone', 'state', 'open', 'watch_until', 'body'],
  key: ['id'],
};

/**
 * Adds a checksum to every row. Stores for every zone how many rows it has and the sum of their checksums.
 * There may be many ended operations, so the upkeep adds their checksums later, in the background. The fact
 * `unsummed` holds the last operation id that may lack a checksum.
 */
export function addChecksums(file: DatabaseSync): void {
  const database = new Database('', file, null);
  for (const table of tables)
    for (const row of database.all(`SELECT * FROM ${table.name}`)) setSum(database, table, row);
  sumRecords(database);
  sumLive(database);
  const last = database.get('SELECT max(id) AS id FROM operation')?.['id'];
  if (typeof last === 'string') putFact(database, 'unsummed', last);
  countAll(database);
}

function setSum(
  database: Database,
  { name, columns, key }: Table,
  row: Row,
  more: readonly ColumnValue[] = [],
): number {
  const sum = sumOf(name, [...columnsOf(row, columns), ...more]);
  const where = key.map((column) => `${column} = ?`).join(' AND ');
  database.run(`UPDATE ${name} SET sum = ? WHERE ${where}`, sum, ...columnsOf(row, key));
  return sum;
}

/** Adds checksums to operations that are open or were ever on watch, and enters them in the table `live`. */
function sumLive(database: Database): void {
  const ids = database.all(
    `SELECT id FROM operation INDEXED BY operation_zone_open WHERE open = 1 UNION
     SELECT id FROM operation INDEXED BY operation_watch WHERE watch_until > 0`,
  );
  for (const { id } of ids) {
    const row = database.get('SELECT * FROM operation WHERE id = ?', String(id));
    if (row === undefined) continue;
    setSum(database, operation, row);
    database.run(
      'INSERT INTO live VALUES (?, ?, ?, ?)',
      ...columnsOf(row, ['open', 'watch_until', 'id', 'zone']),
    );
  }
}

/** Adds checksums to records zone by zone, so that a large ledger does not need much memory. */
function sumRecords(database: Database): void {
  const zones = database.all('SELECT DISTINCT zone FROM record').map(({ zone }) => String(zone));
  for (const zone of zones) {
    let [count, total] = [0, 0];
    for (const row of database.all('SELECT * FROM record WHERE zone = ?', zone)) {
      total = addSum(total, setSum(database, recordTable, row, keysOf(database, row)));
      count += 1;
    }
    const values = [zone, count, total, 0];
    database.run('INSERT INTO ledger VALUES (?, ?, ?, ?, ?)', ...values, sumOf('ledger', values));
  }
}

/**
 * The keys of a row in `record_key`, sorted. If the row itself has no key, the result is empty: its entries
 * in `record_key` are leftovers of an earlier program.
 */
export function keysOf(database: Database, row: Row): string[] {
  if (row['panel_key'] === null) return [];
  const where = recordTable.key.map((column) => `${column} = ?`).join(' AND ');
  const keys = database.all(`SELECT key FROM record_key WHERE ${where}`, ...columnsOf(row, recordTable.key));
  return keys.map(({ key }) => String(key)).sort();
}

const octets = `SELECT coalesce(sum(octet_length(body)), 0) AS n FROM operation INDEXED BY operation_watch
  WHERE watch_until > 0 AND open = 0`;

function countAll(database: Database): void {
  const grouped = (table: string): Row[] =>
    database.all(`SELECT standing AS name, count(*) AS n FROM ${table} GROUP BY standing`).slice();
  const single = (sql: string): number => Number(database.get(sql)?.['n'] ?? 0);
  const counts: [string, number][] = [
    ...grouped('zone').map(({ name, n }): [string, number] => [`zones ${String(name)}`, Number(n)]),
    ...grouped('record').map(({ name, n }): [string, number] => [`records ${String(name)}`, Number(n)]),
    ['remarks', single('SELECT count(note) AS n FROM zone')],
    ['owners', single('SELECT count(*) AS n FROM owner')],
    ['octets', single(octets)],
  ];
  for (const [name, n] of [...counts, ['rows', counts.length] as const])
    database.run('INSERT INTO tally VALUES (?, ?, ?)', name, n, sumOf('tally', [name, n]));
}

function putFact(database: Database, name: string, value: string): void {
  const sum = sumOf('fact', [name, value]);
  database.run('INSERT OR REPLACE INTO fact (name, value, sum) VALUES (?, ?, ?)', name, value, sum);
}
