import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { DnsName } from '../dns/name.ts';
import {
  JournalError,
  type JournalErrorCode,
  type Batch,
  type Journal,
  type JournalCounts,
  type OperationFilter,
  type RowChange,
} from '../core/journal.ts';
import type { LedgerRow, ZoneEntry } from '../core/ledger.ts';
import { isFinal, mayStep, type Operation, type OperationState } from '../core/operation.ts';
import { isDead, readHolder, thisProcess } from './lease.ts';
import { migrations } from './migrations.ts';
import { Reserve } from './reserve.ts';
import { readLedgerRow, readOperation, readOwner, readZoneEntry } from './stored.ts';
import { own } from '../dns/own.ts';

export interface SqliteJournalOptions {
  /** Absolute path of the database; its directory is made, 0700, when missing. */
  readonly path: string;
  /** Octets kept aside for finishing work on a full disk; default 4 MiB. */
  readonly reserve?: number;
  /** How long (ms) to wait for another program to let go of the file; default 5 s. */
  readonly patience?: number;
  /**
   * Without it the journal is opened for looking only: no lease, no generation, no migration, and `commit` is an error. A file that an
   * earlier release wrote last can be read.
   */
  readonly writer: boolean;
}

/** Rows of the ledger of a journal that has no `record_key` yet. */
const selectOldRows = 'SELECT *, NULL AS other_keys FROM record';

/** Rows of the ledger. Keys that a program without `record_key` left there count only beside a key of the row itself. */
const selectRows = `SELECT *, iif(panel_key IS NULL, NULL, (
  SELECT json_group_array(key) FROM record_key AS other
  WHERE other.zone = record.zone AND other.name = record.name AND other.type = record.type AND other.rdata = record.rdata
)) AS other_keys FROM record`;

/** The journal and ledger of one central in an SQLite file, WAL, synced to disk at every commit. */
export class SqliteJournal implements Journal {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #reserve: Reserve;
  readonly #writer: boolean;
  readonly #statements = new Map<string, StatementSync>();
  /** Tables of the file: one that is only looked at may be of an earlier release. */
  readonly #tables: ReadonlySet<string>;
  /** True when the file is older than what was last written: a backup was put back (design: "The ledger"). */
  readonly regressed: boolean;

  /** @throws {JournalError} `journal.unreadable`, `journal.newer`, `journal.in-use`, `journal.locked`, `journal.disk-full`, `journal.write-failed` */
  constructor(options: SqliteJournalOptions) {
    this.#path = options.path;
    this.#writer = options.writer;
    this.#reserve = new Reserve(`${options.path}.reserve`, options.reserve ?? 4 * 1024 * 1024);
    this.#database = this.#guard(() => open(options));
    try {
      this.#tables = this.#guard(() => tablesOf(this.#database, options.path));
      this.regressed = this.#guard(() => (options.writer ? this.#takeOver() : false));
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  async commit(batch: Batch): Promise<void> {
    await Promise.resolve();
    const fresh = (batch.operations ?? []).some(({ state }) => state === 'prepared');
    // New work may not eat the reserve; finishing what is open may.
    if (fresh && !this.#guard(() => this.#reserve.take()))
      throw new JournalError('journal.disk-full', { path: this.#path });
    try {
      this.#transaction(() => this.#write(batch));
    } catch (error) {
      if (!(error instanceof JournalError) || error.code !== 'journal.disk-full' || fresh) throw error;
      this.#guard(() => this.#reserve.give());
      this.#transaction(() => this.#write(batch));
    }
  }

  /** What SQLite finds wrong with the file, in its own words; null when it is whole. */
  damage(): string | null {
    const said = this.#guard(() => this.#get('PRAGMA quick_check(1)')?.['quick_check']);
    return said === 'ok' ? null : String(said);
  }

  async operation(id: string): Promise<Operation | null> {
    const row = await this.#one('SELECT body FROM operation WHERE id = ?', id);
    return row === undefined ? null : readOperation(row['body']);
  }

  async operations(filter: OperationFilter): Promise<readonly Operation[]> {
    const { zone, openAt, prefix, latest } = filter;
    if (zone !== undefined && openAt !== undefined && prefix === undefined && latest === undefined)
      return await this.#openIn(zone, openAt);
    const where: string[] = [];
    const values: SQLInputValue[] = [];
    if (zone !== undefined) {
      where.push('zone = ?');
      values.push(zone);
    }
    if (prefix !== undefined) {
      where.push('substr(id, 1, ?) = ?');
      values.push(prefix.length, prefix);
    }
    if (openAt !== undefined) {
      where.push('(open = 1 OR (watch_until > 0 AND watch_until > ?))');
      values.push(openAt);
    }
    const order = latest === undefined ? 'ORDER BY id' : 'ORDER BY id DESC LIMIT ?';
    if (latest !== undefined) values.push(latest);
    const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
    const rows = await this.#all(`SELECT body FROM operation ${condition} ${order}`, ...values);
    return rows.map((row) => readOperation(row['body']));
  }

  /** By their own indexes: a zone's whole history may be long, and every edit asks for this. */
  async #openIn(zone: DnsName, at: number): Promise<readonly Operation[]> {
    const rows = await this.#all(
      `SELECT id, body FROM operation WHERE zone = ? AND open = 1 UNION ALL
       SELECT id, body FROM operation WHERE zone = ? AND watch_until > 0 AND watch_until > ? AND open = 0
       ORDER BY id`,
      zone,
      zone,
      at,
    );
    return rows.map((row) => readOperation(row['body']));
  }

  async zones(): Promise<readonly ZoneEntry[]> {
    return (await this.#all('SELECT * FROM zone ORDER BY name')).map(readZoneEntry);
  }

  async zone(zone: DnsName): Promise<ZoneEntry | null> {
    const row = await this.#one('SELECT * FROM zone WHERE name = ?', zone);
    return row === undefined ? null : readZoneEntry(row);
  }

  async rows(zone: DnsName, names?: readonly DnsName[]): Promise<readonly LedgerRow[]> {
    const select = this.#tables.has('record_key') ? selectRows : selectOldRows;
    if (names === undefined) {
      const rows = await this.#all(`${select} WHERE zone = ? ORDER BY name, type, rdata`, zone);
      return rows.map(readLedgerRow);
    }
    const sql = `${select} WHERE zone = ? AND name = ? ORDER BY type, rdata`;
    const parts = await Promise.all([...new Set(names)].sort().map((name) => this.#all(sql, zone, name)));
    return parts.flat().map(readLedgerRow);
  }

  async counts(): Promise<JournalCounts> {
    const zones = await this.#all('SELECT standing, count(*) AS n FROM zone GROUP BY standing');
    const rows = await this.#all('SELECT standing, count(*) AS n FROM record GROUP BY standing');
    const remarks = await this.#one('SELECT count(note) AS n FROM zone');
    return { zones: tally(zones), rows: tally(rows), remarks: Number(remarks?.['n']) };
  }

  async owners(): Promise<ReadonlyMap<DnsName, readonly string[] | null>> {
    if (!this.#tables.has('owner')) return new Map();
    return new Map((await this.#all('SELECT * FROM owner')).map(readOwner));
  }

  async fact(name: string): Promise<string | null> {
    const value = (await this.#one('SELECT value FROM fact WHERE name = ?', name))?.['value'];
    return typeof value === 'string' ? value : null;
  }

  async close(): Promise<void> {
    await Promise.resolve();
    if (this.#writer) this.#guard(() => this.#database.exec("DELETE FROM fact WHERE name = 'lease'"));
    this.#statements.clear();
    this.#database.close();
  }

  /** Takes the lease and counts the generation up; true when the second copy of it is ahead. */
  #takeOver(): boolean {
    const generationFile = `${this.#path}.generation`;
    return this.#transaction(() => {
      const held = this.#get('SELECT value FROM fact WHERE name = ?', 'lease')?.['value'];
      if (typeof held === 'string' && !isDead(readHolder(held))) {
        throw new JournalError('journal.in-use', { path: this.#path });
      }
      const stored = countIn(this.#get('SELECT value FROM fact WHERE name = ?', 'generation')?.['value']);
      const second = existsSync(generationFile) ? countIn(readFileSync(generationFile, 'utf8')) : 0;
      const generation = Math.max(stored, second) + 1;
      this.#run('INSERT OR REPLACE INTO fact VALUES (?, ?)', 'lease', JSON.stringify(thisProcess()));
      this.#run('INSERT OR REPLACE INTO fact VALUES (?, ?)', 'generation', String(generation));
      writeFileSync(generationFile, `${generation}\n`, { mode: 0o600 });
      this.#reserve.take();
      return second > stored;
    });
  }

  #write(batch: Batch): void {
    for (const operation of batch.operations ?? []) this.#putOperation(operation);
    for (const zone of batch.dropZones ?? []) {
      this.#dropRows(zone);
      this.#run('DELETE FROM zone WHERE name = ?', zone);
    }
    for (const { zone, standing, incarnation, baselineAt, note } of batch.zones ?? []) {
      this.#run(
        'INSERT OR REPLACE INTO zone VALUES (?, ?, ?, ?, ?)',
        zone,
        standing,
        incarnation,
        baselineAt,
        note,
      );
    }
    for (const change of batch.rows ?? []) this.#changeRows(change);
    this.#putOwners(batch.owners ?? new Map());
    for (const [name, value] of Object.entries(batch.facts ?? {})) {
      if (value === null) this.#run('DELETE FROM fact WHERE name = ?', name);
      else this.#run('INSERT OR REPLACE INTO fact VALUES (?, ?)', name, value);
    }
  }

  #putOwners(owners: NonNullable<Batch['owners']>): void {
    for (const [zone, accounts] of owners) {
      const value = accounts === null ? null : JSON.stringify(accounts);
      if (accounts === 'gone') this.#run('DELETE FROM owner WHERE zone = ?', zone);
      else this.#run('INSERT OR REPLACE INTO owner VALUES (?, ?)', zone, value);
    }
  }

  #putOperation(operation: Operation): void {
    const stored = this.#get('SELECT state FROM operation WHERE id = ?', operation.id)?.['state'];
    if (typeof stored === 'string' && !mayStep(stored as OperationState, operation.state)) {
      throw new Error(`operation ${operation.id} may not go from ${stored} to ${operation.state}`);
    }
    const { id, zone, state, watchUntil } = operation;
    const isOpen = isFinal(state) ? 0 : 1;
    const sql = 'INSERT OR REPLACE INTO operation VALUES (?, ?, ?, ?, ?, ?)';
    this.#run(sql, id, zone, state, isOpen, watchUntil, JSON.stringify(operation));
  }

  #changeRows(change: RowChange): void {
    const { zone } = change;
    if (change.dropAll === true) this.#dropRows(zone);
    const which = 'WHERE zone = ? AND name = ? AND type = ? AND rdata = ?';
    for (const { name, type, rdata } of change.drop ?? []) {
      this.#run(`DELETE FROM record ${which}`, zone, name, type, rdata);
      this.#run(`DELETE FROM record_key ${which}`, zone, name, type, rdata);
    }
    for (const { record, standing, onPanel, onCentral, panelKey, otherKeys = [], note } of change.put ?? []) {
      const { name, type, rdata, ttl } = record;
      const sides: SQLInputValue[] = [onPanel ? 1 : 0, onCentral ? 1 : 0, panelKey, note];
      const sql = 'INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
      this.#run(sql, zone, name, type, rdata, ttl, standing, ...sides);
      this.#run(`DELETE FROM record_key ${which}`, zone, name, type, rdata);
      for (const key of otherKeys)
        this.#run('INSERT OR REPLACE INTO record_key VALUES (?, ?, ?, ?, ?)', zone, name, type, rdata, key);
    }
  }

  #dropRows(zone: DnsName): void {
    this.#run('DELETE FROM record WHERE zone = ?', zone);
    this.#run('DELETE FROM record_key WHERE zone = ?', zone);
  }

  #transaction<T>(body: () => T): T {
    return this.#guard(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const value = body();
        this.#database.exec('COMMIT');
        return value;
      } catch (error) {
        // SQLite has rolled back by itself where it could not go on (e.g. a full disk).
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  async #one(sql: string, ...values: SQLInputValue[]): Promise<Record<string, unknown> | undefined> {
    await Promise.resolve();
    return this.#guard(() => this.#get(sql, ...values));
  }

  async #all(sql: string, ...values: SQLInputValue[]): Promise<Record<string, unknown>[]> {
    await Promise.resolve();
    return this.#guard(() => this.#statement(sql).all(...values));
  }

  #get(sql: string, ...values: SQLInputValue[]): Record<string, unknown> | undefined {
    return this.#statement(sql).get(...values);
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#statement(sql).run(...values);
  }

  #statement(sql: string): StatementSync {
    const kept = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, kept);
    return kept;
  }

  #guard<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw translate(error, this.#path);
    }
  }
}

/** The number in a text; what is none counts as 0, as a file that was lost. */
function countIn(text: unknown): number {
  return typeof text === 'string' && /^\d{1,15}\s*$/u.test(text) ? Number(text) : 0;
}

function open({ path, writer, patience = 5_000 }: SqliteJournalOptions): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Nothing, or an empty file, where a database was is a loss; SQLite would take it for a new one.
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0 && (!writer || existsSync(`${path}.generation`))) {
    throw new JournalError('journal.unreadable', { path });
  }
  const database = new DatabaseSync(path, { timeout: patience, readOnly: !writer });
  try {
    if (writer) {
      chmodSync(path, 0o600);
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -2000;');
      const check = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
      if (check !== 'ok') throw new JournalError('journal.unreadable', { path });
    }
    refuseNewer(database, path);
    if (writer) migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** @throws {JournalError} `journal.unreadable` where it has not even those of the first release */
function tablesOf(database: DatabaseSync, path: string): ReadonlySet<string> {
  const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const tables = new Set(rows.map(({ name }) => String(name)));
  if (['operation', 'zone', 'record', 'fact'].every((table) => tables.has(table))) return tables;
  throw new JournalError('journal.unreadable', { path });
}

/** @throws {JournalError} `journal.newer`: a newer program says by application_id which is the last breaking migration it has made. */
function refuseNewer(database: DatabaseSync, path: string): void {
  const breaking = Number(database.prepare('PRAGMA application_id').get()?.['application_id'] ?? 0);
  if (breaking > migrations.length) throw new JournalError('journal.newer', { path });
}

function migrate(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  // A file that was ours once and has no tables any more is damage, not a new journal.
  if (version === 0 && existsSync(`${path}.generation`))
    throw new JournalError('journal.unreadable', { path });
  for (let next = version; next < migrations.length; next += 1) {
    const migration = migrations[next];
    if (migration === undefined) return;
    const mark = migration.breaking ? `PRAGMA application_id = ${next + 1};` : '';
    database.exec(`BEGIN; ${migration.sql} PRAGMA user_version = ${next + 1}; ${mark} COMMIT;`);
  }
}

/** SQLite result codes (sqlite.org/rescode.html): busy 5, which tells nothing of who it is; locked 6, corrupt 11, full 13, not a database 26. */
const codeOfResult: Readonly<Record<number, JournalErrorCode>> = {
  5: 'journal.locked',
  6: 'journal.locked',
  11: 'journal.unreadable',
  13: 'journal.disk-full',
  26: 'journal.unreadable',
};

const codeOfSystem: Readonly<Record<string, JournalErrorCode>> = {
  ENOSPC: 'journal.disk-full',
  EDQUOT: 'journal.disk-full',
};

/** The journal's own error for what SQLite or the file system says; anything else (a defect of ours) as it is. */
function translate(error: unknown, path: string): unknown {
  if (error instanceof JournalError || !(error instanceof Error)) return error;
  if (error instanceof SyntaxError) return new JournalError('journal.unreadable', { path }, error);
  if ('errcode' in error && typeof error.errcode === 'number') {
    return new JournalError(codeOfResult[error.errcode & 0xff] ?? 'journal.write-failed', { path }, error);
  }
  if (!('syscall' in error && 'code' in error)) return error;
  const code = own(codeOfSystem, String(error.code)) ?? 'journal.write-failed';
  return new JournalError(code, { path }, error);
}

function tally(rows: readonly Record<string, unknown>[]): Record<string, number> {
  return Object.fromEntries(rows.map((row) => [String(row['standing']), Number(row['n'])]));
}
