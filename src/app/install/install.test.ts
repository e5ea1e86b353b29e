import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { install, InstallRefused } from './install.ts';
import { everything, makeHost } from '../../testing/install-host.ts';
import { putSystemFiles, removeSystemFiles } from './system-files.ts';
import { uninstall } from './uninstall.ts';

test('puts everything in place, with the right modes, and a second time changes nothing', (t) => {
  const { root, from, socket } = makeHost(t);
  const first = install({ root, from, socket });
  assert.ok(first.changed.length >= 5);
  for (const path of ['addon/domainsync', 'addon/domainsync_settings', 'sbin/domainsync']) {
    assert.equal(statSync(join(root, path)).mode & 0o777, 0o700);
    assert.doesNotMatch(readFileSync(join(root, path), 'utf8'), /@[A-Z]+@/);
  }
  assert.doesNotMatch(readFileSync(join(root, 'etc/ispmgr_mod_domainsync.xml'), 'utf8'), /@[A-Z]+@/);
  assert.equal(statSync(join(root, 'var/domainsync')).mode & 0o777, 0o700);
  assert.deepEqual(install({ root, from, socket }).changed, []);
});

test('a wrong root, a release in pieces, settings with mistakes: all said at once, nothing changed', (t) => {
  const { folder, root, from, socket } = makeHost(t);
  rmSync(join(from, 'agent.cjs'));
  rmSync(join(from, 'form.cjs'));
  const before = everything(folder);
  const config = 'nonsense\n[isp_master]\nhost = http://dns.example.net\n';
  assert.throws(
    () => install({ root: join(root, 'etc'), from, socket, config }),
    (error) => {
      assert.ok(error instanceof InstallRefused);
      const codes = error.problems.map(({ code }) => code);
      assert.deepEqual(codes.slice(0, 3), ['install.no-panel', 'install.no-release', 'install.no-release']);
      assert.ok(codes.includes('settings.http-refused'));
      return true;
    },
  );
  assert.deepEqual(everything(folder), before);
});

test('settings are put in force whole, 0600; without them the old ones stay', (t) => {
  const { root, from, socket } = makeHost(t);
  const config = '[isp_master]\nhost = dns.example.net\nusername = kunde\npassword = x\n';
  install({ root, from, socket, config });
  const path = join(root, 'etc/domainsync.ini');
  assert.equal(readFileSync(path, 'utf8'), config);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  install({ root, from, socket });
  assert.equal(readFileSync(path, 'utf8'), config);
  // A faulty deployment tool may pass an empty file. This must not stop the synchronisation.
  assert.throws(() => install({ root, from, socket, config: '' }), /install\.empty-config/);
  assert.equal(readFileSync(path, 'utf8'), config);
});

test('a release that changed takes the place of the one before', (t) => {
  const { root, from, socket } = makeHost(t);
  install({ root, from, socket });
  writeFileSync(join(from, 'agent.cjs'), 'new agent');
  install({ root, from, socket });
  const current = join(root, 'lib/domainsync/current');
  assert.equal(readFileSync(join(current, 'agent.cjs'), 'utf8'), 'new agent');
  assert.equal(readlinkSync(current).includes('/'), false);
});

test('issue 18, install: a release is named by its own version, also by a program of the sources', (t) => {
  const { root, from, socket } = makeHost(t);
  writeFileSync(join(from, 'VERSION'), '9.8.7\n');
  assert.equal(install({ root, from, socket }).version, '9.8.7');
  const folder = join(root, 'lib/domainsync');
  assert.equal(readlinkSync(join(folder, 'current')), '9.8.7');
  assert.equal(readFileSync(join(folder, 'current/VERSION'), 'utf8'), '9.8.7\n');
});

test('uninstalled without trace, or with the data kept', (t) => {
  const { root, from, socket } = makeHost(t);
  const before = everything(root);
  const config = '[isp_master]\nhost = dns.example.net\nusername = kunde\npassword = x\n';
  install({ root, from, socket, config });
  writeFileSync(join(root, 'var/domainsync.log'), 'a');
  writeFileSync(join(root, 'var/domainsync.log.1.gz'), 'b');
  writeFileSync(join(root, 'var/domainsync/journal.db'), 'c');
  uninstall({ root, socket, keepData: true });
  assert.ok(
    existsSync(join(root, 'etc/domainsync.ini')) && existsSync(join(root, 'var/domainsync/journal.db')),
  );
  assert.equal(existsSync(join(root, 'addon/domainsync')), false);
  uninstall({ root, socket, keepData: false });
  assert.deepEqual(everything(root), before);
});

test('unit and log rotation are written where the system has them, and taken away', async (t) => {
  const { folder, root, from, socket } = makeHost(t);
  install({ root, from, socket });
  const etc = join(folder, 'etc');
  mkdirSync(join(etc, 'logrotate.d'), { recursive: true });
  const [rotation, ...none] = await putSystemFiles({ root, socket, etc });
  assert.ok(rotation?.startsWith(join(etc, 'logrotate.d/domainsync-')) && none.length === 0);
  mkdirSync(join(etc, 'systemd/system'), { recursive: true });
  const [unit = ''] = await putSystemFiles({ root, socket, etc });
  assert.ok(unit.startsWith(join(etc, 'systemd/system/domainsync-agent-')));
  assert.doesNotMatch(readFileSync(unit, 'utf8'), /@[A-Z]+@/);
  assert.equal((await removeSystemFiles(root, etc)).length, 2);
  assert.equal(existsSync(unit), false);
});
