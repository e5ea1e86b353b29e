import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { JournalError } from '../core/journal.ts';
import { migrations } from './migrations.ts';
import { isLogDamaged } from './write-ahead-log.ts';

export interface OpenOptions {
  readonly path: string;
  readonly patience?: number;
  readonly writer: boolean;
}

/**
 * Opens the file of a journal. For a writer, creates the file if it is missing, and migrates it to the schema
 * of this release.
 * @throws {JournalError} `journal.unreadable`, `journal.newer`
 * @throws {Error} errors of SQLite and of the file system, as they are
 */
export function open({ path, writer, patience = 5_000 }: OpenOptions): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // If the file is missing or empty although a journal was here before, data was lost. SQLite would silently
  // create a new database.
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0 && (!writer || existsSync(`${path}.generation`))) {
    throw new JournalError('journal.unreadable', { path });
  }
  // The log is checked before SQLite opens it, because SQLite drops everything after the first damaged frame.
  // A reader does not check, because the agent may be writing to the log.
  if (writer && isLogDamaged(`${path}-wal`)) throw new JournalError('journal.unreadable', { path });
  const database = new DatabaseSync(path, { timeout: patience, readOnly: !writer });
  try {
    if (writer) {
      chmodSync(path, 0o600);
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -2000;');
    }
    refuseNewer(database, path);
    if (writer) migrate(database, path);
    refuseOtherSchema(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Reads the names of the tables in the file.
 * @throws {JournalError} `journal.unreadable` if a table is missing that even the first release creates
 */
export function tablesOf(database: DatabaseSync, path: string): ReadonlySet<string> {
  const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const tables = new Set(rows.map(({ name }) => String(name)));
  if (['operation', 'zone', 'record', 'fact'].every((table) => tables.has(table))) return tables;
  throw new JournalError('journal.unreadable', { path });
}

/**
 * The name of the column with the state of a zone or record. In files of earlier releases the name is
 * `standing`. Only a process that does not write finds this name, because a writer migrates the file.
 */
export type StateColumn = 'state' | 'standing';

export function stateColumnOf(database: DatabaseSync): StateColumn {
  const columns = database.prepare('PRAGMA table_info(zone)').all();
  return columns.some(({ name }) => name === 'standing') ? 'standing' : 'state';
}

function numberIn(database: DatabaseSync, pragma: 'application_id' | 'user_version'): number {
  return Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma] ?? 0);
}

/**
 * Refuses a file that a newer program wrote. Such a program stores the number of its last breaking migration
 * as `application_id`.
 * @throws {JournalError} `journal.newer` if this release does not know that migration
 */
function refuseNewer(database: DatabaseSync, path: string): void {
  if (numberIn(database, 'application_id') > migrations.length)
    throw new JournalError('journal.newer', { path });
}

function migrate(database: DatabaseSync, path: string): void {
  const version = numberIn(database, 'user_version');
  // The file `.generation` exists only if a writer has used the journal before. A journal without tables is
  // then damaged, not new.
  if (version === 0 && existsSync(`${path}.generation`))
    throw new JournalError('journal.unreadable', { path });
  for (let next = version; next < migrations.length; next += 1) makeStep(database, next);
}

/** Runs one migration in one transaction. @param at index of the migration in the list of migrations */
function makeStep(database: DatabaseSync, at: number): void {
  const migration = migrations[at];
  if (migration === undefined) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(migration.sql);
    migration.fill?.(database);
    database.exec(`PRAGMA user_version = ${at + 1}`);
    if (migration.breaking) database.exec(`PRAGMA application_id = ${at + 1}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Compares the schema in a file of this release with the schema that the migrations make. One damaged letter
 * in the stored schema may change what an index lists or how texts are compared.
 * @throws {JournalError} `journal.unreadable` if they differ
 */
function refuseOtherSchema(database: DatabaseSync, path: string): void {
  if (numberIn(database, 'user_version') !== migrations.length) return;
  if (schemaOf(database) !== ownSchema()) throw new JournalError('journal.unreadable', { path });
}

function schemaOf(database: DatabaseSync): string {
  const sql = `SELECT type, name, tbl_name, sql FROM sqlite_schema
    WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name`;
  return JSON.stringify(database.prepare(sql).all());
}

let made: string | null = null;

function ownSchema(): string {
  if (made !== null) return made;
  const database = new DatabaseSync(':memory:');
  try {
    for (const at of migrations.keys()) makeStep(database, at);
    return (made = schemaOf(database));
  } finally {
    database.close();
  }
}
