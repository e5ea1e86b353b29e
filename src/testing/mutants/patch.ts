import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Root of the repository. */
export const root = resolve(import.meta.dirname, '../../..');

/** A change of one source file: `text` replaces the characters from `start` up to but not including `end`. */
export interface Patch {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function sourceOf(file: string): string {
  return readFileSync(resolve(root, file), 'utf8');
}

export function patched(source: string, { start, end, text }: Pick<Patch, 'start' | 'end' | 'text'>): string {
  return source.slice(0, start) + text + source.slice(end);
}

/**
 * Makes this thread load the file with the patch from now on; the file on disk stays as it is. Call this
 * before anything imports the file (`module.registerHooks` of Node.js).
 */
export function plant(patch: Patch): void {
  const target = pathToFileURL(resolve(root, patch.file)).href;
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      return url === target ? { ...loaded, source: patched(sourceOf(patch.file), patch) } : loaded;
    },
  });
}
