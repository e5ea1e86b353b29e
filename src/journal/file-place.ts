import { statSync } from 'node:fs';
import { JournalError } from '../core/journal.ts';

/** {@link FilePlace.checkSometimes} checks the files at most once in this time, milliseconds. */
const moment = 20;

interface Seen {
  readonly device: number;
  readonly inode: number;
  readonly size: number;
}

/**
 * Watches the files of an open journal. SQLite keeps using a file that was deleted or replaced, and what it
 * writes is lost. While the journal is open, neither the database nor its write-ahead log may become shorter.
 */
export class FilePlace {
  readonly #path: string;
  readonly #seen = new Map<string, Seen>();
  /** Path of the lost file, if any. It stays set, because later writes may make a cut file long again. */
  #lost: string | null = null;
  #checkedAt = -Infinity;

  /** @param path of the database */
  constructor(path: string) {
    this.#path = path;
  }

  /** Calls {@link check} if the last call was more than {@link moment} ago, or a file is lost. */
  checkSometimes(): void {
    if (this.#lost !== null || performance.now() - this.#checkedAt > moment) this.check();
  }

  /** @throws {JournalError} `journal.lost` if a file was deleted, replaced or cut since the first call */
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
