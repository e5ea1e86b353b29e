import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The files of a pause, as the agent sees them. */
export interface PauseFiles {
  /** End of the pause, as {@link pauseEnd} returns it. */
  end(): number | null;
  /** Whether there is a flag file: the end of a pause is still to be taken. */
  hasFlag(): boolean;
  /** Takes the end of a pause: in place of the flag file there is one that says {@link isFollowing}. */
  takeFlag(): void;
  /** Whether the comparison after a pause is not complete, although its end was taken. */
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
      // A renamed file needs no place on a full disk.
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
  // Every hook call comes here, and usually there is no pause. Catching the error of a missing file would
  // cost a quarter of a millisecond.
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
 * Starts a pause. The flag file is made before it, so that a comparison follows the pause even if somebody
 * removes the pause file while no agent runs.
 * @param until wall clock, milliseconds since 1970; `Infinity`: until somebody resumes
 */
export function pause(path: string, until: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  putFlag(path);
  writeFileSync(path, until === Infinity ? '' : `${Math.ceil(until / 1_000)}\n`, { mode: 0o600 });
}

/**
 * Ends a pause. Makes the flag file anew, so that the agent makes the comparison that follows a pause even
 * if it never noticed the pause.
 * @returns whether there was a pause
 */
export function endPause(path: string): boolean {
  const was = pauseEnd(path) !== null;
  if (was) putFlag(path);
  rmSync(path, { force: true });
  return was;
}

function putFlag(path: string): void {
  // It is empty, so that it can be made on a full disk as well.
  writeFileSync(flagOf(path), '', { mode: 0o600 });
}

function flagOf(path: string): string {
  return `${path}-ended`;
}
