import { crc32 } from 'node:zlib';

/** What a column of a table holds. */
export type Stored = string | number | null;

/** Sums of rows wrap here: they stay exact in a double. */
const modulus = 2 ** 48;

/**
 * Checksum of one row: CRC-32 of its table and its columns, in the order of the table.
 * A text that is no Unicode counts as SQLite stores it.
 */
export function sumOf(table: string, columns: readonly Stored[]): number {
  const stored = columns.map((value) => (typeof value === 'string' ? value.toWellFormed() : value));
  return crc32(JSON.stringify([table, ...stored]));
}

/** Adds to the sum of a set of rows, or takes from it; the order of the rows does not matter. */
export function addSum(sum: number, change: number): number {
  return (((sum + change) % modulus) + modulus) % modulus;
}
