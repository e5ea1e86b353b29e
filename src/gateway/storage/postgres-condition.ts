import pg from 'pg';
import * as v from 'valibot';
import { clientConfig, type PostgresSettings } from './postgres.ts';
import { checkedRow } from './rows.ts';
import { StorageError } from './storage.ts';

/** What a PostgreSQL server says about itself and the gateway's database. */
export interface PostgresCondition {
  /** As the server writes it, `15.14 (Debian ...)`. */
  readonly release: string;
  /** The first part of its version. */
  readonly major: number;
  readonly encoding: string;
  /** Whether it only copies another server, and so takes no writes. */
  readonly isStandby: boolean;
  /** How far its clock is ahead of this machine's, milliseconds. */
  readonly ahead: number;
  /** By how much `ahead` may be wrong, milliseconds. */
  readonly exactness: number;
  /** Size of the database, octets. */
  readonly octets: number;
  readonly connections: { readonly used: number; readonly most: number };
  /** Version of the tables, and of the oldest release that can use them; null: there are none yet. */
  readonly tables: { readonly version: number; readonly oldest: number } | null;
}

const question = `SELECT current_setting('server_version') AS release,
  current_setting('server_version_num')::int / 10000 AS major,
  current_setting('server_encoding') AS encoding,
  pg_is_in_recovery() AS standby,
  (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS wall,
  pg_database_size(current_database())::float8 AS octets,
  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int AS used,
  current_setting('max_connections')::int AS most,
  to_regclass('gateway_schema') IS NOT NULL AS has_tables`;

const answer = v.object({
  release: v.string(),
  major: v.number(),
  encoding: v.string(),
  standby: v.boolean(),
  wall: v.number(),
  octets: v.number(),
  used: v.number(),
  most: v.number(),
  has_tables: v.boolean(),
});

const schemaRow = v.object({
  version: v.pipe(v.string(), v.transform(Number)),
  oldest: v.pipe(v.string(), v.transform(Number)),
});

/**
 * Asks a PostgreSQL server about itself. Changes nothing, also no tables.
 * @param wall wall clock of this machine, milliseconds
 * @throws {StorageError} it does not answer, or not as expected
 */
export async function readPostgresCondition(
  settings: PostgresSettings,
  wall: () => number,
): Promise<PostgresCondition> {
  const client = new pg.Client(clientConfig(settings));
  // What breaks the connection also rejects the question.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const asked = wall();
    const { rows } = await client.query(question);
    const answered = wall();
    const { standby, wall: theirs, used, most, has_tables: hasTables, ...said } = checkedRow(answer, rows[0]);
    const tables = hasTables ? await client.query('SELECT version, oldest FROM gateway_schema') : null;
    return {
      ...said,
      isStandby: standby,
      ahead: theirs - (asked + answered) / 2,
      exactness: (answered - asked) / 2,
      connections: { used, most },
      tables: tables === null ? null : checkedRow(schemaRow, tables.rows[0]),
    };
  } catch (error) {
    throw error instanceof StorageError ? error : new StorageError('storage.failed', error);
  } finally {
    await client.end();
  }
}
