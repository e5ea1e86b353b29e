import { accessSync, constants, lstatSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { problem, type Problem } from '../../dns/problem.ts';

/** What is about to be written, as absolute paths. */
export interface Placement {
  /** Replaced by rename. */
  readonly files: readonly string[];
  /** Made where they are not there yet. */
  readonly folders: readonly string[];
  /** Turned by rename. */
  readonly link: string;
}

/**
 * Everything in the way of a placement: so that it is refused as a whole, and not noticed half-way. Changes
 * nothing.
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
      .filter((path) => isFolder(path) && !isWritable(path))
      .map((path) => problem('install.not-writable', { path })),
  ];
}

function statOf(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

/** Itself, or the nearest folder above that is there. */
function existing(path: string): string {
  return statOf(path) === null && dirname(path) !== path ? existing(dirname(path)) : path;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
