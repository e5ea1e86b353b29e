import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The files of a pause, as the agent sees them. */
export interface PauseFiles {
  /** End of the pause, as {@link pauseEnd} returns it. */
  end(): number | null;
  /**
   * Tells flag files apart. There is one while a comparison has to follow a pause; null: there is none.
   */
  flag(): string | null;
  /** Makes the flag file anew. */
  putFlag(): void;
  removeFlag(): void;
}

/** @param path path of the pause file */
export function pauseFiles(path: string): PauseFiles {
  return {
    end: () => pauseEnd(path),
    flag: () => flagAt(flagOf(path)),
    putFlag: () => putFlag(path),
    removeFlag: () => rmSync(flagOf(path), { force: true }),
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

function flagAt(path: string): string | null {
  const flag = statSync(path, { throwIfNoEntry: false, bigint: true });
  return flag === undefined ? null : `${flag.ino} ${flag.mtimeNs}`;
}

function putFlag(path: string): void {
  const flag = flagOf(path);
  // It is empty, so that it can be made on a full disk as well.
  rmSync(flag, { force: true });
  writeFileSync(flag, '', { mode: 0o600 });
}

function flagOf(path: string): string {
  return `${path}-ended`;
}
