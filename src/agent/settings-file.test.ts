import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { saveSettings, settingsPath } from '../config/settings.ts';
import { SettingsFile } from './settings-file.ts';

test('issue 11.12: whatever is done to the file, or to a certificate authority it names, is noticed', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'settings-file-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'etc'));
  const path = settingsPath(root);
  const authority = join(root, 'authority.pem');
  writeFileSync(authority, 'one');
  const file = new SettingsFile(root);
  const stamps = new Set([file.stamp()]);
  const isNoticed = (): void => {
    const { stamp } = file.read();
    assert.ok(!stamps.has(stamp), stamp);
    stamps.add(stamp);
    assert.equal(file.stamp(), stamp);
  };
  const account = { host: 'https://127.0.0.1:1/dnsmgr', username: 'u', password: 'p', ca_file: authority };
  saveSettings(root, { isp_master: account });
  isNoticed();
  writeFileSync(authority, 'two');
  isNoticed();
  // The changed file keeps its size and its times.
  const { atime, mtime } = statSync(path);
  saveSettings(root, { isp_master: { password: 'q' } });
  utimesSync(path, atime, mtime);
  isNoticed();
  renameSync(path, `${path}.old`);
  isNoticed();
  renameSync(`${path}.old`, path);
  isNoticed();
});

test('issue 16, secrets: a file with a secret is followed, also while it cannot be used', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'settings-file-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'etc'));
  const secret = join(root, 'secret');
  const isp_master = { host: 'dns.example.net', username: 'u', password_file: secret };
  saveSettings(root, { isp_master });
  const file = new SettingsFile(root);
  const kinds: string[] = [];
  const stamps = new Set<string>();
  const look = (): void => {
    const { stamp, loaded } = file.read();
    kinds.push(loaded.kind);
    stamps.add(stamp);
  };
  look();
  writeFileSync(secret, 'one\n', { mode: 0o600 });
  look();
  chmodSync(secret, 0o644);
  look();
  chmodSync(secret, 0o600);
  look();
  // Some tools write the new secret beside the old one and put it there by rename.
  writeFileSync(`${secret}.new`, 'two\n', { mode: 0o600 });
  renameSync(`${secret}.new`, secret);
  look();
  assert.deepEqual(kinds, ['broken', 'configured', 'broken', 'configured', 'configured']);
  assert.equal(stamps.size, 5);
});
