import { dirname } from 'node:path';
import type { SystemCall } from '../strace.ts';

/** A change of a file. Until the file is synced, a power loss may keep the change or lose it. */
type Change =
  | { readonly kind: 'create' }
  | { readonly kind: 'remove' }
  | { readonly kind: 'resize'; readonly length: number }
  | { readonly kind: 'write'; readonly at: number; readonly data: Buffer };

/** One file: the content that is surely on disk, and later changes that a power loss may lose. */
interface TracedFile {
  /** Null: the file is surely not on disk. */
  durable: Buffer | null;
  changes: Change[];
}

/** Octets that a disk writes as one unit. A power loss may cut a longer write between two units. */
const sector = 512;

/** Decides which unsynced changes survive a power loss. */
export interface Fate {
  /** Whether the next change survives. */
  readonly keeps: () => boolean;
  /** How many sectors of a surviving write are kept. @param all sectors of the whole write */
  readonly sectors: (all: number) => number;
}

/**
 * Follows the files of a program through its system calls. Computes which contents a power loss may leave.
 */
export class Disk {
  readonly #files = new Map<string, TracedFile>();

  /** Applies a call that has ended without an error. @returns whether the call changed or synced a file */
  take({ name, file, data, text, result }: SystemCall): boolean {
    const [path, change] = changeOf(name, file, data, text, result ?? 0);
    if (change === 'sync') return this.#sync(path);
    if (change === null) return false;
    const known = this.#fileAt(path);
    if (change.kind === 'create' && isThere(known)) return false;
    known.changes.push(change);
    return true;
  }

  /** The content of each file if the power failed now; null: the file would not exist. */
  after(fate: Fate): ReadonlyMap<string, Buffer | null> {
    return new Map(
      [...this.#files].map(([path, { durable, changes }]) => [path, survivor(durable, changes, fate)]),
    );
  }

  #fileAt(path: string): TracedFile {
    let known = this.#files.get(path);
    if (known === undefined) this.#files.set(path, (known = { durable: null, changes: [] }));
    return known;
  }

  #sync(path: string): boolean {
    const known = this.#files.get(path);
    if (known === undefined) return this.#syncFolder(path);
    known.durable = survivor(known.durable, known.changes, { keeps: () => true, sectors: (all) => all });
    known.changes = [];
    return true;
  }

  #syncFolder(folder: string): boolean {
    for (const [path, known] of this.#files) if (dirname(path) === folder) syncExistence(known);
    return true;
  }
}

/** Makes it durable that the file exists, or that it was removed. Its content does not become durable. */
function syncExistence(known: TracedFile): void {
  const content: Change[] = [];
  for (const change of known.changes) {
    if (change.kind === 'create') known.durable ??= Buffer.alloc(0);
    else if (change.kind === 'remove') {
      known.durable = null;
      content.length = 0;
    } else content.push(change);
  }
  known.changes = content;
}

/** Whether a running program finds the file, before any power loss. */
function isThere({ durable, changes }: TracedFile): boolean {
  const last = changes.findLast(({ kind }) => kind === 'create' || kind === 'remove');
  return last === undefined ? durable !== null : last.kind === 'create';
}

function changeOf(
  name: string,
  file: string,
  data: Buffer,
  text: string,
  result: number,
): readonly [path: string, change: Change | 'sync' | null] {
  const numbers = [...text.matchAll(/, (\d+)/gu)].map(([, number]) => Number(number));
  switch (name) {
    case 'openat':
      return [data.toString('utf8'), text.includes('O_CREAT') ? { kind: 'create' } : null];
    case 'unlink':
      return [data.toString('utf8'), { kind: 'remove' }];
    case 'ftruncate':
      return [file, { kind: 'resize', length: numbers.at(-1) ?? 0 }];
    case 'pwrite64':
      return [file, { kind: 'write', at: numbers.at(-1) ?? 0, data: data.subarray(0, result) }];
    case 'fsync':
    case 'fdatasync':
      return [file, 'sync'];
    default:
      return [file, null];
  }
}

function survivor(durable: Buffer | null, changes: readonly Change[], fate: Fate): Buffer | null {
  let octets = durable;
  for (const change of changes) {
    if (!fate.keeps()) continue;
    octets = changed(octets, change, fate);
  }
  return octets;
}

function changed(octets: Buffer | null, change: Change, { sectors }: Fate): Buffer | null {
  switch (change.kind) {
    case 'create':
      return octets ?? Buffer.alloc(0);
    case 'remove':
      return null;
    case 'resize': {
      const made = Buffer.alloc(change.length);
      octets?.copy(made);
      return made;
    }
    case 'write': {
      const all = Math.ceil(change.data.length / sector);
      const data = change.data.subarray(0, Math.min(change.data.length, sectors(all) * sector));
      const made = Buffer.alloc(Math.max(octets?.length ?? 0, change.at + data.length));
      octets?.copy(made);
      data.copy(made, change.at);
      return made;
    }
  }
}
