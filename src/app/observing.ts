import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Whether domainsync only observes, by the flag file that {@link markObserving} last wrote.
 * @param path `Paths.observing`
 */
export function isObserving(path: string): boolean {
  return existsSync(path);
}

/**
 * Creates or removes the flag file from which the hook script knows whether domainsync only observes.
 * @param path `Paths.observing`
 * @throws {Error} errors of the file system, unchanged
 */
export function markObserving(path: string, observes: boolean): void {
  if (observes === existsSync(path)) return;
  if (!observes) {
    rmSync(path, { force: true });
    return;
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, '', { mode: 0o600 });
}
