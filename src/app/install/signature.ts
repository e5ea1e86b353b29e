/** The key that releases have to be signed with, and whether a release is. */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problem, type Problem } from '../../dns/problem.ts';
import { systemOr } from '../../net/system-error.ts';
import { parseSigningKey, verifiedComment, type PublicSigningKey } from './minisign.ts';

const sumsFile = 'SHA256SUMS';

/** Path of the public key that was given at an installation. It is kept until a person removes it. */
export function keyPath(root: string): string {
  return join(root, 'etc/domainsync.pub');
}

/** A key, or why it cannot be used; `null`: none was given or kept. */
export type KeptKey = PublicSigningKey | Problem | null;

/**
 * Finds the key that a release under this root has to be signed with.
 * @param given a file, or the key itself; absent: the kept key counts
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

/** The release is signed, and what its signature says of itself; or why it is not. */
export type Verified = { readonly comment: string } | Problem;

/**
 * Checks that a folder holds a signed release. Its list of checksums must have a signature of this key, and
 * its files must be exactly those of the list. Nothing in the folder is run.
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

/** The first file that the list does not have, or has with another content; `null`: there is none. */
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
