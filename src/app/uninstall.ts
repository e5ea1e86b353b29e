import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandFile, descriptionFile, handlers, releases } from './install.ts';
import { pathsOf } from './paths.ts';

export interface UninstallOptions {
  readonly root: string;
  readonly socket?: string | undefined;
  /** Leaves settings, journal and log where they are. */
  readonly keepData: boolean;
}

/**
 * Takes domainsync out of a panel's root without trace; the agent must have ended. The description file goes first, so that a
 * panel that restarts meanwhile calls no handler that is gone.
 * @returns the paths removed
 */
export function uninstall({ root, socket, keepData }: UninstallOptions): string[] {
  const paths = pathsOf(root, socket);
  const programs = [descriptionFile, ...handlers, commandFile, releases].map((path) => join(root, path));
  const data = [paths.state, ...logFiles(paths.log), ...settingsFiles(root)];
  const removed: string[] = [];
  for (const path of [...programs, paths.socket, ...(keepData ? [] : data)]) {
    if (!existsSync(path)) continue;
    rmSync(path, { recursive: true });
    removed.push(path);
  }
  removeIfEmpty(join(root, 'lib'));
  if (socket === undefined) removeIfEmpty(dirname(paths.socket));
  return removed;
}

/** The log and what rotation made of it. */
function logFiles(log: string): string[] {
  const folder = dirname(log);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => path === log || path.startsWith(`${log}.`) || path.startsWith(`${log}-`));
}

function settingsFiles(root: string): string[] {
  return ['domainsync.ini', 'domainssync.ini', 'domainsync.ini.new'].map((name) => join(root, 'etc', name));
}

function removeIfEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}
