import type { Sql } from './database.ts';
import { StorageError } from './storage.ts';

/** One step that makes or changes the tables. */
interface Step {
  readonly sql: string;
  /**
   * Number of steps that a release must know at least to use the tables after this one. Gateways are upgraded
   * one by one, so a step leaves the tables usable for the release before.
   */
  readonly oldest: number;
}

/** A later release adds steps and never changes one. Names compare octet by octet, as in SQLite. */
const steps: readonly Step[] = [
  {
    oldest: 1,
    sql: `CREATE TABLE customer (
    id TEXT COLLATE "C" PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('active', 'read-only', 'suspended')),
    most_zones BIGINT NOT NULL,
    created_at BIGINT NOT NULL
  );
  CREATE TABLE token (
    id TEXT COLLATE "C" PRIMARY KEY,
    customer TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    hash TEXT NOT NULL,
    label TEXT NOT NULL,
    rights TEXT NOT NULL,
    networks TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    used_at BIGINT,
    used_from TEXT
  );
  CREATE INDEX token_customer ON token (customer);
  CREATE TABLE zone (
    name TEXT COLLATE "C" PRIMARY KEY,
    reversed TEXT COLLATE "C" NOT NULL UNIQUE,
    customer TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    created_at BIGINT NOT NULL,
    left_at BIGINT,
    pending BIGINT NOT NULL CHECK (pending IN (0, 1))
  );
  CREATE INDEX zone_customer ON zone (customer, left_at, name);
  CREATE INDEX zone_pending ON zone (name) WHERE pending = 1;
  CREATE TABLE change (
    customer TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    token TEXT COLLATE "C" NOT NULL REFERENCES token (id),
    key TEXT COLLATE "C" NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    body TEXT NOT NULL,
    outcome TEXT,
    accepted_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (token, key)
  );
  CREATE INDEX change_open ON change (zone) WHERE outcome IS NULL;
  CREATE INDEX change_ended ON change (ended_at);
  CREATE TABLE audit (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
  );
  CREATE INDEX audit_gateway ON audit (gateway, number);
  CREATE TABLE lease (
    zone TEXT COLLATE "C" PRIMARY KEY,
    owner TEXT NOT NULL,
    fence BIGINT NOT NULL,
    until BIGINT NOT NULL
  );`,
  },
];

/**
 * Brings the tables to the form of this release, in one transaction.
 * @param sql a transaction in which nobody else migrates
 * @param script runs statements without values
 * @throws {StorageError} `storage.newer`: a later release has changed the tables too much
 */
export async function migratePostgres(sql: Sql, script: (text: string) => Promise<void>): Promise<void> {
  await script('CREATE TABLE IF NOT EXISTS gateway_schema (version BIGINT NOT NULL, oldest BIGINT NOT NULL)');
  const row = await sql.get('SELECT version, oldest FROM gateway_schema');
  const [version, oldest] = [Number(row?.['version'] ?? 0), Number(row?.['oldest'] ?? 0)];
  if (oldest > steps.length) throw new StorageError('storage.newer');
  if (version >= steps.length) return;
  for (const step of steps.slice(version)) await script(step.sql);
  if (row === undefined) await sql.run('INSERT INTO gateway_schema (version, oldest) VALUES (0, 0)');
  const now = [steps.length, steps.at(-1)?.oldest ?? 0] as const;
  await sql.run('UPDATE gateway_schema SET version = ?, oldest = ?', ...now);
}
