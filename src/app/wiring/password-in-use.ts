import { randomBytes, scrypt } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import type { Settings } from '../../config/settings.ts';
import { isSystemError, systemOr } from '../../net/system-error.ts';
import { pathsOf } from '../paths.ts';

/**
 * Remembers, even after a restart, that the central refused the password of the settings and accepted the
 * next one. Without this, each start would cause a refused login, and some centrals lock the account after a
 * few.
 */
export interface PasswordInUse {
  /** Whether the next password was the last one in use. */
  readonly isNext: boolean;
  /** Stores which password is in use from now on. Never throws. */
  readonly put: (isNext: boolean) => void;
}

const stored = v.object({
  salt: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/u)),
  fingerprint: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/u)),
});

const derive = promisify<string, string, number, Buffer>(scrypt);

/**
 * Makes this store for one central. Its file exists while the next password is in use. The file has only a
 * short, slow and salted fingerprint of account and passwords. So it counts only for these passwords, and
 * nobody can find a password with it: one guess in four thousand million matches by chance.
 * @param root the panel's root
 */
export async function passwordInUse(root: string, settings: Settings): Promise<PasswordInUse> {
  if (settings.passwordNext.reveal() === '') return { isNext: false, put: () => undefined };
  const path = pathOf(root, settings);
  const known = read(path);
  const salt = known?.salt ?? randomBytes(16).toString('hex');
  const fingerprint = await fingerprintOf(settings, salt);
  return {
    isNext: known?.fingerprint === fingerprint,
    put: (isNext) => {
      try {
        if (isNext) write(path, { salt, fingerprint });
        else rmSync(path, { force: true });
      } catch (error) {
        // If the disk is full, the next start tries both passwords again.
        if (!isSystemError(error)) throw error;
      }
    },
  };
}

function pathOf(root: string, { number }: Settings): string {
  return join(pathsOf(root).state, number === 1 ? 'password-next.json' : `password-next-${number}.json`);
}

function read(path: string): v.InferOutput<typeof stored> | null {
  const text = systemOr(() => readFileSync(path, 'utf8'), null);
  if (text === null) return null;
  const found = v.safeParse(v.pipe(v.string(), v.parseJson(), stored), text);
  return found.success ? found.output : null;
}

function write(path: string, what: v.InferOutput<typeof stored>): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, JSON.stringify(what), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

async function fingerprintOf(settings: Settings, salt: string): Promise<string> {
  const { kind, address, username, password, passwordNext } = settings;
  const all = JSON.stringify([kind, address, username, password.reveal(), passwordNext.reveal()]);
  return (await derive(all, salt, 4)).toString('hex');
}
