import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { panels } from '../../panels/registry.ts';
import { releases } from './install.ts';
import { clearCaches, everyPath, filesFor, removeForeignScripts } from './panel-files.ts';
import { panelKindAt } from '../wiring/panel-at.ts';
import { pathsOf } from '../paths.ts';
import { removeIfEmpty } from './put-file.ts';
import { keyPath } from './signature.ts';

export interface UninstallOptions {
  readonly root: string;
  readonly socket?: string | undefined;
  /** Whether settings, journal and log are kept. */
  readonly keepData: boolean;
}

/**
 * Removes the description files, so that the panel no longer learns of our handlers, and the panel's cache of
 * them. Keeps the handlers, because the panel calls them until it is restarted.
 * @returns the removed paths
 */
export function withdraw(root: string): string[] {
  const kind = panelKindAt(root);
  if (kind === null) return [];
  const read = filesFor(root, kind).filter(({ readAtStart }) => readAtStart === true);
  const removed = removeAll(read.map(({ path }) => join(root, path)));
  if (removed.length > 0) clearCaches(root, kind);
  return removed;
}

/**
 * Removes all files of domainsync under a panel's root, for every kind of panel. Call this only after the
 * agent has ended. Removes the description files first: a panel that restarts meanwhile then calls no
 * handler.
 * @returns the removed paths
 */
export function uninstall({ root, socket, keepData }: UninstallOptions): string[] {
  const paths = pathsOf(root, socket);
  const kind = panelKindAt(root);
  // An installation that was killed may leave a `.new` file.
  const drafts = everyPath().map((path) => `${path}.new`);
  const programs = [...everyPath(), ...drafts, releases].map((path) => join(root, path));
  const scripts = kind === null ? [] : removeForeignScripts(root, kind);
  const data = [paths.state, keyPath(root), ...logFiles(paths.log), ...settingsFiles(root)];
  const kept = keepData ? [paths.restartDue] : data;
  const removed = [...withdraw(root), ...removeAll([...programs, paths.socket, ...kept]), ...scripts];
  const ownFolders = kind === null ? [] : panels[kind].layout.ownFolders;
  for (const folder of ownFolders) removeIfEmpty(join(root, folder));
  if (socket === undefined) removeIfEmpty(dirname(paths.socket));
  return removed;
}

function removeAll(paths: readonly string[]): string[] {
  // Unlike `stat`, `lstat` also finds links whose target is missing.
  const there = paths.filter((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
  for (const path of there) rmSync(path, { recursive: true });
  return there;
}

/** Paths of the log and of its rotated files. */
function logFiles(log: string): string[] {
  const folder = dirname(log);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => path === log || path.startsWith(`${log}.`) || path.startsWith(`${log}-`));
}

function settingsFiles(root: string): string[] {
  const names = ['domainsync.ini', 'domainssync.ini'];
  return [...names, ...names.map((name) => `${name}.new`)].map((name) => join(root, 'etc', name));
}
