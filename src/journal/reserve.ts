import { closeSync, constants, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';

/**
 * A file beside the journal that occupies disk space, so that open operations can be finished when the disk
 * is full. If a write for an open operation needs the space, the file is deleted. It is created again when
 * the disk has room.
 */
export class Reserve {
  readonly #path: string;
  readonly #octets: number;

  constructor(path: string, octets: number) {
    this.#path = path;
    this.#octets = octets;
  }

  /** Whether the file has its full size now, so that its space is reserved. */
  get held(): boolean {
    return (statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0) >= this.#octets;
  }

  /** Creates the file at its full size. @returns false when the disk has no room for it */
  take(): boolean {
    if (this.held) return true;
    const chunk = Buffer.alloc(64 * 1024, 1);
    const file = openSync(this.#path, constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC, 0o600);
    try {
      // The file is filled with octets, because setting its size alone would reserve no disk space.
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

  /** Deletes the file, so that its space is free. */
  give(): void {
    rmSync(this.#path, { force: true });
  }
}

/** Whether an error means that the disk (or the quota) is full. */
export function isFull(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ENOSPC' || error.code === 'EDQUOT';
}
