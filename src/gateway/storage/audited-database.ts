import { nextLink, noHead } from './audit-chain.ts';
import {
  Unchanged,
  type Database,
  type Durability,
  type Sql,
  type SqlTransaction,
  type ZoneLeases,
} from './database.ts';
import { readAuditHead } from './rows.ts';
import { StorageError, type AuditFacts, type AuditHead, type ZoneLease } from './storage.ts';

/** What a storage needs beside its database. */
export interface StorageFacts {
  /** Wall clock, milliseconds; stamps the audit. */
  readonly wall: () => number;
  /** Name of the gateway. Entries are added to its chain of the audit. */
  readonly gateway: string;
}

/** A transaction that can add entries to the audit. */
export interface AuditedTransaction extends SqlTransaction {
  /** Adds an entry to this gateway's chain. */
  log(facts: AuditFacts): Promise<void>;
  /** @throws {StorageError} `storage.lease-lost`. @param lease null: an operator writes, who needs none */
  demandHeld(lease: ZoneLease | null): Promise<void>;
}

/** A database that stores in the audit what was done. All methods throw {@link StorageError}. */
export class AuditedDatabase {
  readonly #database: Database;
  readonly #facts: StorageFacts;

  constructor(database: Database, facts: StorageFacts) {
    this.#database = database;
    this.#facts = facts;
  }

  /** null: only one gateway uses the database. */
  get leases(): ZoneLeases | null {
    return this.#database.leases;
  }

  get wall(): () => number {
    return this.#facts.wall;
  }

  /** Does what only reads. */
  async read<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return await guarded(async () => await this.#database.read(work));
  }

  /**
   * Does the work in one transaction.
   * @param audit is stored in it, unless the work changes nothing; null: no entry
   */
  async write<T>(
    audit: AuditFacts | null,
    work: (tx: AuditedTransaction) => Promise<T | Unchanged<T>>,
    durability: Durability = 'durable',
  ): Promise<T> {
    const whole = async (bare: SqlTransaction): Promise<T | Unchanged<T>> => {
      const tx = this.#audited(bare);
      const value = await work(tx);
      if (audit !== null && !(value instanceof Unchanged)) await tx.log(audit);
      return value;
    };
    return await guarded(async () => await this.#database.write(durability, whole));
  }

  /** The last entry of this gateway's chain. */
  async head(sql: Sql): Promise<AuditHead> {
    const text = 'SELECT number, hash FROM audit WHERE gateway = ? ORDER BY number DESC LIMIT 1';
    return maybe(await sql.get(text, this.#facts.gateway), readAuditHead) ?? noHead;
  }

  /** SQL that leaves out zones with a lease. @param column the column with the zone's name */
  unheld(column: string): string {
    return this.leases === null ? '' : `AND ${this.leases.unheld(column)}`;
  }

  /** SQL for a text within JSON. @param column the column with the JSON */
  jsonText(column: string, member: string): string {
    return this.#database.jsonText(column, member);
  }

  async close(): Promise<void> {
    await guarded(async () => {
      await this.#database.close();
    });
  }

  #audited(tx: SqlTransaction): AuditedTransaction {
    const { gateway, wall } = this.#facts;
    return {
      ...tx,
      log: async (facts) => {
        await tx.lockChain(gateway);
        const { hash: before } = await this.head(tx);
        const { at, body, client, salt, clientHash, hash } = nextLink(before, wall(), facts);
        const sql = `INSERT INTO audit (gateway, at, body, client, salt, client_hash, hash)
          VALUES (?, ?, ?, ?, ?, ?, ?)`;
        await tx.run(sql, gateway, at, body, client, salt, clientHash, hash);
      },
      demandHeld: async (lease) => {
        if (lease === null || this.leases === null || (await this.leases.isHeld(tx, lease))) return;
        throw new StorageError('storage.lease-lost');
      },
    };
  }
}

export function maybe<T>(row: unknown, read: (row: unknown) => T): T | null {
  return row === undefined ? null : read(row);
}

/** Makes a {@link StorageError} of whatever the work throws. */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StorageError ? error : new StorageError('storage.failed', error);
  }
}
