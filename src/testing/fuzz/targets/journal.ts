import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { Decision } from '../../../core/decision.ts';
import { JournalError } from '../../../core/journal.ts';
import { parseName } from '../../../dns/name.ts';
import { readOperation } from '../../../journal/stored-operation.ts';
import { readLedgerRow, readOwner, readZoneEntry } from '../../../journal/stored.ts';
import { SqliteJournal } from '../../../journal/sqlite.ts';
import { sumOf, type ColumnValue } from '../../../journal/sums.ts';
import {
  sampleCreate,
  sampleDelete,
  sampleOperation,
  sampleRow,
  sampleWatch,
} from '../../contracts/journal.ts';
import { defineTarget, fieldsIn, textIn, type Target } from '../target.ts';

const zone = parseName('example.org.');
const other = parseName('example.net.');
const watch = { ...sampleWatch(9e12), added: [sampleRow(1).record], removed: [sampleRow(2).record] };

const operations = [
  sampleOperation('1', { watch, state: 'applied' }),
  sampleOperation('2', { state: 'confirmed', address: '192.0.2.7', took: { before: 1, write: 2 } }),
  sampleCreate('3', { zone: other, state: 'kept', snapshot: [sampleRow(3).record] }),
  sampleDelete('4', { zone: other, state: 'stuck', formerlyOurs: [sampleRow(3).record] }),
];

const decision: Decision = {
  kind: 'call',
  id: '5',
  edit: 'records',
  zone,
  outcome: 'refused',
  why: ['edit.busy'],
  actor: 'kunde',
  address: '192.0.2.7',
  func: 'domain.record.edit',
  createdAt: 1,
  kept: false,
  times: 1,
  items: [{ remove: null, add: sampleRow(1).record }],
};

const zoneRow = { name: 'example.org.', state: 'synced', incarnation: 1, baseline_at: 5, note: null };
const ledgerRow = {
  name: 'www.example.org.',
  type: 'A',
  rdata: '192.0.2.1',
  ttl: 60,
  state: 'synced',
  on_panel: 1,
  on_central: 0,
  panel_key: 'www A  192.0.2.1',
  other_keys: '["www. A"]',
  note: null,
};

const words = [
  'synced',
  'joined',
  'differs',
  'example.org.',
  '[]',
  '{}',
  'null',
  '\u001f',
  '\u0001',
  '\0',
  '1e999',
];

const row = defineTarget({
  name: 'journal-row',
  shape: 'json',
  samples: [
    ...operations.map((body) => JSON.stringify({ operation: body })),
    JSON.stringify({ operation: { ...sampleOperation('6'), watch: undefined, watchUntil: 9, seed: null } }),
    JSON.stringify({ zone: zoneRow }),
    JSON.stringify({ zone: { ...zoneRow, state: undefined, standing: 'joined', note: 'note.differs' } }),
    JSON.stringify({ row: ledgerRow }),
    JSON.stringify({ owner: { zone: 'example.org.', accounts: '["kunde"]' } }),
  ],
  words,
  decode: (input) => {
    const { operation, zone: stored, row: ledger, owner } = fieldsIn(input) ?? {};
    return {
      operation: operation === undefined ? null : readOperation(textIn(operation)),
      zone: stored === undefined ? null : readZoneEntry({ ...Object(stored) }),
      row: ledger === undefined ? null : readLedgerRow({ ...Object(ledger) }),
      owner: owner === undefined ? null : readOwner(owner),
    };
  },
  refusals: [JournalError],
  check: ({ operation }) => {
    // An operation that was read is written in the form of this release. Reading it again must give the same
    // operation.
    if (operation !== null) assert.deepEqual(readOperation(JSON.stringify(operation)), operation);
  },
});

const folder = mkdtempSync(join(tmpdir(), 'fuzz-journal-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const base = join(folder, 'base.db');
const path = join(folder, 'journal.db');

/** Makes the journal that the fuzzer changes, with its write-ahead log merged into the database file. */
async function makeBase(): Promise<void> {
  const journal = new SqliteJournal({ path: base, writer: true, reserve: 0 });
  await journal.commit({
    operations,
    zones: [
      { zone, state: 'synced', incarnation: 1, baselineAt: 5, note: null },
      { zone: other, state: 'panel-only', incarnation: 2, baselineAt: 5, note: 'note.x' },
    ],
    rows: [
      { zone, put: [sampleRow(1), sampleRow(2, { state: 'conflict', otherKeys: ['www A  192.0.2.22'] })] },
      { zone: other, put: [sampleRow(3, { panelKey: null, note: 'note.y' })] },
    ],
    owners: new Map([
      [zone, ['kunde']],
      [other, null],
    ]),
    facts: { baseline: '7' },
  });
  journal.note([decision]);
  await journal.close();
  const database = new DatabaseSync(base);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

/**
 * Columns that the fuzzer may set, by table, in the order in which checksums use them. Rows are ordered by
 * the first.
 */
const columns: Readonly<Record<string, readonly string[]>> = {
  operation: ['id', 'zone', 'state', 'open', 'watch_until', 'body'],
  zone: ['name', 'state', 'incarnation', 'baseline_at', 'note'],
  record: ['zone', 'name', 'type', 'rdata', 'ttl', 'state', 'on_panel', 'on_central', 'panel_key', 'note'],
  record_key: ['zone', 'name', 'type', 'rdata', 'key'],
  fact: ['name', 'value'],
  owner: ['zone', 'accounts'],
  decision: ['id', 'actor', 'body'],
  ledger: ['zone', 'row_count', 'row_sum', 'frozen'],
  tally: ['name', 'n'],
  live: ['open', 'watch_until', 'id', 'zone'],
  operation_key: ['key', 'id'],
  heartbeat: ['commits', 'at'],
};

/** Tables with a checksum in each row. */
const summed: ReadonlySet<string> = new Set(['operation', 'zone', 'fact', 'owner', 'decision']);

interface Change {
  readonly table: string;
  readonly column: string;
  readonly row: number;
  readonly value: unknown;
}

const values: readonly Change[] = [
  ...operations.map((value, at) => ({ table: 'operation', column: 'body', row: at, value })),
  { table: 'operation', column: 'state', row: 0, value: 'reverting' },
  { table: 'operation', column: 'zone', row: 0, value: 'example.net.' },
  { table: 'operation', column: 'open', row: 1, value: 1 },
  { table: 'operation', column: 'watch_until', row: 1, value: 9e12 },
  { table: 'operation', column: 'id', row: 1, value: '9' },
  { table: 'zone', column: 'state', row: 0, value: 'creating' },
  { table: 'zone', column: 'incarnation', row: 0, value: 2 },
  { table: 'zone', column: 'name', row: 0, value: 'example.com.' },
  { table: 'record', column: 'rdata', row: 0, value: '192.0.2.9' },
  { table: 'record', column: 'state', row: 0, value: 'excluded' },
  { table: 'record', column: 'ttl', row: 0, value: 60 },
  { table: 'record', column: 'panel_key', row: 0, value: null },
  { table: 'record_key', column: 'key', row: 0, value: 'x' },
  { table: 'fact', column: 'value', row: 0, value: '9' },
  { table: 'fact', column: 'value', row: 1, value: { boot: 'x', pid: 1, started: 'x' } },
  { table: 'fact', column: 'name', row: 0, value: 'lease' },
  { table: 'owner', column: 'accounts', row: 0, value: ['kunde'] },
  { table: 'decision', column: 'body', row: 0, value: decision },
  { table: 'ledger', column: 'row_count', row: 0, value: 3 },
  { table: 'ledger', column: 'frozen', row: 0, value: 1 },
  { table: 'tally', column: 'n', row: 0, value: 9 },
  { table: 'live', column: 'id', row: 0, value: '2' },
  { table: 'operation_key', column: 'id', row: 0, value: '1' },
  { table: 'heartbeat', column: 'commits', row: 0, value: 99 },
];

function sqlValue(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'number' || typeof value === 'string') return value;
  return JSON.stringify(value) ?? null;
}

/** Sets one value, and the checksum of its row if `withSum`. Skips a value that SQLite refuses to store. */
function setValue(database: DatabaseSync, change: Readonly<Record<string, unknown>>, withSum: boolean): void {
  const table = textIn(change['table']);
  const names = Object.hasOwn(columns, table) ? columns[table] : undefined;
  const column = names?.find((name) => name === change['column']);
  if (names === undefined || column === undefined) return;
  const list = names.join(', ');
  const rows = database.prepare(`SELECT ${list} FROM ${table} ORDER BY ${names[0]}`).all();
  const old = rows[Number(textIn(change['row'])) % rows.length];
  if (old === undefined) return;
  const isRow = names.map((name) => `${name} IS ?`).join(' AND ');
  const key = names.map((name) => sqlValue(old[name]));
  const value = sqlValue(change['value']);
  try {
    database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${isRow}`).run(value, ...key);
    if (!withSum || !summed.has(table)) return;
    const made = names.map((name, at): ColumnValue => columnValue(name === column ? value : key[at]));
    const isMade = names.map((name) => `${name} IS ?`).join(' AND ');
    database.prepare(`UPDATE ${table} SET sum = ? WHERE ${isMade}`).run(sumOf(table, made), ...made);
  } catch (error) {
    // SQLite refuses a value of a wrong type, and a second row with the same key.
    if (!(error instanceof Error && 'errcode' in error)) throw error;
  }
}

function columnValue(value: unknown): ColumnValue {
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}

/** Calls every read of the journal that the product uses. */
async function readAll(journal: SqliteJournal): Promise<unknown> {
  const read: unknown[] = [];
  const reads: readonly (() => unknown)[] = [
    async () => await journal.operations({}),
    async () => await journal.operations({ zone, openAt: 1 }),
    async () => await journal.operations({ latest: 3 }),
    async () => await journal.zones(),
    async () => await journal.rows(zone),
    async () => await journal.rows(other),
    async () => await journal.counts(),
    async () => await journal.zoneCounts(),
    async () => await journal.owners(),
    async () => await journal.page({}, null, 20),
    async () => await journal.page({ user: 'kunde', zone }, null, 20),
    async () => await journal.entries(''),
    async () => await journal.observed(0),
    () => journal.checkOperations(''),
    () => journal.checkLedger(''),
    () => journal.damage(),
  ];
  // If one read fails, the others are still tried.
  for (const one of reads) read.push(await refusedAs(one));
  return read;
}

async function refusedAs(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof JournalError) return error.code;
    throw error;
  }
}

let isMade: Promise<void> | null = null;

const file = defineTarget({
  name: 'journal-file',
  shape: 'json',
  samples: [true, false].flatMap((sums) =>
    values.map((change) => JSON.stringify({ sums, changes: [change] })),
  ),
  words,
  budget: { base: 400, octets: 2_000 },
  decode: async (input) => {
    await (isMade ??= makeBase());
    for (const ending of ['', '-wal', '-shm', '.generation', '.reserve'])
      rmSync(`${path}${ending}`, { force: true });
    copyFileSync(base, path);
    const { sums, changes } = fieldsIn(input) ?? {};
    const database = new DatabaseSync(path);
    try {
      database.exec('PRAGMA ignore_check_constraints = ON');
      for (const change of Array.isArray(changes) ? changes : [changes])
        setValue(database, { ...Object(change) }, sums === true);
    } finally {
      database.close();
    }
    const journal = new SqliteJournal({ path, writer: true, reserve: 0 });
    try {
      return await readAll(journal);
    } finally {
      await refusedAs(async () => await journal.close());
    }
  },
  refusals: [JournalError],
});

export const journalTargets: readonly Target[] = [row, file];
