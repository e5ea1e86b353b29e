import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadSettings, settingsPath, type Settings } from '../../config/settings.ts';
import { passwordInUse } from './password-in-use.ts';

const connection = {
  host: 'https://127.0.0.1:1500',
  username: 'kunde',
  password: 'f1rst-one',
  password_next: 'n3xt-one',
};

function given(t: TestContext): { root: string; path: string } {
  const root = mkdtempSync(join(tmpdir(), 'domainsync-in-use-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'etc'));
  return { root, path: join(root, 'var/domainsync/password-next.json') };
}

function settingsOf(root: string, changes: Readonly<Record<string, string>> = {}): Settings {
  const lines = Object.entries({ ...connection, ...changes }).map((option) => option.join(' = '));
  writeFileSync(settingsPath(root), `[isp_master]\n${lines.join('\n')}\n`, { mode: 0o600 });
  const loaded = loadSettings(root);
  assert.ok(loaded.kind === 'configured');
  return loaded.settings;
}

test('issue 16, rotation: which password is in use outlives the process, and no secret is written', async (t) => {
  const { root, path } = given(t);
  const settings = settingsOf(root);
  const first = await passwordInUse(root, settings);
  assert.equal(first.isNext, false);
  assert.equal(existsSync(path), false);
  first.put(true);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const text = readFileSync(path, 'utf8');
  assert.match(text, /^\{"salt":"[0-9a-f]{32}","fingerprint":"[0-9a-f]{8}"\}$/u);
  const second = await passwordInUse(root, settings);
  assert.equal(second.isNext, true);
  second.put(false);
  assert.equal((await passwordInUse(root, settings)).isNext, false);
});

test('issue 16, rotation: it counts for the same account and passwords only', async (t) => {
  const { root } = given(t);
  const own = await passwordInUse(root, settingsOf(root));
  own.put(true);
  for (const [option, value] of Object.entries({ ...connection, host: 'https://127.0.0.2:1500' })) {
    const changed = settingsOf(root, { [option]: option === 'host' ? value : `${value}x` });
    assert.equal((await passwordInUse(root, changed)).isNext, false, option);
  }
  const alone = await passwordInUse(root, settingsOf(root, { password_next: '' }));
  assert.equal(alone.isNext, false);
  assert.equal((await passwordInUse(root, settingsOf(root))).isNext, true);
});

test('issue 16, rotation: a file that cannot be read or written counts as none', async (t) => {
  const { root, path } = given(t);
  const settings = settingsOf(root);
  mkdirSync(join(root, 'var/domainsync'), { recursive: true });
  for (const text of ['', '{', '{"salt":1}', '{"salt":"","fingerprint":""}']) {
    writeFileSync(path, text);
    assert.equal((await passwordInUse(root, settings)).isNext, false);
  }
  rmSync(join(root, 'var/domainsync'), { recursive: true });
  writeFileSync(join(root, 'var/domainsync'), '');
  const inUse = await passwordInUse(root, settings);
  inUse.put(true);
  assert.equal((await passwordInUse(root, settings)).isNext, false);
});
