import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

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

/** Starts a pause. @param until wall clock, milliseconds since 1970; `Infinity`: until somebody resumes */
export function pause(path: string, until: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, until === Infinity ? '' : `${Math.ceil(until / 1_000)}\n`, { mode: 0o600 });
}

/**
 * Ends a pause. Leaves a flag file, so that the agent makes the comparison that follows a pause even if it
 * never noticed the pause.
 * @returns whether there was a pause
 */
export function endPause(path: string): boolean {
  const was = pauseEnd(path) !== null;
  if (was) writeFileSync(endedFlag(path), '', { mode: 0o600 });
  rmSync(path, { force: true });
  return was;
}

/** Whether there is the flag file of a pause that somebody ended. */
export function hasEndedFlag(path: string): boolean {
  return existsSync(endedFlag(path));
}

/** Removes the flag file of an ended pause. @returns whether the file existed */
export function takeEndedFlag(path: string): boolean {
  // Every hook call comes here, and usually there is no flag file.
  if (!hasEndedFlag(path)) return false;
  rmSync(endedFlag(path), { force: true });
  return true;
}

function endedFlag(path: string): string {
  return `${path}-ended`;
}
