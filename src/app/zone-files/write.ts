import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { DnsName } from '../../dns/name.ts';
import { CommandFailed } from '../command-failed.ts';
import { fileFailed } from '../plan/plan-file.ts';

/** Most characters in a file name, without its ending. A longer name is cut and gets a checksum. */
const mostName = 200;

/**
 * The name of a zone's file. Characters except letters, digits, `.`, `_` and `-` become `%` and two hex
 * digits, for example the `/` of a classless reverse zone (RFC 2317).
 */
export function fileNameOf(zone: DnsName): string {
  const plain = zone
    .slice(0, -1)
    .replaceAll(/[^a-z0-9._-]|^\.|^$/gu, (one) => `%${Buffer.from(one).toString('hex')}`);
  if (plain.length <= mostName) return `${plain}.zone`;
  const sum = createHash('sha256').update(zone).digest('hex').slice(0, 16);
  return `${plain.slice(0, mostName - sum.length - 1)}~${sum}.zone`;
}

/**
 * Writes a file completely or not at all, with mode 0600.
 * @param replaces whether an existing file is replaced
 * @throws {CommandFailed} the file exists, or it cannot be written; an existing file is then unchanged
 */
export function writeWhole(path: string, text: string, replaces: boolean): void {
  const draft = join(dirname(path), `.${randomBytes(8).toString('hex')}.new`);
  try {
    writeDraft(draft, text);
    // A link cannot replace an existing file; a rename would replace it.
    if (replaces) renameSync(draft, path);
    else linkSync(draft, path);
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (exists) throw new CommandFailed(`${path} exists; --force replaces it.`);
    throw fileFailed(path, 'written', error);
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeDraft(draft: string, text: string): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
