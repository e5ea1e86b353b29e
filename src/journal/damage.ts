import { JournalError } from '../core/journal.ts';
import type { Row } from './database.ts';
import { sumOf, type ColumnValue } from './sums.ts';

/** What is stored is not what was written. @param what the words of a log */
export function damaged(path: string, what: string): JournalError {
  return new JournalError('journal.unreadable', { path }, new Error(`damaged: ${what}`));
}

/** The columns of a row as they are stored; what no column of ours can hold counts as absent. */
export function columnsOf(row: Row, names: readonly string[]): readonly ColumnValue[] {
  return names.map((name) => {
    const value = row[name];
    return typeof value === 'string' || typeof value === 'number' ? value : null;
  });
}

/** Whether a row is as it was written: its column `sum` is that of the others. */
export function isWhole(table: string, names: readonly string[], row: Row): boolean {
  return row['sum'] === sumOf(table, columnsOf(row, names));
}
