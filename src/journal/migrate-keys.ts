import type { DatabaseSync } from 'node:sqlite';
import { unkeyedFact } from './history-index.ts';
import { sumOf } from './sums.ts';

/**
 * Stores the id of the newest operation. Operations up to this id still lack their history keys; the upkeep
 * adds these keys in the background.
 */
export function noteUnkeyed(database: DatabaseSync): void {
  const last = database.prepare('SELECT max(id) AS id FROM operation').get()?.['id'];
  if (typeof last !== 'string') return;
  database
    .prepare('INSERT OR REPLACE INTO fact (name, value, sum) VALUES (?, ?, ?)')
    .run(unkeyedFact, last, sumOf('fact', [unkeyedFact, last]));
}
