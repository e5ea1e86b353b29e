/** The Node.js in a release: its version, its source, and the check that it is exactly the recorded one. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { lockedPackages } from './lockfile.ts';

const run = promisify(execFile);

export const architectures = ['x64', 'arm64'] as const;

export type Architecture = (typeof architectures)[number];

/**
 * The recorded Node.js: its version, and the SHA-256 of each binary. docs/releasing.md#follow-nodejs says how
 * to record another one.
 */
export const recordedRuntime = {
  version: '24.21.0',
  sha256: {
    x64: '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c',
    arm64: '0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584',
  },
} as const satisfies { readonly version: string; readonly sha256: Readonly<Record<Architecture, string>> };

function packageName(arch: Architecture): string {
  return `node-linux-${arch}`;
}

/** Folder of the npm package with the binary; `null`: npm does not install it on this machine. */
export function runtimeFolder(top: string, arch: Architecture): string | null {
  const folder = join(top, 'node_modules', packageName(arch));
  return existsSync(join(folder, 'bin/node')) ? folder : null;
}

/**
 * Returns the path of the binary in this folder.
 * @throws {Error} if it is not the recorded one
 */
export function checkedRuntime(folder: string, arch: Architecture): string {
  const binary = join(folder, 'bin/node');
  const sum = createHash('sha256').update(readFileSync(binary)).digest('hex');
  const recorded = recordedRuntime.sha256[arch];
  if (sum === recorded) return binary;
  throw new Error(`${binary} has the SHA-256 ${sum}; recorded in script/releasing/runtime.ts: ${recorded}`);
}

/**
 * Fetches the binary for an architecture that this machine does not have. npm installs only the binary for
 * its own machine. The fetched binary is kept.
 * @returns the folder of the npm package
 * @throws {Error} if the package is not the one that the lockfile pins
 */
export async function fetchRuntime(top: string, arch: Architecture): Promise<string> {
  const name = packageName(arch);
  const to = join(top, 'node_modules/.cache/runtime', `${arch}-${recordedRuntime.version}`);
  if (existsSync(join(to, 'bin/node'))) return to;
  mkdirSync(join(to, '..'), { recursive: true });
  const draft = mkdtempSync(`${to}.`);
  try {
    const packed = ['pack', '--silent', '--pack-destination', draft, `${name}@${recordedRuntime.version}`];
    await run('npm', packed, { cwd: top });
    const archive = join(draft, `${name}-${recordedRuntime.version}.tgz`);
    const integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    const pinned = pinnedIntegrity(top, name);
    if (integrity !== pinned)
      throw new Error(`${name}: ${integrity} was fetched, the lockfile pins ${pinned}`);
    await run('tar', ['-xzf', archive, '-C', draft]);
    checkedRuntime(join(draft, 'package'), arch);
    renameSync(join(draft, 'package'), to);
    return to;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function pinnedIntegrity(top: string, name: string): string {
  const entry = lockedPackages(readFileSync(join(top, 'package-lock.json'), 'utf8'))[`node_modules/${name}`];
  if (entry?.version !== recordedRuntime.version || entry.integrity === undefined)
    throw new Error(`the lockfile does not pin ${name} ${recordedRuntime.version}`);
  return entry.integrity;
}
