import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import type { Found, FoundMemory } from '../../centrals/ispmanager/index.ts';
import type { Settings } from '../../config/settings.ts';
import { ispmanagerKinds } from '../../net/ispmanager/kinds.ts';
import { pathsOf } from '../paths.ts';

const stored = v.object({
  asked: v.object({ address: v.string(), kind: v.string(), username: v.string() }),
  found: v.object({ address: v.string(), kind: v.picklist(ispmanagerKinds) }),
});

/**
 * Path of the file that stores which panel was found at a central. If the file is lost, the panel is searched
 * for again.
 */
function foundPath(root: string, { number }: Settings): string {
  return join(pathsOf(root).state, number === 1 ? 'central.json' : `central-${number}.json`);
}

/**
 * Reads from a file which panel was found earlier. It counts only if it was found with the address, kind and
 * user name that `settings` has now.
 * @returns the panel's full address and its kind; `null`: none is stored for these settings
 */
export function foundCentral(root: string, settings: Settings): Found | null {
  let text: string;
  try {
    text = readFileSync(foundPath(root, settings), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), stored), text);
  if (!read.success) return null;
  const { address, kind, username } = read.output.asked;
  const same = address === settings.address && kind === settings.kind && username === settings.username;
  return same ? read.output.found : null;
}

/** Makes the store that holds, under a panel's root, which panel was found with a central's settings. */
export function foundMemory(root: string, settings: Settings): FoundMemory {
  const { address, kind, username } = settings;
  return {
    get: () => foundCentral(root, settings),
    put: (found) => {
      const path = foundPath(root, settings);
      try {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        writeFileSync(`${path}.new`, JSON.stringify({ asked: { address, kind, username }, found }), {
          mode: 0o600,
        });
        renameSync(`${path}.new`, path);
      } catch (error) {
        // If the disk is full, nothing is stored, and the next process searches for the panel again.
        if (!(error instanceof Error && 'code' in error)) throw error;
      }
    },
  };
}
