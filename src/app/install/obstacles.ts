import { accessSync, constants, lstatSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { problem, type Problem } from '../../dns/problem.ts';
import { systemOr } from '../../net/system-error.ts';

/** Absolute paths of everything that is about to be written. */
export interface Placement {
  /** Files that will be written or replaced by rename. */
  readonly files: readonly string[];
  /** Folders that will be created if they are missing. */
  readonly folders: readonly string[];
  /** A symbolic link that will be set by rename. */
  readonly link: string;
}

/**
 * Finds everything that would make a write of these files fail half-way. So the caller can refuse before the
 * first write. Changes nothing.
 */
export function obstacles({ files, folders, link }: Placement): Problem[] {
  const inTheWay = [
    ...files.filter((path) => statOf(path)?.isDirectory() === true),
    ...folders.filter((path) => statOf(path) !== null && !isFolder(path)),
    ...[link].filter((path) => statOf(path)?.isSymbolicLink() === false),
  ];
  const parents = new Set(
    [...files, link].map((path) => existing(dirname(path))).concat(folders.map(existing)),
  );
  return [
    ...inTheWay.map((path) => problem('install.in-the-way', { path })),
    ...[...parents]
      .filter((path) => isFolder(path) && !mayAccess(path, constants.W_OK | constants.X_OK))
      .map((path) => problem('install.not-writable', { path })),
  ];
}

function statOf(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

/** Returns the path if it exists, else the nearest parent folder that exists. */
function existing(path: string): string {
  return statOf(path) === null && dirname(path) !== path ? existing(dirname(path)) : path;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Whether this process has these rights (such as `constants.X_OK`) to a file; false if the file does not
 * exist.
 */
export function mayAccess(path: string, rights: number): boolean {
  return systemOr(() => {
    accessSync(path, rights);
    return true;
  }, false);
}
