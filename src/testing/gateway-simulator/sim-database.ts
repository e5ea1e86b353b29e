import { DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  Unchanged,
  type Database,
  type Durability,
  type Sql,
  type SqlTransaction,
  type SqlValue,
} from '../../gateway/storage/database.ts';
import { migrate } from '../../gateway/storage/migrations.ts';
import { postgresLeases } from '../../gateway/storage/postgres-leases.ts';

const leaseTable = `CREATE TABLE lease (
  zone TEXT PRIMARY KEY, owner TEXT NOT NULL, fence INTEGER NOT NULL, until INTEGER NOT NULL
) STRICT`;

/** Delays and faults that a connection to the database adds to a transaction. */
export interface DatabaseWay {
  /** Called before the transaction. Waits as long as it takes; may throw, and then nothing is done. */
  before(kind: 'read' | 'write'): Promise<void>;
  /** Called after it. May throw, although everything is done. */
  after(kind: 'read' | 'write'): Promise<void>;
}

/** A connection without delays and faults. */
export const quietWay: DatabaseWay = { before: async () => {}, after: async () => {} };

/**
 * One database in memory, with the tables of a gateway, for all gateways of a history. It has leases as
 * PostgreSQL has them, by the same statements, and a clock of its own. Each transaction happens at one
 * moment.
 */
export class SharedDatabase {
  readonly #sqlite = new DatabaseSync(':memory:');
  readonly #statements = new Map<string, StatementSync>();
  #last: Promise<unknown> = Promise.resolve();
  /** Called when a transaction is committed. */
  onCommit: () => void = () => undefined;

  /** @param wall the database's clock, milliseconds */
  constructor(wall: () => number) {
    this.#sqlite.exec('PRAGMA foreign_keys = ON');
    migrate(this.#sqlite);
    this.#sqlite.exec(leaseTable);
    this.#sqlite.function('database_clock', () => BigInt(Math.floor(wall())));
    // As in PostgreSQL, a transaction that is rolled back leaves the sequence as it is.
    let lastFence = 0n;
    this.#sqlite.function('next_fence', () => (lastFence += 1n));
    this.#sqlite.function('last_fence', () => lastFence);
  }

  /** Reads at once, for laws. */
  rows(sql: string, ...values: readonly SqlValue[]): readonly Readonly<Record<string, unknown>>[] {
    return this.#statement(sql).all(...values);
  }

  /**
   * A connection to the database.
   * @param hasLeases whether several gateways use it
   */
  connect(way: DatabaseWay, hasLeases: boolean): Database {
    return {
      leases: hasLeases ? postgresLeases : null,
      read: async (work) => {
        await way.before('read');
        const value = await this.#inTurn(async () => await work(this.#sql));
        await way.after('read');
        return value;
      },
      write: async <T>(_durability: Durability, work: (tx: SqlTransaction) => Promise<T | Unchanged<T>>) => {
        await way.before('write');
        const value = await this.#inTurn(async () => await this.#write(work));
        await way.after('write');
        return value;
      },
      jsonText: (column, member) => `json_extract(${column}, '$.${member}')`,
      close: async () => {
        await Promise.resolve();
      },
    };
  }

  async #write<T>(work: (tx: SqlTransaction) => Promise<T | Unchanged<T>>): Promise<T> {
    this.#sqlite.exec('BEGIN IMMEDIATE');
    const before = this.#changes();
    try {
      const value = await work(this.#sql);
      const isUnchanged = value instanceof Unchanged;
      this.#sqlite.exec(isUnchanged ? 'ROLLBACK' : 'COMMIT');
      if (!isUnchanged && this.#changes() > before) this.onCommit();
      return isUnchanged ? value.value : value;
    } catch (error) {
      if (this.#sqlite.isTransaction) this.#sqlite.exec('ROLLBACK');
      throw error;
    }
  }

  /** How many rows were changed so far. */
  #changes(): number {
    return Number(this.rows('SELECT total_changes() AS changes')[0]?.['changes']);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const begun = this.#last.then(work, work);
    this.#last = begun.catch(() => undefined);
    return await begun;
  }

  readonly #sql: Sql & SqlTransaction = {
    get: async (sql, ...values) => await Promise.resolve(this.#statement(sql).get(...values)),
    all: async (sql, ...values) => await Promise.resolve(this.#statement(sql).all(...values)),
    run: async (sql, ...values) => await Promise.resolve(Number(this.#statement(sql).run(...values).changes)),
    lockOwners: async () => {},
    lockCustomer: async () => {},
    lockChain: async () => {},
    lockAudit: async () => {},
  };

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#sqlite.prepare(asSqlite(sql));
    this.#statements.set(sql, made);
    return made;
  }
}

/** Rewrites a statement for PostgreSQL so that SQLite understands it. */
function asSqlite(sql: string): string {
  return sql
    .replaceAll('(extract(epoch FROM clock_timestamp()) * 1000)::bigint', 'database_clock()')
    .replaceAll("nextval('lease_fence')", 'next_fence()')
    .replaceAll('last_value FROM lease_fence', 'last_fence()')
    .replaceAll('greatest(', 'max(')
    .replaceAll(' FOR UPDATE', '');
}
