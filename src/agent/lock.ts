import { mkdirSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Makes sure that a panel has only one running agent, by an exclusive lock on a file. The kernel releases the
 * lock when the process ends, even if it is killed. The content of the file has no meaning. If SQLite cannot
 * lock the file because of its content, the file is emptied.
 * @returns a function that releases the lock; `null`: another agent holds it
 * @throws {Error} with the path, when the file cannot be opened or locked
 */
export function takeLock(path: string): (() => void) | null {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return lock(path);
  } catch (error) {
    if (resultOf(error) !== notDatabase) throw unlockable(path, error);
  }
  try {
    // The file is emptied, not replaced. If another agent has locked it in the meantime, that lock stays
    // valid.
    truncateSync(path);
    return lock(path);
  } catch (error) {
    throw unlockable(path, error);
  }
}

/** Result codes of SQLite (sqlite.org/rescode.html). */
const busy = 5;
const notDatabase = 26;

function lock(path: string): (() => void) | null {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
  } catch (error) {
    database.close();
    if (resultOf(error) === busy) return null;
    throw error;
  }
  return () => database.close();
}

function resultOf(error: unknown): unknown {
  return error instanceof Error && 'errcode' in error ? error.errcode : null;
}

function unlockable(path: string, cause: unknown): Error {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${path} cannot be locked: ${text}`, { cause });
}
