import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Unchanged, type Database, type Durability, type SqlTransaction } from './database.ts';
import { migrate } from './migrations.ts';
import type { StorageFacts } from './audited-database.ts';
import { SqlStorage } from './sql-storage.ts';
import { StorageError, type Storage } from './storage.ts';

/** How long a statement waits for another process that writes, milliseconds. All requests wait meanwhile. */
const busyTimeout = 500;

/**
 * Opens the storage in an SQLite file, or makes the file. It is for one gateway.
 * @throws {StorageError} `storage.newer`: a later release made the file
 */
export function openSqlite(path: string, facts: StorageFacts): Storage {
  try {
    ownFile(path);
    const database = new DatabaseSync(path, { timeout: busyTimeout });
    try {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
      migrate(database);
      return new SqlStorage(new SqliteDatabase(database, path), facts);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw error instanceof StorageError ? error : new StorageError('storage.failed', error);
  }
}

/**
 * The last call so far for each file. Calls run one after the other, because a connection has one transaction
 * at a time. A second connection would stop the whole process while it waits for the first one.
 */
const lastCalls = new Map<string, Promise<unknown>>();

/** One SQLite file: write-ahead log, each commit synced. */
class SqliteDatabase implements Database {
  readonly leases = null;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #path: string;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  async read<T>(work: (sql: SqlTransaction) => Promise<T>): Promise<T> {
    return await this.#inTurn(async () => await work(this.#transaction));
  }

  async write<T>(
    _durability: Durability,
    work: (transaction: SqlTransaction) => Promise<T | Unchanged<T>>,
  ): Promise<T> {
    return await this.#inTurn(async () => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const value = await work(this.#transaction);
        const isUnchanged = value instanceof Unchanged;
        this.#database.exec(isUnchanged ? 'ROLLBACK' : 'COMMIT');
        return isUnchanged ? value.value : value;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  jsonText(column: string, member: string): string {
    return `json_extract(${column}, '$.${member}')`;
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      this.#database.close();
      await Promise.resolve();
    });
  }

  readonly #transaction: SqlTransaction = {
    get: async (sql, ...values) => await Promise.resolve(this.#statement(sql).get(...values)),
    all: async (sql, ...values) => await Promise.resolve(this.#statement(sql).all(...values)),
    run: async (sql, ...values) => await Promise.resolve(Number(this.#statement(sql).run(...values).changes)),
    // SQLite runs one transaction at a time that writes, so nothing has to be locked.
    lockOwners: async () => {},
    lockCustomer: async () => {},
    lockChain: async () => {},
    lockAudit: async () => {},
  };

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const begun = (lastCalls.get(this.#path) ?? Promise.resolve()).then(work, work);
    lastCalls.set(this.#path, begun);
    return await begun;
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}

/**
 * Makes the file, which only its owner can read. SQLite gives its further files the same mode.
 * @throws {StorageError} `storage.other-user`: another user of the system has made the file
 */
function ownFile(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  const { uid, mode } = statSync(path);
  if (uid !== process.getuid?.()) throw new StorageError('storage.other-user', new Error(path));
  if ((mode & 0o077) !== 0) chmodSync(path, 0o600);
}
