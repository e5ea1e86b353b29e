import pg from 'pg';
import type { Log } from '../../core/log.ts';
import type { StorageFacts } from './audited-database.ts';
import {
  Unchanged,
  type Database,
  type Durability,
  type Sql,
  type SqlRow,
  type SqlValue,
  type SqlTransaction,
} from './database.ts';
import { postgresLeases } from './postgres-leases.ts';
import { migratePostgres } from './postgres-migrations.ts';
import { SqlStorage } from './sql-storage.ts';
import { StorageError, type Storage } from './storage.ts';

/** How a PostgreSQL server is reached. */
export interface PostgresSettings {
  /** Name, address, or folder of the socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Empty: the server asks for none. */
  readonly password: string;
  /** Certificates (PEM) that the server's certificate is checked against; empty: those of the system. */
  readonly authorities: string;
  /** Whether the connection is encrypted, and the server's certificate checked. */
  readonly tls: boolean;
}

/** Maximum number of connections of one gateway. A request needs one only for moments. */
const mostConnections = 10;
/** How long to wait for a connection, milliseconds. */
const connecting = 3_000;
/** How long a statement may wait for a lock, and how long it may take, milliseconds. */
const limits = { lock: 5_000, statement: 8_000, answer: 10_000 } as const;

/** Advisory locks that only a gateway's transactions take. The first number says what is locked. */
const locks = { schema: '7143001, 0', owners: '7143002, 0', audit: '7143003, 0', chain: 7_143_004 } as const;

/**
 * Opens the storage in a database of a PostgreSQL server, and makes the tables. Several gateways may use it.
 * @throws {StorageError} `storage.newer`: a later release has changed the tables too much
 */
export async function openPostgres(
  settings: PostgresSettings,
  facts: StorageFacts,
  log: Log,
): Promise<Storage> {
  const database = new PostgresDatabase(settings, log);
  try {
    await database.migrate();
    return new SqlStorage(database, facts);
  } catch (error) {
    await database.close();
    throw error instanceof StorageError ? error : new StorageError('storage.failed', error);
  }
}

/** How the client for PostgreSQL connects. */
export function clientConfig(settings: PostgresSettings): pg.ClientConfig {
  const { host, port, database, user, password, tls, authorities } = settings;
  const ca = authorities === '' ? {} : { ca: authorities };
  return {
    host,
    port,
    database,
    user,
    ...(password === '' ? {} : { password }),
    ssl: tls && { rejectUnauthorized: true, ...ca },
    application_name: 'domainsync gateway',
    connectionTimeoutMillis: connecting,
    query_timeout: limits.answer,
    keepAlive: true,
  };
}

class PostgresDatabase implements Database {
  readonly leases = postgresLeases;
  readonly #pool: pg.Pool;
  readonly #log: Log;

  constructor(settings: PostgresSettings, log: Log) {
    this.#log = log;
    const types = { getTypeParser: parserOf };
    this.#pool = new pg.Pool({ ...clientConfig(settings), max: mostConnections, types });
    this.#pool.on('error', this.#lost);
  }

  async migrate(): Promise<void> {
    await this.#withClient(async (client) => {
      const { server_encoding: encoding } = (await sqlOf(client).get('SHOW server_encoding')) ?? {};
      if (encoding !== 'UTF8') throw new StorageError('storage.failed', new Error('encoding is not UTF8'));
      await inTransaction(client, 'durable', async () => {
        await client.query(`SELECT pg_advisory_xact_lock(${locks.schema})`);
        await migratePostgres(sqlOf(client), async (text) => {
          await client.query(text);
        });
      });
    });
  }

  async read<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return await this.#withClient(async (client) => await work(sqlOf(client)));
  }

  async write<T>(
    durability: Durability,
    work: (transaction: SqlTransaction) => Promise<T | Unchanged<T>>,
  ): Promise<T> {
    return await this.#withClient(
      async (client) =>
        await inTransaction(client, durability, async () => await work(transactionOf(client))),
    );
  }

  jsonText(column: string, member: string): string {
    return `(${column}::json ->> '${member}')`;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** Lends a connection. After an error that may have left something on it, it is not used again. */
  async #withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    client.on('error', this.#lost);
    let isUsable = false;
    try {
      const value = await work(client);
      isUsable = true;
      return value;
    } catch (error) {
      // We have thrown it, and the transaction is rolled back, so nothing is left on the connection.
      isUsable = error instanceof StorageError;
      throw error;
    } finally {
      client.off('error', this.#lost);
      client.release(!isUsable);
    }
  }

  /** A connection has ended between two statements. The next statement on it fails and tells the caller. */
  readonly #lost = (error: Error): void => {
    this.#log(2, 'storage.connection-lost', { text: error.message });
  };
}

/**
 * Does the work in a transaction. Its settings hold for this transaction only, because a pooler may give each
 * transaction another connection.
 */
async function inTransaction<T>(
  client: pg.PoolClient,
  durability: Durability,
  work: () => Promise<T | Unchanged<T>>,
): Promise<T> {
  await client.query(
    `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = ${limits.lock};
      SET LOCAL statement_timeout = ${limits.statement};
      SET LOCAL idle_in_transaction_session_timeout = ${limits.answer};
      ${durability === 'soon' ? 'SET LOCAL synchronous_commit = off;' : ''}`,
  );
  try {
    const value = await work();
    const isUnchanged = value instanceof Unchanged;
    await client.query(isUnchanged ? 'ROLLBACK' : 'COMMIT');
    return isUnchanged ? value.value : value;
  } catch (error) {
    // After any other error the connection is closed, and the server rolls back.
    if (error instanceof StorageError) await client.query('ROLLBACK');
    throw error;
  }
}

function sqlOf(client: pg.PoolClient): Sql {
  const query = async (sql: string, values: readonly SqlValue[]): Promise<pg.QueryResult<SqlRow>> =>
    await client.query<SqlRow>(numbered(sql), [...values]);
  return {
    get: async (sql, ...values) => (await query(sql, values)).rows[0],
    all: async (sql, ...values) => (await query(sql, values)).rows,
    run: async (sql, ...values) => (await query(sql, values)).rowCount ?? 0,
  };
}

function transactionOf(client: pg.PoolClient): SqlTransaction {
  return {
    ...sqlOf(client),
    lockOwners: async () => {
      await client.query(`SELECT pg_advisory_xact_lock(${locks.owners})`);
    },
    lockCustomer: async (id) => {
      await client.query('SELECT 1 FROM customer WHERE id = $1 FOR NO KEY UPDATE', [id]);
    },
    lockChain: async (gateway) => {
      const chain = `pg_advisory_xact_lock(${locks.chain}, hashtext($1))`;
      await client.query(`SELECT pg_advisory_xact_lock_shared(${locks.audit}), ${chain}`, [gateway]);
    },
    lockAudit: async () => {
      await client.query(`SELECT pg_advisory_xact_lock(${locks.audit})`);
    },
  };
}

/** The text with `$1`, `$2` ... for each `?` or `?1`. No text of ours has a question mark elsewhere. */
function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll(/\?(\d*)/gu, (_, number: string) => `$${number === '' ? (count += 1) : number}`);
}

/**
 * Numbers of 64 bits become numbers, because ours are counts and milliseconds. Truth becomes 1 or 0, as in
 * SQLite.
 */
function parserOf(...[type, format]: Parameters<typeof pg.types.getTypeParser>): (text: string) => unknown {
  if (type === pg.types.builtins.INT8) return Number;
  if (type === pg.types.builtins.BOOL) return (text) => (text === 't' ? 1 : 0);
  return pg.types.getTypeParser(type, format);
}
