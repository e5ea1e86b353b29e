import { crc32 } from 'node:zlib';

/** What a column of a table holds. */
export type ColumnValue = string | number | null;

/** Sums of rows wrap here: they stay exact in a double. */
const modulus = 2 ** 48;

/** What stands between two columns, and for one that is NULL: texts of ours have neither. */
const [separator, absent] = ['\u001f', '\u0001'];

/**
 * The columns of a row as one text, in the order of the table. {@link textInSql} makes the same of a stored
 * row.
 */
function textOf(table: string, columns: readonly ColumnValue[]): string {
  return [table, ...columns.map((value) => value ?? absent)].join(separator);
}

/** An SQL expression for the text of a row. */
export function textInSql(table: string, columns: readonly string[]): string {
  const values = columns.map((column) => `ifnull(${column}, char(1))`);
  return `concat_ws(char(31), '${table}', ${values.join(', ')})`;
}

/**
 * Checksum of one row: CRC-32 of its table and its columns. A text that is no Unicode counts as SQLite stores
 * it.
 */
export function sumOf(table: string, columns: readonly ColumnValue[]): number {
  return crc32(textOf(table, columns));
}

/** The same of a row whose text SQL has made. @param more further columns, from another table */
export function sumOfText(text: string, more: readonly string[] = []): number {
  return crc32([text, ...more].join(separator));
}

/** Adds to the sum of a set of rows, or takes from it; the order of the rows does not matter. */
export function addSum(sum: number, change: number): number {
  return (((sum + change) % modulus) + modulus) % modulus;
}
