/** Signatures: minisign for what an installer checks, OpenPGP for what apt and dnf check. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface MinisignKey {
  /** File with the secret key. */
  readonly file: string;
  /** File with its password; `null`: the key has none, or minisign asks for it on the terminal. */
  readonly passwordFile: string | null;
}

/**
 * Signs files; each gets a signature beside it, `FILE.minisig`. Equal files get equal signatures. The secret
 * is read by minisign itself, and the password goes to its standard input.
 * @throws {Error} if minisign fails
 */
export async function minisign(files: readonly string[], key: MinisignKey, comment: string): Promise<void> {
  const password =
    key.passwordFile === null ? null : readFileSync(key.passwordFile, 'utf8').replace(/\n$/u, '');
  // Without -t, minisign puts the time into the signature.
  const args = ['-S', '-s', key.file, '-c', 'signature of domainsync', '-t', comment, '-m', ...files];
  await runWithInput('minisign', args, password === null ? null : `${password}\n`);
}

/** Signs a file for apt (`--clearsign`) or dnf (`--detach-sign`), with a key in the keyring of the caller. */
export async function openpgp(
  way: '--clearsign' | '--detach-sign',
  file: string,
  to: string,
  key: string,
): Promise<void> {
  const args = ['--batch', '--yes', '--armor', '--local-user', key, '--output', to, way, file];
  await runWithInput('gpg', args, null);
}

async function runWithInput(command: string, args: readonly string[], input: string | null): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // A program may ask for a password on its standard output, which therefore goes to our standard error.
    const child = spawn(command, args, { stdio: [input === null ? 'inherit' : 'pipe', 2, 2] });
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve();
      else reject(new Error(`${command} failed with status ${status}; the signature was not made`));
    });
    // A child that fails early closes its end of the pipe. Its exit status reports the failure.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
