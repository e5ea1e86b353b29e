import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A pipe: one end for the child process, the other to write into. */
export interface Pipe {
  /** Descriptor to hand to a child process; the caller closes it once the child has it. */
  readonly end: number;
  readonly input: Socket;
}

/** How many named pipes one run of `mkfifo` makes. */
const AT_ONCE = 32;

/**
 * Pipes as the standard input of child processes. What Node.js makes for a child is a socket, which cannot be
 * opened again as `/dev/stdin`; a real panel's handlers get a pipe.
 */
export class Pipes {
  /** Not under the root: a panel has no such files. Made when first needed. */
  #folder: string | null = null;
  #ready: string[] = [];

  /** Makes a pipe that has no name any more. */
  open(): Pipe {
    if (this.#ready.length === 0) this.#make();
    const path = this.#ready.pop() ?? '';
    // With both ends open neither of the next two waits for the other.
    const both = openSync(path, constants.O_RDWR);
    try {
      const end = openSync(path, constants.O_RDONLY);
      return { end, input: new Socket({ fd: openSync(path, constants.O_WRONLY), readable: false }) };
    } finally {
      closeSync(both);
      rmSync(path);
    }
  }

  /** Removes the pipes that nobody has opened yet. */
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
