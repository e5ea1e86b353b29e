import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { JournalError, type JournalErrorCode } from '../core/journal.ts';
import { own } from '../dns/own.ts';
import type { FilePlace } from './file-place.ts';

export type Row = Readonly<Record<string, unknown>>;

/**
 * An open SQLite file: statements that are prepared once, transactions, and every failure as an error of the
 * journal.
 */
export class Database {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #place: FilePlace | null;
  readonly #statements = new Map<string, StatementSync>();

  /** @param place of the file that is written; null: it is only read */
  constructor(path: string, database: DatabaseSync, place: FilePlace | null) {
    this.path = path;
    this.#database = database;
    this.#place = place;
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  all(sql: string, ...values: SQLInputValue[]): readonly Row[] {
    return this.#statement(sql).all(...values);
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#statement(sql).run(...values);
  }

  /**
   * Runs `body` in one transaction: durable when it returns, undone when it throws.
   * @throws {JournalError} also when the file that was written is not the one at the path any more
   */
  transaction<T>(body: () => T): T {
    return this.guard(() => {
      // A log that was cut would be as long as before after the commit.
      this.#place?.check();
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const value = body();
        this.#database.exec('COMMIT');
        this.#place?.check();
        return value;
      } catch (error) {
        // SQLite has rolled back by itself where it could not go on (e.g. a full disk).
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /**
   * Runs `body`, and then looks whether the file is still the one at the path. @throws {JournalError} for
   * every failure that is not a defect
   */
  guard<T>(body: () => T): T {
    try {
      const value = body();
      this.#place?.checkSometimes();
      return value;
    } catch (error) {
      throw translate(error, this.path);
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #statement(sql: string): StatementSync {
    const kept = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, kept);
    return kept;
  }
}

/**
 * SQLite result codes (sqlite.org/rescode.html): busy 5, which shows nothing of who it is; locked 6, corrupt
 * 11, full 13, not a database 26.
 */
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

/**
 * The journal's own error for what SQLite or the file system says; anything else (a defect of ours) as it is.
 */
export function translate(error: unknown, path: string): unknown {
  if (error instanceof JournalError || !(error instanceof Error)) return error;
  if (error instanceof SyntaxError) return new JournalError('journal.unreadable', { path }, error);
  if ('errcode' in error && typeof error.errcode === 'number') {
    return new JournalError(codeOfResult[error.errcode & 0xff] ?? 'journal.write-failed', { path }, error);
  }
  // A whole number that no row of ours can hold.
  if ('code' in error && error.code === 'ERR_OUT_OF_RANGE')
    return new JournalError('journal.unreadable', { path }, error);
  if (!('syscall' in error && 'code' in error)) return error;
  const code = own(codeOfSystem, String(error.code)) ?? 'journal.write-failed';
  return new JournalError(code, { path }, error);
}
