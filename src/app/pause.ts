import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * When a pause ends: wall clock in milliseconds since 1970, `Infinity` when nobody said; `null` = not paused.
 */
export function pauseEnd(path: string): number | null {
  // The common case, asked at every hook call: an error made and caught costs a quarter of a millisecond.
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

/** @param until wall clock, milliseconds since 1970; `Infinity` = until resumed */
export function pause(path: string, until: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, until === Infinity ? '' : `${Math.ceil(until / 1_000)}\n`, { mode: 0o600 });
}

/**
 * Ends a pause, and leaves a mark for the agent to compare what passed meanwhile, even if it never saw the
 * pause.
 * @returns whether it was paused
 */
export function endPause(path: string): boolean {
  const was = pauseEnd(path) !== null;
  if (was) writeFileSync(endedFlag(path), '', { mode: 0o600 });
  rmSync(path, { force: true });
  return was;
}

/** Takes the mark of an ended pause away. @returns whether there was one */
export function takeEndedFlag(path: string): boolean {
  const mark = endedFlag(path);
  // The common case, asked at every hook call.
  if (!existsSync(mark)) return false;
  rmSync(mark, { force: true });
  return true;
}

function endedFlag(path: string): string {
  return `${path}-ended`;
}
