import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A pipe. The child process reads from `end`, and this process writes to `input`. */
export interface Pipe {
  /** File descriptor for the child process. The caller closes it once the child has started. */
  readonly end: number;
  readonly input: Socket;
}

/** One call of `mkfifo` makes so many named pipes. */
const AT_ONCE = 32;

/**
 * Makes pipes for the standard input of child processes, as a real panel does. Node.js would use a socket,
 * and a child cannot open a socket as `/dev/stdin`.
 */
export class Pipes {
  /**
   * The folder of the named pipes; null: it is not made yet. It is not under the panel's root, because a real
   * root has no such files.
   */
  #folder: string | null = null;
  #ready: string[] = [];

  /** Opens a pipe and removes its name. */
  open(): Pipe {
    if (this.#ready.length === 0) this.#make();
    const path = this.#ready.pop() ?? '';
    // While this descriptor is open, the two opens below need not wait for each other.
    const both = openSync(path, constants.O_RDWR);
    try {
      const end = openSync(path, constants.O_RDONLY);
      return { end, input: new Socket({ fd: openSync(path, constants.O_WRONLY), readable: false }) };
    } finally {
      closeSync(both);
      rmSync(path);
    }
  }

  /** Removes the pipes that are not opened yet, and their folder. */
  remove(): void {
    this.#ready = [];
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = null;
  }

  #make(): void {
    const folder = this.#folder ?? mkdtempSync(join(tmpdir(), 'sandbox-pipes-'));
    this.#folder = folder;
    this.#ready = Array.from({ length: AT_ONCE }, (_, at) => join(folder, String(at)));
    execFileSync('mkfifo', ['-m', '600', ...this.#ready]);
  }
}
