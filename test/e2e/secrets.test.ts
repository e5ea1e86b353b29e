/**
 * Issue 16, secrets and rotation: tests passwords in files and credentials, and passwords that change while
 * people edit.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { settingsPath } from '../../src/config/settings.ts';
import { agreed } from '../../src/testing/stage/central-side.ts';
import { startKeyProxy } from '../../src/testing/servers/key-proxy.ts';
import type { Powerdns } from '../../src/testing/servers/powerdns.ts';
import { address } from '../../src/testing/stage/panel-words.ts';
import { leaks } from '../../src/testing/stage/secrets.ts';
import { missingFor } from '../../src/testing/stage/server-registry.ts';
import { makeServerStage } from '../../src/testing/stage/server-stage.ts';
import {
  account,
  endProcess,
  makeStage,
  until,
  type AnyStage,
  type Stage,
} from '../../src/testing/stage/stage.ts';

const zone = 'example.org';
const dist = join(import.meta.dirname, '../../dist');

/** A password that the account at the central gets in the course of a test. */
const later = 'l4ter;pa#ss=%wo&rd';

/** Writes a secret into a file and puts it into place by rename. */
function keep(path: string, secret: string, mode = 0o600): string {
  writeFileSync(`${path}.new`, `${secret}\n`, { mode });
  renameSync(`${path}.new`, path);
  return path;
}

/** Writes the settings with the password in a file. */
function configure(stage: Stage, file: string): void {
  stage.configure({ password: '' });
  const { name: username } = account;
  const { url: host, fingerprint } = stage.central;
  const lines = [
    '[isp_master]',
    ...Object.entries({ host, username, fingerprint, password_file: file }).map(
      ([name, value]) => `${name} = ${value}`,
    ),
  ];
  writeFileSync(
    settingsPath(stage.panel.root),
    `${lines.join('\n')}\n[sync]\nafter_wait = 1\nread_gap = 1\n`,
  );
}

async function given(t: TestContext, central: 'v4' | 'v6'): Promise<Stage> {
  const stage = await makeStage({ panel: central, central });
  t.after(() => stage.stop());
  await stage.install();
  return stage;
}

async function withZone(stage: AnyStage): Promise<void> {
  await until('the first zone', async () => (await stage.atPanel.makeZone(zone)).ok);
  await until('its content at the central', () => agreed(stage, zone));
}

for (const central of ['v4', 'v6'] as const) {
  test(`issue 16, secrets: a password in a file is used, followed and never shown, ${central}`, async (t) => {
    const stage = await given(t, central);
    const file = keep(join(stage.directory, 'password'), account.password);
    configure(stage, file);
    assert.match(await stage.domainsync('check'), /the login works/u);
    await withZone(stage);
    stage.central.changePassword(account.name, later);
    keep(file, later);
    const first = await stage.atPanel.save(zone, address('first', '192.0.2.1'));
    assert.ok(first.ok, first.body);
    assert.ok(await agreed(stage, zone));

    chmodSync(file, 0o644);
    const refused = await stage.atPanel.save(zone, address('second', '192.0.2.2'));
    assert.ok(!refused.ok && refused.body.includes('settings.secret-exposed'), refused.body);
    const doctor = await stage.domainsync('doctor');
    assert.match(
      doctor,
      /problem +settings .*password_file may be read or changed by other users.*chmod 600/u,
    );
    assert.match(await stage.domainsync('status'), /mode 0644, owner 0/u);
    chmodSync(file, 0o600);
    const second = await stage.atPanel.save(zone, address('second', '192.0.2.2'));
    assert.ok(second.ok, second.body);
    assert.match(await stage.domainsync('doctor'), /ok +settings .*without mistakes; it names .*password/u);
    assert.deepEqual(await leaks({ ...stage, secrets: [...stage.secrets, later] }), []);
  });
}

test('issue 16, secrets: a credential of the agent, by its name alone', async (t) => {
  const stage = await given(t, 'v6');
  const folder = join(stage.directory, 'credentials');
  mkdirSync(folder, { mode: 0o700 });
  keep(join(folder, 'central'), account.password, 0o400);
  configure(stage, 'central');
  await assert.rejects(stage.domainsync('check'), /settings\.no-credential|only while the agent runs/u);
  const words = [join(dist, 'agent.cjs'), '--root', stage.panel.root, '--socket', stage.socket];
  const agent = spawn(process.execPath, words, { env: { CREDENTIALS_DIRECTORY: folder }, stdio: 'ignore' });
  t.after(() => agent.kill());
  await until('the agent', async () => (await stage.agent()) === agent.pid);
  await withZone(stage);
  const saved = await stage.atPanel.save(zone, address('www', '192.0.2.1'));
  assert.ok(saved.ok, saved.body);
  assert.ok(await agreed(stage, zone));
});

/**
 * Makes one edit after the other, while `rotate` changes the password at the central. No edit may be refused.
 */
async function editThrough(stage: AnyStage, rotate: () => void | Promise<void>): Promise<void> {
  const [before, after] = [6, 12];
  const edit = async (last: number): Promise<void> => {
    const saved = await stage.atPanel.save(zone, address(`h${last}`, `192.0.2.${last}`));
    assert.ok(saved.ok, `edit ${last}: ${saved.body}`);
  };
  for (let last = 1; last <= before; last += 1) await edit(last);
  const meanwhile = [7, 8, 9].map((last) => edit(last));
  await rotate();
  await Promise.all(meanwhile);
  for (let last = 10; last <= after; last += 1) await edit(last);
  await until('both sides to agree', () => agreed(stage, zone));
}

/** Asserts that every report for administrators mentions the next password. */
async function isTold(stage: AnyStage): Promise<void> {
  const words = /The next password is in use: .* Put the value of password_next in place of password/u;
  assert.match(await stage.domainsync('status'), words);
  assert.match(await stage.domainsync('check'), words);
  assert.match(await stage.domainsync('doctor'), words);
  const { fromAgent = null, attention = [] } = (await stage.status()) ?? {};
  assert.equal(fromAgent?.nextPassword, true);
  assert.deepEqual(attention, []);
}

for (const [central, login] of [
  ['v4', 'authinfo'],
  ['v6', 'session'],
] as const) {
  test(`issue 16, rotation: no edit is refused, central ${central}, ${login}`, async (t) => {
    const stage = await given(t, central);
    stage.configure({ password_next: later, login });
    await withZone(stage);
    assert.equal((await stage.status())?.fromAgent?.nextPassword, false);
    await editThrough(stage, () => stage.central.changePassword(account.name, later));
    await isTold(stage);
    assert.deepEqual(await leaks({ ...stage, secrets: [...stage.secrets, later] }), []);
    stage.configure({ password: later, login });
    assert.ok((await stage.atPanel.save(zone, address('last', '192.0.2.99'))).ok);
    assert.doesNotMatch(await stage.domainsync('status'), /next password/u);
  });
}

test('issue 16, rotation: both passwords refused: two logins, then none until the breaker tries again', async (t) => {
  const stage = await given(t, 'v6');
  stage.configure({ password_next: 'n0t-this-one' });
  await withZone(stage);
  await until('nothing under way', async () => ((await stage.status())?.engine?.open ?? 1) === 0);
  stage.central.changePassword(account.name, later);
  const start = stage.central.requests.length;
  for (const last of [1, 2, 3, 4])
    assert.ok(!(await stage.atPanel.save(zone, address('www', `192.0.2.${last}`))).ok);
  const logins = stage.central.requests.slice(start);
  assert.equal(logins.length, 2, JSON.stringify(logins));
  assert.match(await stage.domainsync('status'), /attention\.login-blocked/u);
});

test('issue 16, rotation: no edit is refused, PowerDNS', { skip: missingFor('powerdns') }, async (t) => {
  const stage = await makeServerStage({ panel: 'v6', central: 'powerdns' });
  t.after(() => stage.stop());
  await stage.install();
  const [first, next] = ['first-key-0123456789', 'next-key-0123456789'];
  assert.ok(isPowerdns(stage.server));
  const proxy = await startKeyProxy(stage.server, first);
  t.after(() => proxy.close());
  const file = keep(join(stage.directory, 'next'), next);
  stage.configure({ host: proxy.url, password: first, password_next_file: file });
  await withZone(stage);
  await editThrough(stage, () => {
    proxy.key = next;
  });
  assert.ok(proxy.refused.length > 0 && proxy.refused.every((key) => key === first));
  const refused = proxy.refused.length;
  await isTold(stage);
  const pid = await stage.agent();
  assert.ok(pid !== null);
  await endProcess(pid);
  await until('an edit by another agent', async () => {
    const saved = await stage.atPanel.save(zone, address('restarted', '192.0.2.99'));
    return saved.ok;
  });
  await isTold(stage);
  assert.equal(proxy.refused.length, refused, 'neither commands nor another agent are refused once more');
  assert.deepEqual(await leaks({ ...stage, secrets: [...stage.secrets, first, next] }), []);
});

function isPowerdns(server: { readonly kind: string }): server is Powerdns {
  return server.kind === 'powerdns';
}
