import { statSync } from 'node:fs';
import { JournalError } from '../core/journal.ts';

/** Minimum time between two checks by {@link FilePlace.checkSometimes}, milliseconds. */
const moment = 20;

interface Seen {
  readonly device: number;
  readonly inode: number;
  readonly size: number;
}

/**
 * Detects that the files of an open journal were deleted, replaced or shortened. SQLite would continue to use
 * such a file, and everything written to it would be lost. While the journal is open, neither the database
 * nor its write-ahead log may become shorter.
 */
export class FilePlace {
  readonly #path: string;
  readonly #seen = new Map<string, Seen>();
  /**
   * Path of the first file that was found deleted, replaced or shortened; null: none was. It is never reset,
   * because later writes may make a shortened file long again.
   */
  #lost: string | null = null;
  #checkedAt = -Infinity;

  /** @param path path of the database file */
  constructor(path: string) {
    this.#path = path;
  }

  /** Calls {@link check} if the last check was more than {@link moment} ago, or a file is lost already. */
  checkSometimes(): void {
    if (this.#lost !== null || performance.now() - this.#checkedAt > moment) this.check();
  }

  /**
   * Compares both files with the results of earlier checks.
   * @throws {JournalError} `journal.lost` if a file was deleted, replaced or shortened
   */
  check(): void {
    this.#checkedAt = performance.now();
    for (const path of [this.#path, `${this.#path}-wal`]) {
      const now = look(path);
      const before = this.#seen.get(path);
      if (before !== undefined && !isSame(before, now)) this.#lost ??= path;
      if (now !== null) this.#seen.set(path, now);
    }
    if (this.#lost !== null) throw new JournalError('journal.lost', { path: this.#lost });
  }
}

function look(path: string): Seen | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : { device: found.dev, inode: found.ino, size: found.size };
}

function isSame(before: Seen, now: Seen | null): boolean {
  return now?.device === before.device && now.inode === before.inode && now.size >= before.size;
}
