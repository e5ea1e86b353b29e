import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The files of a pause, as the agent sees them. */
export interface PauseFiles {
  /** End of the pause, as {@link pauseEnd} returns it. */
  end(): number | null;
  /** Whether the flag file exists: no agent has noticed the end of the pause yet. */
  hasFlag(): boolean;
  /**
   * Remembers that an agent has noticed the end of a pause: replaces the flag file by the file of {@link
   * isFollowing}.
   */
  takeFlag(): void;
  /** Whether an agent has noticed the end of a pause, and the comparison after it is not complete. */
  isFollowing(): boolean;
  removeFollowing(): void;
}

/** @param path path of the pause file */
export function pauseFiles(path: string): PauseFiles {
  const following = `${path}-following`;
  return {
    end: () => pauseEnd(path),
    hasFlag: () => existsSync(flagOf(path)),
    takeFlag: () => {
      // A rename works even on a full disk.
      if (existsSync(flagOf(path))) renameSync(flagOf(path), following);
      else writeFileSync(following, '', { mode: 0o600 });
    },
    isFollowing: () => existsSync(following),
    removeFollowing: () => rmSync(following, { force: true }),
  };
}

/**
 * End of the pause: wall clock, milliseconds since 1970. `Infinity`: it lasts until somebody resumes. `null`:
 * there is no pause.
 * @param path path of the pause file
 */
export function pauseEnd(path: string): number | null {
  // Every hook call runs this function, and usually there is no pause. Catching the error of a missing file
  // would take a quarter of a millisecond.
  if (!existsSync(path)) return null;
  try {
    const text = readFileSync(path, 'utf8').trim();
    return /^\d+$/.test(text) ? Number(text) * 1_000 : Infinity;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

export function isPaused(path: string, wall: number): boolean {
  const end = pauseEnd(path);
  return end !== null && wall < end;
}

/**
 * Starts a pause. First writes the flag file. With it, a comparison follows the pause even if somebody
 * removes the pause file while no agent runs.
 * @param until wall clock, milliseconds since 1970; `Infinity`: until somebody resumes
 */
export function pause(path: string, until: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  putFlag(path);
  writeFileSync(path, until === Infinity ? '' : `${Math.ceil(until / 1_000)}\n`, { mode: 0o600 });
}

/**
 * Ends a pause. Writes the flag file again, so that the agent makes the comparison after the pause even if it
 * never noticed the pause.
 * @returns whether there was a pause
 */
export function endPause(path: string): boolean {
  const was = pauseEnd(path) !== null;
  if (was) putFlag(path);
  rmSync(path, { force: true });
  return was;
}

function putFlag(path: string): void {
  // The file is empty, so it can be written on a full disk as well.
  writeFileSync(flagOf(path), '', { mode: 0o600 });
}

function flagOf(path: string): string {
  return `${path}-ended`;
}
