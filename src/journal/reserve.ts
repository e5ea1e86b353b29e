import { closeSync, constants, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';

/**
 * A file beside the journal that reserves disk space, so that open operations can be finished on a full disk.
 * It is deleted when such a write needs the space, and made again when there is room.
 */
export class Reserve {
  readonly #path: string;
  readonly #octets: number;

  constructor(path: string, octets: number) {
    this.#path = path;
    this.#octets = octets;
  }

  /** Whether the space is reserved now. */
  get held(): boolean {
    return (statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0) >= this.#octets;
  }

  /** Reserves the space. @returns false when the disk has no room for it */
  take(): boolean {
    if (this.held) return true;
    const chunk = Buffer.alloc(64 * 1024, 1);
    const file = openSync(this.#path, constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC, 0o600);
    try {
      // Real octets are written: setting the file's size alone reserves no disk space.
      for (let left = this.#octets; left > 0; left -= chunk.length)
        writeSync(file, chunk, 0, Math.min(left, chunk.length));
      fsyncSync(file);
      return true;
    } catch (error) {
      if (!isFull(error)) throw error;
      this.give();
      return false;
    } finally {
      closeSync(file);
    }
  }

  /** Gives the space back. */
  give(): void {
    rmSync(this.#path, { force: true });
  }
}

/** Whether an error means that the disk (or the quota) is full. */
export function isFull(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ENOSPC' || error.code === 'EDQUOT';
}
