import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { JournalError, type JournalErrorCode } from '../core/journal.ts';
import { own } from '../dns/own.ts';
import type { FilePlace } from './file-place.ts';

export type Row = Readonly<Record<string, unknown>>;

/**
 * An open SQLite file. It prepares each statement once, runs transactions, and turns failures into
 * `JournalError`.
 */
export class Database {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #place: FilePlace | null;
  readonly #statements = new Map<string, StatementSync>();
  /** Number of rows that {@link run} has inserted, changed or deleted. */
  changes = 0;

  /** @param place detects when the files are deleted or replaced; null: this process only reads the file */
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
    this.changes += Number(this.#statement(sql).run(...values).changes);
  }

  /**
   * Runs `body` in one transaction. When this method returns, the changes are on disk. When it throws, they
   * are rolled back.
   * @throws {JournalError} for failures of SQLite and the file system; `journal.lost`: the file was deleted,
   *   replaced or shortened
   */
  transaction<T>(body: () => T): T {
    this.begin();
    return this.commit(body);
  }

  /** Begins a transaction, for {@link part} and {@link commit}. @throws {JournalError} */
  begin(): void {
    this.guard(() => {
      // The write-ahead log is checked before the commit. After it, a shortened log could no longer be
      // recognised, because the commit makes it longer.
      this.#place?.check();
      this.#step('BEGIN IMMEDIATE');
    });
  }

  /**
   * Runs `body` within the open transaction. When it throws, only the changes of `body` are undone, unless
   * SQLite has undone the whole transaction ({@link isOpen}).
   * @throws {JournalError} for failures of SQLite and the file system
   */
  part<T>(body: () => T): T {
    return this.guard(() => {
      this.#step('SAVEPOINT part');
      try {
        const value = body();
        this.#step('RELEASE part');
        return value;
      } catch (error) {
        if (this.isOpen) {
          this.#step('ROLLBACK TO part');
          this.#step('RELEASE part');
        }
        throw error;
      }
    });
  }

  /**
   * Runs `body` in the open transaction, then commits it. When this method returns, the changes are on disk.
   * When it throws, they are undone.
   * @throws {JournalError} as {@link transaction}
   */
  commit<T>(body: () => T): T {
    return this.guard(() => {
      try {
        const value = body();
        this.#step('COMMIT');
        this.#place?.check();
        return value;
      } catch (error) {
        this.rollBack();
        throw error;
      }
    });
  }

  /** Undoes the open transaction. After some errors, such as a full disk, SQLite has already undone it. */
  rollBack(): void {
    if (this.isOpen) this.#step('ROLLBACK');
  }

  /** Whether a transaction is open. */
  get isOpen(): boolean {
    return this.#database.isTransaction;
  }

  /**
   * Runs `body`, then checks that nobody deleted, replaced or shortened the file.
   * @throws {JournalError} for failures of SQLite and the file system; other errors are thrown as they are
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

  /**
   * Runs a statement that changes no row. Its result is not counted, because SQLite would report the last
   * statement's rows again.
   */
  #step(sql: string): void {
    this.#statement(sql).run();
  }

  #statement(sql: string): StatementSync {
    const kept = this.#statements.get(sql);
    if (kept !== undefined) return kept;
    const prepared = this.#database.prepare(sql);
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

/**
 * SQLite result codes (sqlite.org/rescode.html): 5 busy, 6 locked, 11 corrupt, 13 full, 26 not a database.
 * SQLite does not report which program holds a lock.
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
 * Turns an error of SQLite or the file system into a `JournalError`. Returns any other error (a defect of
 * ours) unchanged.
 */
export function translate(error: unknown, path: string): unknown {
  if (error instanceof JournalError || !(error instanceof Error)) return error;
  if (error instanceof SyntaxError) return new JournalError('journal.unreadable', { path }, error);
  if ('errcode' in error && typeof error.errcode === 'number') {
    return new JournalError(codeOfResult[error.errcode & 0xff] ?? 'journal.write-failed', { path }, error);
  }
  // The file contains an integer that is too large for a JavaScript number. We never write such an integer,
  // so the row is damaged.
  if ('code' in error && error.code === 'ERR_OUT_OF_RANGE')
    return new JournalError('journal.unreadable', { path }, error);
  if (!('syscall' in error && 'code' in error)) return error;
  const code = own(codeOfSystem, String(error.code)) ?? 'journal.write-failed';
  return new JournalError(code, { path }, error);
}
