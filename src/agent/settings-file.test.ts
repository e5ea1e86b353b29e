import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
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
