import type { DatabaseSync } from 'node:sqlite';
import { StorageError } from './storage.ts';

/** The steps that make the tables. A later release adds steps and never changes one. */
export const storageMigrations: readonly string[] = [
  `CREATE TABLE customer (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('active', 'read-only', 'suspended')),
    most_zones INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE token (
    id TEXT PRIMARY KEY,
    customer TEXT NOT NULL REFERENCES customer (id),
    hash TEXT NOT NULL,
    label TEXT NOT NULL,
    rights TEXT NOT NULL,
    networks TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    used_at INTEGER,
    used_from TEXT
  ) STRICT;
  CREATE INDEX token_customer ON token (customer);
  CREATE TABLE zone (
    name TEXT PRIMARY KEY,
    reversed TEXT NOT NULL UNIQUE,
    customer TEXT NOT NULL REFERENCES customer (id),
    created_at INTEGER NOT NULL,
    left_at INTEGER,
    pending INTEGER NOT NULL CHECK (pending IN (0, 1))
  ) STRICT;
  CREATE INDEX zone_customer ON zone (customer, left_at, name);
  CREATE INDEX zone_pending ON zone (name) WHERE pending = 1;
  CREATE TABLE change (
    customer TEXT NOT NULL REFERENCES customer (id),
    token TEXT NOT NULL REFERENCES token (id),
    key TEXT NOT NULL,
    zone TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    body TEXT NOT NULL,
    outcome TEXT,
    accepted_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (token, key)
  ) STRICT;
  CREATE INDEX change_open ON change (accepted_at) WHERE outcome IS NULL;
  CREATE INDEX change_ended ON change (ended_at);
  CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;`,
  `CREATE TABLE operator (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    label TEXT NOT NULL,
    networks TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    used_at INTEGER,
    used_from TEXT
  ) STRICT;`,
  `ALTER TABLE customer ADD COLUMN most_tokens INTEGER NOT NULL DEFAULT 1000;
  ALTER TABLE customer ADD COLUMN most_records INTEGER NOT NULL DEFAULT 100000;
  ALTER TABLE customer ADD COLUMN most_rrset_records INTEGER NOT NULL DEFAULT 2000;
  ALTER TABLE customer ADD COLUMN most_rrset_octets INTEGER NOT NULL DEFAULT 65000;
  ALTER TABLE customer ADD COLUMN most_writes_minute INTEGER NOT NULL DEFAULT 3000;
  ALTER TABLE customer ADD COLUMN most_writes_day INTEGER NOT NULL DEFAULT 500000;
  CREATE TABLE write_count (
    customer TEXT NOT NULL REFERENCES customer (id),
    period INTEGER NOT NULL,
    began_at INTEGER NOT NULL,
    writes INTEGER NOT NULL,
    PRIMARY KEY (customer, period)
  ) STRICT;
  ALTER TABLE token ADD COLUMN previous_hash TEXT;
  ALTER TABLE token ADD COLUMN previous_until INTEGER;
  ALTER TABLE token ADD COLUMN idle INTEGER;
  ALTER TABLE token ADD COLUMN maker TEXT REFERENCES token (id);
  ALTER TABLE token ADD COLUMN makes_tokens INTEGER NOT NULL DEFAULT 0 CHECK (makes_tokens IN (0, 1));
  ALTER TABLE zone ADD COLUMN records INTEGER;
  CREATE TABLE zone_grant (
    parent TEXT NOT NULL,
    child TEXT NOT NULL,
    reversed TEXT NOT NULL,
    reversed_end TEXT NOT NULL,
    customer TEXT NOT NULL REFERENCES customer (id),
    given_by TEXT NOT NULL REFERENCES customer (id),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (parent, child, customer)
  ) STRICT;
  CREATE INDEX zone_grant_customer ON zone_grant (customer, given_by);
  CREATE TABLE transfer_code (
    hash TEXT PRIMARY KEY,
    zone TEXT NOT NULL UNIQUE,
    customer TEXT NOT NULL REFERENCES customer (id),
    with_below INTEGER NOT NULL CHECK (with_below IN (0, 1)),
    expires_at INTEGER NOT NULL
  ) STRICT;
  ALTER TABLE change ADD COLUMN client TEXT NOT NULL DEFAULT '';
  UPDATE change SET client = json_extract(body, '$.from'), body = json_remove(body, '$.from');
  ALTER TABLE audit ADD COLUMN client TEXT;
  ALTER TABLE audit ADD COLUMN salt TEXT;
  ALTER TABLE audit ADD COLUMN client_hash TEXT;
  CREATE INDEX audit_client ON audit (at) WHERE client IS NOT NULL;`,
  `ALTER TABLE audit ADD COLUMN gateway TEXT NOT NULL DEFAULT '';
  CREATE INDEX audit_gateway ON audit (gateway, number);`,
  `ALTER TABLE customer ADD COLUMN backend TEXT NOT NULL DEFAULT '';
  ALTER TABLE zone ADD COLUMN backend TEXT NOT NULL DEFAULT '';`,
  `CREATE INDEX token_listed ON token (customer, created_at, id);
  CREATE INDEX zone_listed ON zone (customer, name) WHERE left_at IS NULL AND pending = 0;`,
];

/**
 * Brings the tables to the form of this release, each step in one transaction.
 * @throws {StorageError} `storage.newer`
 */
export function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > storageMigrations.length) throw new StorageError('storage.newer');
  for (let at = version; at < storageMigrations.length; at += 1) {
    database.exec('BEGIN IMMEDIATE');
    try {
      // Another process may have made the step while this one waited.
      const now = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
      if (now === at) {
        database.exec(storageMigrations[at] ?? '');
        database.exec(`PRAGMA user_version = ${at + 1}`);
      }
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
}
