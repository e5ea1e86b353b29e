import type { JournalCounts } from '../core/journal.ts';
import type { Database } from './database.ts';
import { presentCounts } from './earlier-words.ts';

/** Counts for a file of an earlier release, which does not store counts. SQL counts the rows instead. */
export function countOldFile(database: Database): JournalCounts {
  const zones = database.all('SELECT standing, count(*) AS n FROM zone GROUP BY standing');
  const rows = database.all('SELECT standing, count(*) AS n FROM record GROUP BY standing');
  const notes = database.get('SELECT count(note) AS n FROM zone');
  const tally = (found: typeof rows): Readonly<Record<string, number>> =>
    presentCounts(Object.fromEntries(found.map(({ standing, n }) => [String(standing), Number(n)])));
  return {
    zones: tally(zones),
    rows: tally(rows),
    notes: Number(notes?.['n']),
    frozen: 0,
    damagedOperations: 0,
  };
}
