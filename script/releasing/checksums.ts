/** Lists of checksums in the form that `sha256sum --check` reads. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Name of a list of checksums. Its signature is beside it, with `.minisig` at the end. */
export const sumsName = 'SHA256SUMS';

/** Writes the list of all files in a folder, except itself. @returns its path */
export function writeSums(folder: string): string {
  const path = join(folder, sumsName);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    return !name.startsWith(sumsName) && statSync(join(folder, name)).isFile();
  });
  writeFileSync(path, sumsOf(folder, names.toSorted()));
  return path;
}

/** Makes the list of these files. */
export function sumsOf(folder: string, names: readonly string[]): string {
  const sums = names.map((name) => {
    const sum = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    return `${sum}  ${name}\n`;
  });
  return sums.join('');
}
