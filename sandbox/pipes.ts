import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
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
 * Pipes as the standard input of child processes. What Node.js makes for a child is a socket, which cannot be opened again as
 * `/dev/stdin`; a real panel's handlers get a pipe.
 */
export class Pipes {
  readonly #folder: string;
  #ready: string[] = [];
  #made = 0;

  /** @param folder for this object alone; what is in it is removed */
  constructor(folder: string) {
    this.#folder = folder;
    this.remove();
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

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

  /** Removes the folder. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #make(): void {
    this.#ready = Array.from({ length: AT_ONCE }, () => join(this.#folder, String((this.#made += 1))));
    execFileSync('mkfifo', ['-m', '600', ...this.#ready]);
  }
}
