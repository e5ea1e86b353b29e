import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Thrown when the path of the metrics file belongs to something other than an ordinary file. Nothing was
 * written.
 */
export class NotAMetricsFile extends Error {
  override readonly name = 'NotAMetricsFile';
}

/**
 * Replaces the file by rename and gives it mode 0644, so a reader sees either the old text or the new one.
 * The draft lies in the same folder. Its name does not end with `.prom`, so a textfile collector ignores it.
 * @throws {NotAMetricsFile} if a symbolic link, a folder, a device or the like is there
 * @throws {Error} errors of the file system, unchanged; the old file then stays
 */
export function writeMetricsFile(path: string, text: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile())
    throw new NotAMetricsFile(`${path} is not an ordinary file, so it is not replaced.`);
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.new`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    try {
      writeFileSync(file, text);
      // The umask may remove bits of the mode that `open` gets, so the mode is set again.
      fchmodSync(file, 0o644);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
