import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { saveSettings } from '../config/settings.ts';
import { unitOf } from '../config/system-places.ts';
import { belongsToService } from './left-to-service.ts';

test('issue 16, secrets: an agent that the panel starts leaves settings with a credential to the unit', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'left-to-service-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const [etc, systemd] = [join(root, 'system'), join(root, 'run')];
  for (const folder of [join(root, 'etc'), join(etc, 'systemd/system'), systemd])
    mkdirSync(folder, { recursive: true });
  const isLeft = (): boolean => belongsToService(root, etc, systemd);
  const account = { host: 'dns.example.net', username: 'u' };
  saveSettings(root, { isp_master: { ...account, password_file: 'password' } });
  assert.equal(isLeft(), false);
  writeFileSync(join(etc, 'systemd/system', unitOf(root, etc)), `ExecStart=${root}/agent.cjs`);
  assert.equal(isLeft(), true);
  rmSync(systemd, { recursive: true });
  assert.equal(isLeft(), false);
  mkdirSync(systemd);
  for (const file of [join(root, 'none'), null]) {
    saveSettings(root, { isp_master: { password_file: file, password: file === null ? 'p' : null } });
    assert.equal(isLeft(), false, String(file));
  }
});
