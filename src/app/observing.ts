import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Whether domainsync only observed when somebody last wrote that down. @param path `Paths.observing` */
export function isObserving(path: string): boolean {
  return existsSync(path);
}

/**
 * Writes down whether domainsync only observes, for the hook script.
 * @param path `Paths.observing`
 * @throws {Error} errors of the file system, as they are
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
