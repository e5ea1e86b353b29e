import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Reads the last `most` octets of a file as text. A character that is cut at the start is replaced. */
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
