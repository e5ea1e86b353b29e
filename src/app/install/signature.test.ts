/** Tests the signature of a release with the real minisign. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { everything, makeHost, type Host } from '../../testing/install-host.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { install, InstallRefused } from './install.ts';
import { parseSigningKey, verifiedComment } from './minisign.ts';
import { keyPath } from './signature.ts';
import { uninstall } from './uninstall.ts';

interface Signer {
  readonly publicFile: string;
  sign(file: string): void;
}

function makeSigner(host: Host, name: string): Signer {
  const [secret, publicFile] = [join(host.folder, name), join(host.folder, `${name}.pub`)];
  execFileSync('minisign', ['-G', '-W', '-p', publicFile, '-s', secret]);
  const sign = (file: string): void => {
    execFileSync('minisign', ['-S', '-s', secret, '-t', 'domainsync 1.0.0 x64', '-m', file]);
  };
  return { publicFile, sign };
}

function listSums(folder: string): string {
  const command = "find . -type f ! -name 'SHA256SUMS*' -printf '%P\\0' | xargs -0 sha256sum >SHA256SUMS";
  execFileSync('sh', ['-c', command], { cwd: folder });
  return join(folder, 'SHA256SUMS');
}

/** A host with a signed release. */
function signedHost(t: TestContext): Host & { readonly signer: Signer } {
  const host = makeHost(t);
  const signer = makeSigner(host, 'provider');
  signer.sign(listSums(host.from));
  return { ...host, signer };
}

/** Asserts that an installation is refused with this code, and changes nothing. */
function isRefused(host: Host, code: string, key?: string): void {
  const before = everything(host.root);
  assert.throws(
    () => install({ ...host, key }),
    (error) => {
      assert.ok(error instanceof InstallRefused);
      assert.deepEqual(
        error.problems.map((one) => one.code),
        [code],
      );
      return true;
    },
  );
  assert.deepEqual(everything(host.root), before);
}

describe('signed releases', { skip: missingPrograms('minisign') }, () => {
  test('issue 18, signature: a key that is given once is asked for again at each later installation', (t) => {
    const host = signedHost(t);
    install({ ...host, key: host.signer.publicFile });
    const kept = readFileSync(keyPath(host.root), 'utf8');
    assert.match(kept, /^RW\S{54}\n$/u);
    assert.deepEqual(install(host).changed, []);
    writeFileSync(join(host.from, 'agent.cjs'), 'another agent');
    isRefused(host, 'install.altered');
    host.signer.sign(listSums(host.from));
    install(host);
    rmSync(join(host.from, 'SHA256SUMS.minisig'));
    isRefused(host, 'install.not-signed');
    uninstall({ ...host, keepData: true });
    assert.ok(existsSync(keyPath(host.root)));
    uninstall({ ...host, keepData: false });
    assert.equal(existsSync(keyPath(host.root)), false);
  });

  test('issue 18, signature: files that are added, missing or links are found', (t) => {
    const host = signedHost(t);
    const key = host.signer.publicFile;
    const extra = join(host.from, 'plugin/extra');
    writeFileSync(extra, '');
    isRefused(host, 'install.altered', key);
    rmSync(extra);
    const hook = join(host.from, 'hook.cjs');
    const moved = join(host.folder, 'hook.cjs');
    writeFileSync(moved, readFileSync(hook));
    rmSync(hook);
    symlinkSync(moved, hook);
    isRefused(host, 'install.altered', key);
    rmSync(hook);
    writeFileSync(hook, 'hook');
    rmSync(join(host.from, 'plugin/install'));
    isRefused(host, 'install.altered', key);
  });

  test('issue 18, signature: another key, another list, another comment and no key at all', (t) => {
    const host = signedHost(t);
    const other = makeSigner(host, 'other');
    isRefused(host, 'install.bad-signature', other.publicFile);
    isRefused(host, 'install.bad-key', join(host.folder, 'none'));
    isRefused(host, 'install.bad-key', join(host.from, 'SHA256SUMS'));
    appendFileSync(join(host.from, 'SHA256SUMS'), '\n');
    isRefused(host, 'install.bad-signature', host.signer.publicFile);
    // No key was given, so no signature is needed.
    install(host);
    assert.equal(existsSync(keyPath(host.root)), false);
  });

  test('issue 18, signature: each part of it counts', (t) => {
    const host = signedHost(t);
    const key = parseSigningKey(readFileSync(host.signer.publicFile, 'utf8'));
    assert.ok(key !== null);
    const sums = readFileSync(join(host.from, 'SHA256SUMS'));
    const good = readFileSync(join(host.from, 'SHA256SUMS.minisig'), 'utf8');
    assert.equal(verifiedComment(sums, good, key), 'domainsync 1.0.0 x64');
    const lines = good.split('\n');
    const changed = lines.flatMap((line, at) => {
      const one = line.replace(/.(?=.$)/u, (letter) => (letter === 'A' ? 'B' : 'A'));
      return at === 0 || line === ''
        ? []
        : [lines.with(at, one).join('\n'), lines.toSpliced(at, 1).join('\n')];
    });
    for (const text of [...changed, '', good.replace('\nRU', '\nRW'), good.replaceAll('\n', '\r\n')])
      assert.equal(verifiedComment(sums, text, key), null, text);
  });
});
