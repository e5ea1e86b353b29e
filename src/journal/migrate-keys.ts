import type { DatabaseSync } from 'node:sqlite';
import { unkeyedFact } from './history-index.ts';
import { sumOf } from './sums.ts';

/** Notes up to which operation the keys of the history are still missing; the upkeep adds them. */
export function noteUnkeyed(database: DatabaseSync): void {
  const last = database.prepare('SELECT max(id) AS id FROM operation').get()?.['id'];
  if (typeof last !== 'string') return;
  database
    .prepare('INSERT OR REPLACE INTO fact (name, value, sum) VALUES (?, ?, ?)')
    .run(unkeyedFact, last, sumOf('fact', [unkeyedFact, last]));
}
