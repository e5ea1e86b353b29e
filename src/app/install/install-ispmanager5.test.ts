/** Tests the installation into roots of ISPmanager 5/6 and DNSmanager 5/6. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { childrenNamed } from '../../net/xml.ts';
import { parseXml } from '../../testing/parse-xml.ts';
import { checkFiles, checkRegistration } from '../doctor/files.ts';
import { install, InstallRefused } from './install.ts';
import { everything, makeHost, type Host } from '../../testing/install-host.ts';
import { filesFor } from './panel-files.ts';
import { panels as panelModules } from '../../panels/registry.ts';
import type { IspmanagerKind } from '../../net/ispmanager/kinds.ts';
import { pathsOf } from '../paths.ts';
import { restartCommand, restartPanel } from './restart-panel.ts';
import { putSystemFiles, removeSystemFiles } from './system-files.ts';
import { uninstall, withdraw } from './uninstall.ts';

const panels: readonly (readonly [IspmanagerKind, 'ispmgr' | 'dnsmgr'])[] = [
  ['ispmanager6', 'ispmgr'],
  ['dnsmanager', 'dnsmgr'],
];

/** Replaces `mgrctl` by a program that writes its arguments to a file and then runs `body`. */
function putMgrctl({ root }: Host, body = ''): void {
  writeFileSync(join(root, 'sbin/mgrctl'), `#!/bin/sh\necho "$@" >>'${root}/calls'\n${body}\n`, {
    mode: 0o755,
  });
}

function calls({ root }: Host): string {
  const path = join(root, 'calls');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

for (const [kind, panel] of panels) {
  test(`${kind}: everything in place, with the vendor's modes; again, nothing changes`, (t) => {
    const { root, from, socket } = makeHost(t, kind);
    const first = install({ root, from, socket });
    assert.equal(first.kind, kind);
    assert.equal(first.restart, true);
    for (const { path, mode } of filesFor(root, kind)) {
      assert.equal(statSync(join(root, path)).mode & 0o777, mode, path);
      assert.doesNotMatch(readFileSync(join(root, path), 'utf8'), /@[A-Z]+@/, path);
    }
    assert.equal(statSync(join(root, 'addon/domainsync_after')).mode & 0o777, 0o750);
    const told = (name: string): string => readFileSync(join(root, 'addon', name), 'utf8');
    assert.match(told('domainsync'), /^stage='before'$/m);
    assert.match(told('domainsync_after'), /^stage='after'$/m);
    const module = join(root, 'etc/plugins', panel, 'domainsync.xml');
    assert.equal(
      existsSync(module),
      kind === 'ispmanager6',
      'only a panel with a page for modules gets an entry',
    );
    assert.deepEqual(install({ root, from, socket }).changed, []);
    assert.deepEqual(
      checkFiles(pathsOf(root, socket)).filter(({ state }) => state === 'problem'),
      [],
    );
  });

  test(`${kind}: uninstalled without trace, an interrupted one goes on`, (t) => {
    const { root, from, socket } = makeHost(t, kind);
    const before = everything(root);
    mkdirSync(join(root, 'var/.plugin_scripts'));
    writeFileSync(join(root, 'var/.plugin_scripts/domainsync_predelete'), '');
    install({ root, from, socket });
    assert.equal(existsSync(join(root, 'var/.plugin_scripts')), false);
    mkdirSync(join(root, 'var/.xmlcache'));
    assert.equal(withdraw(root).length, kind === 'ispmanager6' ? 2 : 1);
    assert.equal(existsSync(join(root, 'var/.xmlcache')), false);
    assert.ok(
      existsSync(join(root, 'addon/domainsync')),
      'until the panel is restarted it calls its handlers',
    );
    uninstall({ root, socket, keepData: false });
    assert.deepEqual(everything(root), before);
    assert.deepEqual(uninstall({ root, socket, keepData: false }), []);
  });
}

test('every event has exactly one handler; a DNSmanager has no sites and no mail', (t) => {
  const registered = (kind: IspmanagerKind): Map<string, string[]> => {
    const { root, from, socket } = makeHost(t, kind);
    install({ root, from, socket });
    const text = readFileSync(join(root, panelModules[kind].layout.description), 'utf8').trim();
    const byHandler = new Map<string, string[]>();
    for (const handler of childrenNamed(parseXml(text), 'handler')) {
      const events = childrenNamed(handler, 'event');
      for (const { attributes } of events) {
        const { name = '', ...stages } = attributes;
        const stage = handler.attributes['name'] === 'domainsync_after' ? 'after' : 'before';
        assert.deepEqual({ ...stages }, { [stage]: 'yes' }, name);
      }
      const names = events.map(({ attributes }) => attributes['name'] ?? '');
      assert.equal(new Set(names).size, names.length);
      byHandler.set(handler.attributes['name'] ?? '', names);
    }
    return byHandler;
  };
  const ispmanager = registered('ispmanager6');
  const dnsmanager = registered('dnsmanager');
  const vetoed = ispmanager.get('domainsync') ?? [];
  assert.deepEqual(dnsmanager.get('domainsync'), vetoed);
  const all = ispmanager.get('domainsync_after') ?? [];
  assert.ok(vetoed.every((name) => all.includes(name)));
  // Calls that may change owners have a handler of their own, which never refuses a call.
  const watched = ispmanager.get('domainsync_owners') ?? [];
  assert.ok(watched.length > 0 && watched.every((name) => all.includes(name) && !vetoed.includes(name)));
  const foreign = all.filter((name) => /^(?:webdomain|site|emaildomain)\./.test(name));
  assert.ok(foreign.length > 0);
  assert.deepEqual(
    dnsmanager.get('domainsync_after'),
    all.filter((name) => !foreign.includes(name)),
  );
});

test('the type of the handlers is remembered by what is installed', (t) => {
  const { root, from, socket } = makeHost(t, 'ispmanager6');
  const typeOf = (): string[] => {
    const text = readFileSync(join(root, 'etc/xml/ispmgr_mod_domainsync.xml'), 'utf8');
    return ['domainsync', 'domainsync_after'].map(
      (name) => new RegExp(`<handler name="${name}" type="(\\w+)"`).exec(text)?.[1] ?? '',
    );
  };
  install({ root, from, socket });
  assert.deepEqual(typeOf(), ['cgi', 'cgi']);
  assert.equal(install({ root, from, socket, handlers: 'xml' }).restart, true);
  assert.deepEqual(typeOf(), ['xml', 'xml']);
  writeFileSync(join(from, 'agent.cjs'), 'a newer agent');
  install({ root, from, socket });
  assert.deepEqual(typeOf(), ['xml', 'xml']);
  assert.match(readFileSync(join(root, 'addon/domainsync'), 'utf8'), /^TYPE='xml'$/m);
  install({ root, from, socket, handlers: 'cgi' });
  assert.deepEqual(typeOf(), ['cgi', 'cgi']);
  const old = makeHost(t, 'ispmanager4');
  assert.throws(
    () => install({ root: old.root, from: old.from, socket, handlers: 'xml' }),
    (error) => error instanceof InstallRefused && error.problems[0]?.code === 'install.no-handler-type',
  );
});

test('caches are cleared and a restart is due only when the panel has something new to read', async (t) => {
  const host = makeHost(t, 'ispmanager6');
  const { root, from, socket } = host;
  const paths = pathsOf(root, socket);
  putMgrctl(host);
  const fillCaches = (): void => {
    for (const name of ['.xmlcache', '.db.cache.5']) mkdirSync(join(root, 'var', name), { recursive: true });
    writeFileSync(join(root, 'var/.xmlcache/x'), '');
    writeFileSync(join(root, 'var/.db.cache'), '');
  };
  const cached = (): number =>
    everything(join(root, 'var')).filter((name) => /^\.(xml|db)/.test(name)).length;
  fillCaches();
  assert.equal(install({ root, from, socket }).restart, true);
  assert.equal(cached(), 0);
  // The first run was killed after it changed files. The next run still knows that the panel must be
  // restarted.
  const again = install({ root, from, socket });
  assert.deepEqual([again.changed, again.restart], [[], true]);
  fillCaches();
  assert.equal(await restartPanel(paths, 'ispmanager6'), null);
  assert.equal(cached(), 0);
  assert.equal(calls(host), '-m ispmgr exit\n');
  fillCaches();
  writeFileSync(join(from, 'agent.cjs'), 'a newer agent');
  const update = install({ root, from, socket });
  assert.equal(update.restart, false, 'programs only: the panel goes on');
  assert.ok(update.changed.length > 0);
  assert.equal(cached(), 4);
});

test('a panel that cannot be restarted: why, and the restart stays due', async (t) => {
  const host = makeHost(t, 'dnsmanager');
  const { root, from, socket } = host;
  const paths = pathsOf(root, socket);
  install({ root, from, socket });
  assert.match((await restartPanel(paths, 'dnsmanager')) ?? '', /ENOENT/);
  putMgrctl(host, 'echo "no panel" >&2; exit 1');
  assert.equal(await restartPanel(paths, 'dnsmanager'), 'no panel');
  putMgrctl(host, 'echo "ERROR missed()"');
  assert.match((await restartPanel(paths, 'dnsmanager')) ?? '', /ERROR/);
  assert.equal(install({ root, from, socket }).restart, true);
  assert.equal(restartCommand(root, 'dnsmanager'), `${root}/sbin/mgrctl -m dnsmgr exit`);
  assert.equal(restartCommand('/usr/local/ispmgr', 'ispmanager4'), 'killall ispmgr');
});

test('half-broken roots: what is missing is made, what was left by another panel goes', (t) => {
  const { root, from, socket } = makeHost(t, 'dnsmanager');
  install({ root, from, socket });
  // After the installation, somebody installs an ISPmanager into the same root.
  writeFileSync(join(root, 'etc/ispmgr.conf'), '');
  rmSync(join(root, 'addon/domainsync_after'));
  const repaired = install({ root, from, socket });
  assert.equal(repaired.kind, 'ispmanager6');
  assert.ok(existsSync(join(root, 'etc/xml/ispmgr_mod_domainsync.xml')));
  assert.ok(existsSync(join(root, 'addon/domainsync_after')));
  assert.equal(existsSync(join(root, 'etc/xml/dnsmgr_mod_domainsync.xml')), false);
  rmSync(join(root, 'etc/xml'), { recursive: true });
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'bin/core'), '');
  assert.deepEqual(install({ root, from, socket }).changed, [
    join(root, 'etc/xml/ispmgr_mod_domainsync.xml'),
  ]);
  rmSync(join(root, 'addon'), { recursive: true });
  assert.throws(() => install({ root, from, socket }), /install\.no-panel/);
  // The command still removes the remaining files.
  uninstall({ root, socket, keepData: false });
  assert.deepEqual(
    everything(root).filter((path) => path.includes('domainsync')),
    [],
  );
});

test('the doctor tells wrong modes, cut files and files of another release', (t) => {
  const { root, from, socket } = makeHost(t, 'ispmanager6');
  const paths = pathsOf(root, socket);
  const told = (): string =>
    checkFiles(paths)
      .map(({ state, text }) => `${state} ${text}`)
      .join('\n');
  assert.match(told(), /^problem missing: .*domainsync_after/);
  install({ root, from, socket });
  rmSync(paths.restartDue);
  assert.doesNotMatch(told(), /problem/);
  chmodSync(join(root, 'addon/domainsync_after'), 0o700);
  assert.match(told(), /domainsync_after has mode 0700 .* should be 0750/);
  install({ root, from, socket });
  writeFileSync(join(root, 'addon/domainsync_after'), readFileSync(join(root, 'addon/domainsync')));
  assert.match(told(), /domainsync_after is cut off or not of the release/);
  const description = join(root, 'etc/xml/ispmgr_mod_domainsync.xml');
  writeFileSync(description, readFileSync(description, 'utf8').slice(0, 500));
  assert.match(told(), /ispmgr_mod_domainsync\.xml is cut off/);
  install({ root, from, socket });
  assert.doesNotMatch(told(), /problem/);
});

test("the panel's log as a sign: there, or only noted", (t) => {
  const { root, from, socket } = makeHost(t, 'ispmanager6');
  const paths = pathsOf(root, socket);
  install({ root, from, socket });
  assert.deepEqual(checkRegistration(paths), []);
  const log = join(root, 'var/ispmgr.log');
  const line = (name: string, event = 'domain.record.edit'): string =>
    `Nov 25 12:00:00 [1:1] action EXTINFO Register event '${name}' for action '${event}'\n`;
  writeFileSync(log, `${'x'.repeat(5_000_000)}\n${line('domainsync')}`);
  assert.deepEqual(
    checkRegistration(paths).map(({ state, text }) => [
      state,
      /does not name domainsync_after, domainsync_owners:/.test(text),
    ]),
    [['note', true]],
  );
  writeFileSync(log, line('domainsync') + line('domainsync_after') + line('domainsync_owners', 'user.edit'));
  assert.equal(checkRegistration(paths)[0]?.state, 'ok');
});

test('two panels on one host have a service and a log rotation each', async (t) => {
  const first = makeHost(t, 'ispmanager6');
  const second = makeHost(t, 'dnsmanager');
  const etc = join(first.folder, 'etc');
  for (const name of ['logrotate.d', 'systemd/system']) mkdirSync(join(etc, name), { recursive: true });
  for (const host of [first, second]) install(host);
  const one = await putSystemFiles({ ...first, etc });
  const other = await putSystemFiles({ ...second, etc });
  assert.equal(new Set([...one, ...other]).size, 4);
  assert.deepEqual(await putSystemFiles({ ...first, etc }), []);
  assert.deepEqual(await removeSystemFiles(first.root, etc), one);
  assert.ok(other.every((path) => existsSync(path)));
  assert.deepEqual(await removeSystemFiles(first.root, etc), []);
});

test('a unit of the plain name that is ours stays; that of another panel is not taken', async (t) => {
  const { root, from, socket, folder } = makeHost(t, 'ispmanager6');
  const etc = join(folder, 'etc');
  const plain = join(etc, 'systemd/system/domainsync-agent.service');
  mkdirSync(join(etc, 'systemd/system'), { recursive: true });
  install({ root, from, socket });
  writeFileSync(plain, `[Service]\nExecStart=/usr/bin/node ${root}/lib/domainsync/current/agent.cjs\n`);
  assert.deepEqual(await putSystemFiles({ root, socket, etc }), [plain]);
  writeFileSync(plain, '[Service]\nExecStart=/usr/local/mgr5/lib/domainsync/current/node\n');
  const [own] = await putSystemFiles({ root, socket, etc });
  assert.match(own ?? '', /domainsync-agent-.+\.service$/);
  assert.deepEqual(await removeSystemFiles(root, etc), [own]);
  assert.ok(existsSync(plain));
});

test('whatever is in the way is told before anything is changed', (t) => {
  const { root, from, socket } = makeHost(t, 'ispmanager6');
  const config = '[isp_master]\nhost = dns.example.net\nusername = kunde\npassword = x\n';
  mkdirSync(join(root, 'addon/domainsync'));
  mkdirSync(join(root, 'lib/domainsync/current'), { recursive: true });
  symlinkSync('/nowhere/at-all', join(root, 'var/domainsync'));
  symlinkSync('/nowhere/at-all', join(root, 'etc/domainsync.ini'));
  const before = everything(root);
  assert.throws(
    () => install({ root, from, socket, config }),
    (error) => {
      assert.ok(error instanceof InstallRefused);
      assert.deepEqual(
        error.problems.map(({ code, params }) => `${code} ${params['path']?.slice(root.length)}`).sort(),
        ['/addon/domainsync', '/etc/domainsync.ini', '/lib/domainsync/current', '/var/domainsync'].map(
          (path) => `install.in-the-way ${path}`,
        ),
      );
      return true;
    },
  );
  assert.deepEqual(everything(root), before);
});

test('drafts of an installation that was killed, and links that lead nowhere, are removed as well', (t) => {
  const { root, from, socket } = makeHost(t, 'ispmanager6');
  const before = everything(root);
  install({ root, from, socket });
  writeFileSync(join(root, 'addon/domainsync_after.new'), '');
  writeFileSync(join(root, 'etc/xml/ispmgr_mod_domainsync.xml.new'), '');
  rmSync(join(root, 'sbin/domainsync'));
  symlinkSync('/nowhere/at-all', join(root, 'sbin/domainsync'));
  uninstall({ root, socket, keepData: false });
  assert.deepEqual(everything(root), before);
});

test('a panel that cannot be restarted: what its tool printed is told', async (t) => {
  const host = makeHost(t, 'ispmanager6');
  putMgrctl(host, 'echo "ERROR type=access"; exit 1');
  const said = await restartPanel(pathsOf(host.root, host.socket), 'ispmanager6');
  assert.match(said ?? '', /ERROR type=access/);
});
