import type { Sql } from './database.ts';
import { StorageError } from './storage.ts';

/** One step that makes or changes the tables. */
interface Step {
  readonly sql: string;
  /**
   * How many steps a release must at least know so that it can use the tables after this step. Gateways are
   * upgraded one by one, so a step leaves the tables usable for the previous release.
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
    most_tokens BIGINT NOT NULL,
    most_records BIGINT NOT NULL,
    most_rrset_records BIGINT NOT NULL,
    most_rrset_octets BIGINT NOT NULL,
    most_writes_minute BIGINT NOT NULL,
    most_writes_day BIGINT NOT NULL,
    created_at BIGINT NOT NULL
  );
  CREATE TABLE write_count (
    customer TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    period BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    writes BIGINT NOT NULL,
    PRIMARY KEY (customer, period)
  );
  CREATE TABLE token (
    id TEXT COLLATE "C" PRIMARY KEY,
    customer TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    hash TEXT NOT NULL,
    previous_hash TEXT,
    previous_until BIGINT,
    label TEXT NOT NULL,
    rights TEXT NOT NULL,
    networks TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    idle BIGINT,
    maker TEXT COLLATE "C" REFERENCES token (id),
    makes_tokens BIGINT NOT NULL CHECK (makes_tokens IN (0, 1)),
    used_at BIGINT,
    used_from TEXT
  );
  CREATE INDEX token_customer ON token (customer);
  CREATE TABLE operator (
    id TEXT COLLATE "C" PRIMARY KEY,
    hash TEXT NOT NULL,
    label TEXT NOT NULL,
    networks TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    used_at BIGINT,
    used_from TEXT
  );
  CREATE TABLE zone (
    name TEXT COLLATE "C" PRIMARY KEY,
    reversed TEXT COLLATE "C" NOT NULL UNIQUE,
    customer TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    created_at BIGINT NOT NULL,
    left_at BIGINT,
    pending BIGINT NOT NULL CHECK (pending IN (0, 1)),
    records BIGINT
  );
  CREATE INDEX zone_customer ON zone (customer, left_at, name);
  CREATE INDEX zone_pending ON zone (name) WHERE pending = 1;
  CREATE TABLE zone_grant (
    parent TEXT COLLATE "C" NOT NULL,
    child TEXT COLLATE "C" NOT NULL,
    reversed TEXT COLLATE "C" NOT NULL,
    reversed_end TEXT COLLATE "C" NOT NULL,
    customer TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    given_by TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (parent, child, customer)
  );
  CREATE INDEX zone_grant_customer ON zone_grant (customer, given_by);
  CREATE TABLE transfer_code (
    hash TEXT COLLATE "C" PRIMARY KEY,
    zone TEXT COLLATE "C" NOT NULL UNIQUE,
    customer TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    with_below BIGINT NOT NULL CHECK (with_below IN (0, 1)),
    expires_at BIGINT NOT NULL
  );
  CREATE TABLE change (
    customer TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    token TEXT COLLATE "C" NOT NULL REFERENCES token (id),
    key TEXT COLLATE "C" NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    client TEXT NOT NULL,
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
    client TEXT,
    salt TEXT,
    client_hash TEXT,
    hash TEXT NOT NULL
  );
  CREATE INDEX audit_gateway ON audit (gateway, number);
  CREATE INDEX audit_client ON audit (at) WHERE client IS NOT NULL;
  CREATE TABLE lease (
    zone TEXT COLLATE "C" PRIMARY KEY,
    owner TEXT NOT NULL,
    fence BIGINT NOT NULL,
    until BIGINT NOT NULL
  );`,
  },
  {
    oldest: 1,
    sql: `ALTER TABLE customer ADD COLUMN backend TEXT NOT NULL DEFAULT '';
  ALTER TABLE zone ADD COLUMN backend TEXT NOT NULL DEFAULT '';`,
  },
  {
    oldest: 1,
    sql: `CREATE SEQUENCE lease_fence;
  SELECT setval('lease_fence', (SELECT coalesce(max(fence), 0) + 1 FROM lease));
  CREATE INDEX token_listed ON token (customer, created_at, id);
  CREATE INDEX zone_listed ON zone (customer, name) WHERE left_at IS NULL AND pending = 0;`,
  },
  {
    // A change that a gateway of the previous release stores gets the place 0.
    oldest: 1,
    sql: `ALTER TABLE zone ADD COLUMN check_at BIGINT NOT NULL DEFAULT 0;
  CREATE INDEX zone_check_at ON zone (check_at) WHERE left_at IS NULL AND pending = 0;
  ALTER TABLE change ADD COLUMN unseen BIGINT;
  ALTER TABLE change ALTER COLUMN unseen SET DEFAULT 0;
  CREATE INDEX change_unseen ON change (zone, unseen) WHERE unseen IS NOT NULL;
  CREATE TABLE zone_check (
    zone TEXT COLLATE "C" PRIMARY KEY,
    claimed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    read_at BIGINT NOT NULL,
    serial BIGINT,
    snapshot TEXT,
    drift TEXT
  );
  CREATE INDEX zone_check_drift ON zone_check (zone) WHERE drift IS NOT NULL;`,
  },
];

/** Version of the tables that this release makes. */
export const newestTables = steps.length;

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
