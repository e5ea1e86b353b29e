import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { isSystemError } from '../../net/system-error.ts';
import { CommandFailed } from '../command-failed.ts';

/** Checks that nothing exists at the path of the report. @throws {CommandFailed} something exists there */
export function demandFree(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw taken(path);
}

/**
 * Creates a file with mode 0600. If that fails, no file is left.
 * @throws {CommandFailed} if something exists at the path, even a symbolic link, or if the file cannot be
 *   written
 */
export function writeReport(path: string, text: string): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  let file: number;
  try {
    file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  } catch (error) {
    throw isSystemError(error, 'EEXIST', 'ELOOP') ? taken(path) : unwritable(path, error);
  }
  try {
    try {
      // The umask may remove bits of the mode that `open` gets, so the mode is set again.
      fchmodSync(file, 0o600);
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    rmSync(path, { force: true });
    throw unwritable(path, error);
  }
}

function taken(path: string): CommandFailed {
  return new CommandFailed(`${path} exists already, and a report replaces no file. Give another name.`);
}

function unwritable(path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const full = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  const way = full
    ? 'Free some space, or write it to another disk.'
    : 'Give another path, and run this as root.';
  return new CommandFailed(`${path} cannot be written (${error.message}). No report was left there. ${way}`);
}
