/** Reads secrets from files, or from credentials of the agent's systemd unit. */
import * as fs from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { problem, type Problem } from '../dns/problem.ts';
import { isSystemError } from '../net/system-error.ts';

/** Largest file that is accepted, octets. */
const mostOctets = 4_096;

/** The secret in a file, or why the file cannot be used. */
export interface FoundSecret {
  /**
   * Path of the file; null: the name is not valid, or means a credential and there is no folder with
   * credentials.
   */
  readonly path: string | null;
  /** The secret. Empty if there is a problem. */
  readonly text: string;
  readonly problem: Problem | null;
}

/**
 * Reads the file that an option names, by an absolute path or by the name of a credential. If the file cannot
 * be used, returns a problem and does not throw.
 */
export type SecretReader = (named: string) => FoundSecret;

/**
 * Makes the reader of secret files for one panel.
 * @param credentials returns the folder with the credentials; null: there is none
 */
export function secretReader(credentials: () => string | null): SecretReader {
  return (named) => {
    if (isAbsolute(named)) return readSecret(named);
    if (named.includes('/') || named === '..') return unusable(null, 'settings.bad-secret-file');
    const folder = credentials();
    return folder === null ? unusable(null, 'settings.no-credential') : readSecret(join(folder, named));
  };
}

function unusable(path: string | null, code: string, params: Problem['params'] = {}): FoundSecret {
  return { path, text: '', problem: problem(code, params) };
}

function readSecret(path: string): FoundSecret {
  let file: number;
  try {
    // Without `O_NONBLOCK`, opening a pipe would wait until somebody writes into it.
    file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch (error) {
    return unreadable(path, error);
  }
  try {
    const objection = objectionTo(fs.fstatSync(file));
    return objection === null ? oneLine(path, octetsOf(file)) : { path, text: '', problem: objection };
  } catch (error) {
    return unreadable(path, error);
  } finally {
    fs.closeSync(file);
  }
}

function unreadable(path: string, error: unknown): FoundSecret {
  if (!isSystemError(error)) throw error;
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return unusable(path, 'settings.no-secret-file');
  return unusable(path, 'settings.secret-unreadable', { text: error.code ?? '' });
}

/**
 * Why the file must not be used; null: it may be used. It must belong to root or this user, and nobody else
 * may have access.
 */
function objectionTo(stat: fs.Stats): Problem | null {
  const { mode, uid, size } = stat;
  if (!stat.isFile()) return problem('settings.secret-no-file', {});
  if (size > mostOctets) return problem('settings.secret-too-large', { most: String(mostOctets) });
  const isOurs = uid === 0 || uid === process.geteuid?.();
  if (isOurs && (mode & 0o077) === 0) return null;
  const octal = `0${(mode & 0o777).toString(8)}`;
  return problem('settings.secret-exposed', { mode: octal, owner: String(uid) });
}

/**
 * Reads at most one octet more than is allowed, which shows that a file is too large. The file may grow
 * meanwhile, and some files report no size.
 */
function octetsOf(file: number): Buffer {
  const octets = Buffer.alloc(mostOctets + 1);
  let read = 0;
  for (let more = 1; more > 0 && read < octets.length; read += more)
    more = fs.readSync(file, octets, read, octets.length - read, null);
  return octets.subarray(0, read);
}

/** Returns the secret, the only line of the file. The line feed at its end does not belong to the secret. */
function oneLine(path: string, octets: Buffer): FoundSecret {
  if (octets.length > mostOctets)
    return unusable(path, 'settings.secret-too-large', { most: String(mostOctets) });
  const text = utf8(octets)?.replace(/\r?\n$/u, '');
  if (text === '') return unusable(path, 'settings.secret-empty');
  if (text === undefined || /[^\P{Cc}\t]/u.test(text)) return unusable(path, 'settings.secret-not-a-line');
  return { path, text, problem: null };
}

/** Decodes UTF-8 and leaves out a byte order mark; undefined: the octets are not valid UTF-8. */
function utf8(octets: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
