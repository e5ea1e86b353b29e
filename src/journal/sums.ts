import { crc32 } from 'node:zlib';

/** The value of a column. */
export type ColumnValue = string | number | null;

/** Sums of checksums are taken modulo this number, so that a double holds them exactly. */
const modulus = 2 ** 48;

/** The character between two columns, and the one for NULL. No text that we store holds either of them. */
const [separator, absent] = ['\u001f', '\u0001'];

/**
 * The table's name and the columns of a row as one text, in the order of the table. {@link textInSql} makes
 * the same text of a stored row.
 */
function textOf(table: string, columns: readonly ColumnValue[]): string {
  return [table, ...columns.map((value) => value ?? absent)].join(separator);
}

/** An SQL expression that makes the text of a row, the same as `textOf`. */
export function textInSql(table: string, columns: readonly string[]): string {
  const values = columns.map((column) => `ifnull(${column}, char(1))`);
  return `concat_ws(char(31), '${table}', ${values.join(', ')})`;
}

/** Checksum of one row: CRC-32 of its table's name and its columns. */
export function sumOf(table: string, columns: readonly ColumnValue[]): number {
  return crc32(textOf(table, columns));
}

/**
 * Checksum of a row whose text SQL has made with {@link textInSql}.
 * @param more values from another table that belong to the row
 */
export function sumOfText(text: string, more: readonly string[] = []): number {
  return crc32([text, ...more].join(separator));
}

/** Adds a checksum to a sum of checksums; a negative one takes it away. The order of rows does not matter. */
export function addSum(sum: number, change: number): number {
  return (((sum + change) % modulus) + modulus) % modulus;
}
