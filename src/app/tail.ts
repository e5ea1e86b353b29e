import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * Reads the last `most` octets of a file as text. If they begin inside a character, its rest becomes U+FFFD.
 */
export function tailOf(path: string, most: number): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const octets = Buffer.alloc(Math.min(size, most));
    const read = readSync(file, octets, 0, octets.length, size - octets.length);
    return octets.toString('utf8', 0, read);
  } finally {
    closeSync(file);
  }
}
