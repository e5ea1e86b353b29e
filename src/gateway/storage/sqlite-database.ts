import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { nextLink, noHead } from './audit-chain.ts';
import { migrate } from './migrations.ts';
import { readAuditHead } from './rows.ts';
import { StorageError, type AuditFacts, type AuditHead } from './storage.ts';

/** How long a statement waits for another process that writes, milliseconds. All requests wait meanwhile. */
const busyTimeout = 500;

/** The SQLite file of a gateway: statements, transactions, and the entries of the audit. */
export class SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #wall: () => number;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(database: DatabaseSync, wall: () => number) {
    this.#database = database;
    this.#wall = wall;
  }

  /** @throws {StorageError} */
  static open(path: string, wall: () => number): SqliteDatabase {
    try {
      ownFile(path);
      const database = new DatabaseSync(path, { timeout: busyTimeout });
      try {
        database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
        migrate(database);
        return new SqliteDatabase(database, wall);
      } catch (error) {
        database.close();
        throw error;
      }
    } catch (error) {
      throw storageError(error);
    }
  }

  /** Does what only reads. @throws {StorageError} */
  async read<T>(body: () => T): Promise<T> {
    try {
      return await Promise.resolve(body());
    } catch (error) {
      throw storageError(error);
    }
  }

  /**
   * Does the body in one transaction.
   * @param audit is stored in it, unless the body changes nothing; null: no entry
   * @throws {StorageError}
   */
  async write<T>(audit: AuditFacts | null, body: () => T | Unchanged<T>): Promise<T> {
    return await this.read(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const value = body();
        const isUnchanged = value instanceof Unchanged;
        if (audit !== null && !isUnchanged) this.log(audit);
        this.#database.exec(isUnchanged ? 'ROLLBACK' : 'COMMIT');
        return isUnchanged ? value.value : value;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** Adds an entry to the audit, in a transaction that runs. */
  log(facts: AuditFacts): void {
    const { at, body, client, salt, clientHash, hash } = nextLink(this.head().hash, this.#wall(), facts);
    const sql = 'INSERT INTO audit (at, body, client, salt, client_hash, hash) VALUES (?, ?, ?, ?, ?, ?)';
    this.run(sql, at, body, client, salt, clientHash, hash);
  }

  head(): AuditHead {
    const row = this.get('SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1');
    return maybe(row, readAuditHead) ?? noHead;
  }

  get(sql: string, ...values: SQLInputValue[]): Readonly<Record<string, unknown>> | undefined {
    return this.#statement(sql).get(...values);
  }

  all(sql: string, ...values: SQLInputValue[]): readonly unknown[] {
    return this.#statement(sql).all(...values);
  }

  /** @returns the number of rows that were changed */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  async close(): Promise<void> {
    await this.read(() => this.#database.close());
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}

/** The result of a transaction that changes nothing. What it has written is rolled back. */
class Unchanged<T> {
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }
}

export function unchanged<T>(value: T): Unchanged<T> {
  return new Unchanged(value);
}

export function maybe<T>(row: unknown, read: (row: unknown) => T): T | null {
  return row === undefined ? null : read(row);
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

function storageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  return new StorageError('storage.failed', error);
}
