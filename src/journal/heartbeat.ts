import type { DatabaseSync } from 'node:sqlite';
import { damaged, isWhole } from './damage.ts';
import type { Database } from './database.ts';
import { sumOf } from './sums.ts';

/** The data that each commit stores in addition to its own. */
export interface Beat {
  /** Number of commits so far. */
  readonly commits: number;
  /** When the last commit was made: wall clock, milliseconds since 1970; 0: unknown. */
  readonly at: number;
}

/**
 * SQL that creates the table of {@link Heartbeat}. The table is small, so a commit has to write only one more
 * page because of it.
 */
export const heartbeatTable = `
  CREATE TABLE heartbeat (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    commits INTEGER NOT NULL,
    at INTEGER NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;`;

/** Stores the first beat in a new table. */
export function beginHeartbeat(database: DatabaseSync): void {
  database.prepare(insert).run(...rowOf({ commits: 0, at: 0 }));
}

const insert = 'INSERT INTO heartbeat (one, commits, at, sum) VALUES (1, ?, ?, ?)';

function rowOf({ commits, at }: Beat): [number, number, number] {
  return [commits, at, sumOf('heartbeat', [commits, at])];
}

/** Stores the {@link Beat} of the last commit, in one row. */
export class Heartbeat {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @throws {JournalError} when the row is damaged or missing */
  get(): Beat {
    const row = this.#database.get('SELECT commits, at, sum FROM heartbeat');
    if (row === undefined || !isWhole('heartbeat', ['commits', 'at'], row))
      throw damaged(this.#database.path, 'heartbeat');
    return { commits: Number(row['commits']), at: Number(row['at']) };
  }

  put(beat: Beat): void {
    this.#database.run('UPDATE heartbeat SET commits = ?, at = ?, sum = ?', ...rowOf(beat));
  }
}
