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

/** Digits of the number in the file. Each write has the same length, so that none cuts the file off. */
const digits = 15;

/**
 * The second copy of a journal's number of commits, in a file of its own. A journal with a lower number is an
 * older copy of itself (docs/decisions/016-older-journals.md).
 */
export class CountFile {
  readonly #path: string;
  #file: number | null = null;

  /** @param path the file; nothing is opened yet */
  constructor(path: string) {
    this.#path = path;
  }

  /** The stored number; 0 if the file is missing or contains anything else. @throws {Error} of the system */
  read(): number {
    return existsSync(this.#path) ? countIn(readFileSync(this.#path, 'utf8')) : 0;
  }

  /**
   * Stores the number of a journal that was just opened, and syncs the file.
   * @throws {Error} of the system
   */
  begin(commits: number): void {
    this.#file = openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
    ftruncateSync(this.#file, writeSync(this.#file, textOf(commits), 0));
    fsyncSync(this.#file);
  }

  /**
   * Stores the number of a commit that is durable already. The file is not synced. After a failure the
   * file lags behind until the next commit, so an older copy may go unnoticed; no edit fails because of that.
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

/** The whole number in the text. Null (there is none yet) and any other text give 0. */
export function countIn(text: string | null): number {
  return text !== null && /^\d{1,15}\s*$/u.test(text) ? Number(text) : 0;
}
