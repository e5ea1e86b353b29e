import { statSync } from 'node:fs';
import { JournalError } from '../core/journal.ts';

/** Reads that follow each other within so many milliseconds are one check of the journal. */
const moment = 20;

interface Seen {
  readonly device: number;
  readonly inode: number;
  readonly size: number;
}

/**
 * Watches the files of an open journal: SQLite goes on with a file that was deleted or replaced, and what is
 * written there is lost. While the journal is open neither the database nor its write-ahead log becomes
 * shorter.
 */
export class FilePlace {
  readonly #path: string;
  readonly #seen = new Map<string, Seen>();
  /** The file that was lost; it stays so: what is written to it now makes it grow again. */
  #lost: string | null = null;
  #checkedAt = -Infinity;

  /** @param path of the database */
  constructor(path: string) {
    this.#path = path;
  }

  /** {@link check}, unless that was done a moment ago. */
  checkSometimes(): void {
    if (this.#lost !== null || performance.now() - this.#checkedAt > moment) this.check();
  }

  /**
   * @throws {JournalError} `journal.lost` when a file is gone, is another one, or was cut since the first
   *   call
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
