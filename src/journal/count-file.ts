import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';

/** Number of digits in the file. Every write has the same length, so it replaces the whole earlier number. */
const digits = 15;

/**
 * Keeps a second copy of the journal's number of commits, in a file of its own. If the number in the journal
 * is lower than this copy, the journal is an older copy of itself (docs/decisions/016-older-journals.md).
 */
export class CountFile {
  readonly #path: string;
  #file: number | null = null;

  /** @param path the file; nothing is opened yet */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Reads the stored number; 0 if the file is missing or contains anything else.
   * @throws {Error} errors of the file system
   */
  read(): number {
    return existsSync(this.#path) ? countIn(readFileSync(this.#path, 'utf8')) : 0;
  }

  /**
   * Opens the file and stores the number of commits of a journal that was just opened. Syncs the file to
   * disk.
   * @throws {Error} errors of the file system
   */
  begin(commits: number): void {
    this.#file = openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
    ftruncateSync(this.#file, writeSync(this.#file, textOf(commits), 0));
    fsyncSync(this.#file);
  }

  /**
   * Stores the new number of commits after the journal has made a commit durable. Does not sync the file. A
   * write that fails is ignored, so that no edit fails. Until the next commit the file then has a number that
   * is too low, and an older copy of the journal may go unnoticed.
   */
  follow(commits: number): void {
    if (this.#file === null) return;
    try {
      writeSync(this.#file, textOf(commits), 0);
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

function textOf(commits: number): string {
  return `${String(commits).padStart(digits, '0')}\n`;
}

/**
 * Parses a whole number. Returns 0 for null (no number is stored yet) and for a text that is not a whole
 * number.
 */
export function countIn(text: string | null): number {
  return text !== null && /^\d{1,15}\s*$/u.test(text) ? Number(text) : 0;
}
