import { crc32 } from 'node:zlib';

/** The value of a column. */
export type ColumnValue = string | number | null;

/** Sums of checksums are taken modulo this number, so that a double can hold them exactly. */
const modulus = 2 ** 48;

/**
 * The character between two columns, and the character that stands for NULL. No text that we store contains
 * either.
 */
const [separator, absent] = ['\u001f', '\u0001'];

/**
 * Joins the name of a table and the columns of a row into one text. The columns come in the order of the
 * table. {@link textInSql} makes the same text in SQL.
 */
function textOf(table: string, columns: readonly ColumnValue[]): string {
  return [table, ...columns.map((value) => value ?? absent)].join(separator);
}

/** Returns an SQL expression that makes the same text of a row as `textOf`. */
export function textInSql(table: string, columns: readonly string[]): string {
  const values = columns.map((column) => `ifnull(${column}, char(1))`);
  return `concat_ws(char(31), '${table}', ${values.join(', ')})`;
}

/** The checksum of one row: CRC-32 of its table's name and its columns. */
export function sumOf(table: string, columns: readonly ColumnValue[]): number {
  return crc32(textOf(table, columns));
}

/**
 * The checksum of a row whose text SQL has made with {@link textInSql}.
 * @param more values from another table that belong to the row
 */
export function sumOfText(text: string, more: readonly string[] = []): number {
  return crc32([text, ...more].join(separator));
}

/**
 * Adds a checksum to a sum of checksums; a negative checksum is subtracted. The order of rows does not
 * matter.
 */
export function addSum(sum: number, change: number): number {
  return (((sum + change) % modulus) + modulus) % modulus;
}
