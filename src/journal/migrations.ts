import type { DatabaseSync } from 'node:sqlite';
import { beginHeartbeat, heartbeatTable } from './heartbeat.ts';
import { addChecksums } from './migrate-checksums.ts';
import { noteUnkeyed } from './migrate-keys.ts';
import { renamedTables, renameStates } from './migrate-states.ts';

/**
 * One step from a schema to the next. `sql` and `fill` run in one transaction, which also stores the new
 * schema number.
 */
export interface Migration {
  readonly sql: string;
  /**
   * Makes the changes that SQL alone cannot make; runs after `sql`. Its duration must not grow with the
   * number of stored operations.
   */
  readonly fill?: (database: DatabaseSync) => void;
  /**
   * Whether a program that does not know this migration could damage a migrated file. If so, such a program
   * must not open the file.
   */
  readonly breaking: boolean;
}

/**
 * All migrations in order, numbered from 1. A released migration is never edited; new ones are added at the
 * end.
 */
export const migrations: readonly Migration[] = [
  {
    breaking: true,
    sql: `
      CREATE TABLE operation (
        id TEXT PRIMARY KEY,
        zone TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN
          ('prepared', 'applied', 'kept', 'confirmed', 'refused', 'reverting', 'reverted', 'stuck')),
        open INTEGER NOT NULL CHECK (open IN (0, 1)),
        watch_until INTEGER NOT NULL,
        body TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX operation_zone ON operation (zone, id);
      CREATE INDEX operation_open ON operation (id) WHERE open = 1;
      CREATE INDEX operation_watch ON operation (watch_until) WHERE watch_until > 0;
      CREATE TABLE zone (
        name TEXT PRIMARY KEY,
        standing TEXT NOT NULL CHECK (standing IN
          ('joined', 'panel-only', 'foreign', 'released', 'creating', 'deleting')),
        incarnation INTEGER NOT NULL CHECK (incarnation >= 1),
        baseline_at INTEGER NOT NULL,
        note TEXT
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE record (
        zone TEXT NOT NULL,
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        rdata TEXT NOT NULL,
        ttl INTEGER,
        standing TEXT NOT NULL CHECK (standing IN
          ('joined', 'panel-only', 'central-only', 'differs', 'released')),
        on_panel INTEGER NOT NULL CHECK (on_panel IN (0, 1)),
        on_central INTEGER NOT NULL CHECK (on_central IN (0, 1)),
        panel_key TEXT,
        note TEXT,
        PRIMARY KEY (zone, name, type, rdata)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
  },
  {
    breaking: false,
    sql: `
      CREATE INDEX operation_zone_open ON operation (zone, id) WHERE open = 1;
      CREATE INDEX operation_zone_watch ON operation (zone, watch_until) WHERE watch_until > 0;`,
  },
  {
    breaking: false,
    sql: `
      CREATE TABLE owner (
        zone TEXT PRIMARY KEY,
        accounts TEXT
      ) STRICT, WITHOUT ROWID;`,
  },
  {
    // The further keys of a record get a table of their own. A new column of `record` would break programs
    // that insert rows without column names.
    breaking: false,
    sql: `
      CREATE TABLE record_key (
        zone TEXT NOT NULL,
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        rdata TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (zone, name, type, rdata, key)
      ) STRICT, WITHOUT ROWID;`,
  },
  {
    // Breaking, because an earlier program would write rows without checksums.
    breaking: true,
    sql: `
      ALTER TABLE operation ADD COLUMN sum INTEGER;
      ALTER TABLE zone ADD COLUMN sum INTEGER;
      ALTER TABLE record ADD COLUMN sum INTEGER;
      ALTER TABLE fact ADD COLUMN sum INTEGER;
      ALTER TABLE owner ADD COLUMN sum INTEGER;
      CREATE TABLE ledger (
        zone TEXT PRIMARY KEY,
        row_count INTEGER NOT NULL,
        row_sum INTEGER NOT NULL,
        frozen INTEGER NOT NULL,
        sum INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX ledger_frozen ON ledger (zone) WHERE frozen = 1;
      CREATE TABLE tally (name TEXT PRIMARY KEY, n INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      DROP INDEX operation_open;
      DROP INDEX operation_zone_watch;
      CREATE INDEX operation_id ON operation (id);
      CREATE INDEX operation_zone_2 ON operation (zone, id);
      CREATE TABLE live (
        open INTEGER NOT NULL,
        watch_until INTEGER NOT NULL,
        id TEXT NOT NULL,
        zone TEXT NOT NULL,
        PRIMARY KEY (open, watch_until, id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX zone_2 ON zone (name, sum);
      CREATE INDEX fact_2 ON fact (name, sum);`,
    fill: addChecksums,
  },
  {
    // From this schema on, a stored operation has only the fields of its kind. Its watch lists the records
    // that a late write may still change. Breaking, because an earlier program cannot read such operations.
    breaking: true,
    sql: '',
  },
  {
    // Breaking, because an earlier program does not know the new names of states.
    breaking: true,
    sql: renamedTables,
    fill: renameStates,
  },
  {
    // Breaking, because an earlier program would end operations without writing their keys.
    breaking: true,
    sql: `
      CREATE TABLE decision (
        id TEXT PRIMARY KEY,
        actor TEXT NOT NULL,
        body TEXT NOT NULL,
        sum INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX decision_actor ON decision (actor, id);
      CREATE TABLE operation_key (
        key TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (key, id)
      ) STRICT, WITHOUT ROWID;`,
    fill: noteUnkeyed,
  },
  {
    // Not breaking, because an earlier program does not use this table. That program counts how often the
    // file is opened, in the fact `generation`, and counts no commits.
    breaking: false,
    sql: heartbeatTable,
    fill: beginHeartbeat,
  },
];
