/** Finds the key with which releases must be signed, and verifies the signature of a release. */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problem, type Problem } from '../../dns/problem.ts';
import { systemOr } from '../../net/system-error.ts';
import { parseSigningKey, verifiedComment, type PublicSigningKey } from './minisign.ts';

const sumsFile = 'SHA256SUMS';

/**
 * Path of the public key that an installation was given. The key stays there until somebody removes the file.
 */
export function keyPath(root: string): string {
  return join(root, 'etc/domainsync.pub');
}

/** The key for signatures, or why it cannot be used; `null`: no key was given or kept. */
export type KeptKey = PublicSigningKey | Problem | null;

/**
 * Finds the key with which a release under this root must be signed.
 * @param given the key itself, or a file with the key; absent: the kept key is used
 */
export function signingKey(root: string, given: string | undefined): KeptKey {
  const path = given ?? keyPath(root);
  if (given === undefined && !existsSync(path)) return null;
  const text = /^RW\S{54}$/u.test(path) ? path : systemOr(() => readFileSync(path, 'utf8'), null);
  return (text === null ? null : parseSigningKey(text)) ?? problem('install.bad-key', { path });
}

export function isUsableKey(key: KeptKey): key is PublicSigningKey {
  return key !== null && 'key' in key;
}

/** The comment in the signature of a signed release, or why the release does not count as signed. */
export type Verified = { readonly comment: string } | Problem;

/**
 * Checks that a folder holds a signed release. This key must have signed its list of checksums, and its files
 * must be exactly those of the list. Runs no program from the folder.
 */
export function verifyRelease(folder: string, key: PublicSigningKey): Verified {
  const path = join(folder, sumsFile);
  const read = (name: string): Buffer | null => systemOr(() => readFileSync(name), null, 'ENOENT');
  const [sums, signature] = [read(path), read(`${path}.minisig`)];
  if (sums === null || signature === null) return problem('install.not-signed', { path: folder });
  const comment = verifiedComment(sums, signature.toString(), key);
  if (comment === null) return problem('install.bad-signature', { path });
  const altered = firstAltered(folder, sums.toString());
  return altered === null ? { comment } : problem('install.altered', { path: join(folder, altered) });
}

/** Finds the first file that is not in the list of checksums, or differs from it; `null`: there is none. */
function firstAltered(folder: string, list: string): string | null {
  const listed = new Map(
    list.split('\n').flatMap((line) => {
      const [, sum, name] = /^([0-9a-f]{64}) {2}(.+)$/u.exec(line) ?? [];
      return sum === undefined || name === undefined ? [] : [[name, sum] as const];
    }),
  );
  const own = new Set([sumsFile, `${sumsFile}.minisig`]);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = lstatSync(join(folder, name));
    if (file.isDirectory() || own.has(name)) continue;
    if (!file.isFile() || listed.get(name) !== sumOf(join(folder, name))) return name;
    listed.delete(name);
  }
  const [missing] = listed.keys();
  return missing ?? null;
}

function sumOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
