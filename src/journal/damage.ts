import { JournalError } from '../core/journal.ts';
import type { Row } from './database.ts';
import { sumOf, type ColumnValue } from './sums.ts';

/**
 * Makes the error for a damaged journal: its file does not contain what was written.
 * @param what names the damaged part in the log
 */
export function damaged(path: string, what: string): JournalError {
  return new JournalError('journal.unreadable', { path }, new Error(`damaged: ${what}`));
}

/**
 * Returns the values of some columns of a row. A value that is neither text nor a number is returned as null.
 */
export function columnsOf(row: Row, names: readonly string[]): readonly ColumnValue[] {
  return names.map((name) => {
    const value = row[name];
    return typeof value === 'string' || typeof value === 'number' ? value : null;
  });
}

/**
 * Whether a row is unchanged since it was written: its column `sum` equals the checksum of the named columns.
 */
export function isWhole(table: string, names: readonly string[], row: Row): boolean {
  return row['sum'] === sumOf(table, columnsOf(row, names));
}
