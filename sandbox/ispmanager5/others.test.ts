/** Tests behaviour of real panels of version 5/6 and DNSmanager that programs of other authors rely on. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { asAlice, listen, makeZone, testSandbox } from '../testing.ts';
import { child } from '../shared/xml.ts';
import type { Generation, Sandbox } from '../index.ts';

const run = promisify(execFile);
const ALICE = { user: 'alice', password: 'a:p&w=d' };
const ROOT = { user: 'root', password: 'rp' };

function start(t: TestContext, generation: Generation): Promise<Sandbox> {
  return testSandbox(t, { generation });
}

async function mgrctl(sandbox: Sandbox, ...words: readonly string[]): Promise<string> {
  return (await run(join(sandbox.root, 'sbin/mgrctl'), [...words])).stdout;
}

test('issue 12.18: version 6 lists sites by id, without displayname and blank lines; version 5 as ever', async (t) => {
  const six = await start(t, 'v6');
  for (const name of ['b.example', 'a.example'])
    assert.ok(
      (await asAlice(six, 'site.edit', { site_name: name, site_ipaddrs: '192.0.2.1', sok: 'ok' })).ok,
    );
  const lines = (await mgrctl(six, '-m', 'ispmgr', 'webdomain')).trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) =>
      /^id=(\d+) name=(\S+) owner=alice docroot=(\S+) ipaddr=192\.0\.2\.1 /u.exec(line)?.slice(1),
    ),
    [
      ['2', 'a.example', '/var/www/alice/data/www/a.example'],
      ['1', 'b.example', '/var/www/alice/data/www/b.example'],
    ],
  );
  for (const line of lines) assert.match(line, / active=on(?: |$)/u);
  assert.doesNotMatch(lines.join('\n'), /displayname/u);
  const five = await start(t, 'v5');
  for (const name of ['a.example', 'b.example'])
    assert.ok((await asAlice(five, 'webdomain.edit', { name, sok: 'ok' })).ok);
  const old = await mgrctl(five, '-m', 'ispmgr', 'webdomain');
  assert.match(old, /^name=a\.example displayname=a\.example owner=alice .*\n\nname=b\.example /u);
});

test('issue 12.18: zones name their owner in `user`, sites and mail domains in `owner`', async (t) => {
  for (const generation of ['v5', 'v6'] as const) {
    const panel = await start(t, generation);
    assert.ok((await asAlice(panel, 'webdomain.edit', { name: 'a.example', sok: 'ok' })).ok);
    assert.ok((await asAlice(panel, 'emaildomain.edit', { name: 'a.example', sok: 'ok' })).ok);
    const row = async (func: string): Promise<Readonly<Record<string, string>> | undefined> =>
      (await asAlice(panel, func)).elems[0];
    const zone = await row('domain');
    assert.deepEqual([zone?.['user'], zone?.['owner']], ['alice', undefined]);
    for (const func of ['webdomain', 'emaildomain']) {
      const found = await row(func);
      assert.deepEqual([found?.['owner'], found?.['user']], ['alice', undefined], func);
    }
  }
});

test('issue 12.19: DNSmanager answers a create with ok and messages, with one of them where a switch says so', async (t) => {
  const panel = await start(t, 'dnsmgr');
  const said = async (name: string): Promise<boolean[]> => {
    // The parameters that one publicly available client sends.
    const form = { name, dtype: 'master', ip: '', masterip: '', 'zoom-ip': '', sform: 'ajax', dnssec: 'off' };
    const { doc } = await asAlice(panel, 'domain.edit', { ...form, sok: 'ok' });
    return ['ok', 'messages'].map((one) => doc !== null && child(doc, one) !== undefined);
  };
  assert.deepEqual(await said('a.example'), [true, true]);
  panel.switches.createSays = 'messages';
  assert.deepEqual(await said('b.example'), [false, true]);
  panel.switches.createSays = 'ok';
  assert.deepEqual(await said('c.example'), [true, false]);
});

test('issue 12.19: out=bjson says ok as true, and names flat', async (t) => {
  const panel = await start(t, 'dnsmgr');
  const bare = { ...ALICE, out: 'bjson' };
  assert.match((await panel.call('domain.edit', { name: 'a.example', sok: 'ok' }, bare)).body, /"ok":true/u);
  assert.match((await panel.call('domain', {}, bare)).body, /"name":"a\.example"/u);
  assert.match((await panel.call('domain.edit', { elid: 'x.example' }, bare)).body, /"error":\{/u);
});

test('issue 12.19: a list filtered within the call; the filter goes with it, or stays', async (t) => {
  const panel = await start(t, 'dnsmgr');
  for (const name of ['a.example', 'b.example']) await asAlice(panel, 'domain.edit', { name, sok: 'ok' });
  const listed = async (params: Readonly<Record<string, string>>): Promise<(string | undefined)[]> =>
    (await asAlice(panel, 'domain', params)).elems.map(({ name }) => name);
  assert.deepEqual(await listed({ filter: 'on', name: 'b.example' }), ['b.example']);
  assert.deepEqual(await listed({ name: 'b.example' }), ['a.example', 'b.example']);
  assert.deepEqual(await listed({}), ['a.example', 'b.example']);
  panel.switches.filterStays = true;
  assert.deepEqual(await listed({ filter: 'on', name: 'b.example' }), ['b.example']);
  assert.deepEqual(await listed({}), ['b.example']);
});

test('issue 12.19: accounts are suspended and resumed; one that is not there is missed', async (t) => {
  const panel = await start(t, 'v6');
  await makeZone(panel);
  assert.ok((await panel.call('user.suspend', { elid: 'alice, bob' }, ROOT)).ok);
  const active = async (): Promise<(string | undefined)[]> =>
    (await panel.call('user', {}, ROOT)).elems.map((row) => `${row['name']} ${row['active']}`);
  assert.deepEqual(await active(), ['alice off', 'bob off', 'seller on']);
  assert.equal((await asAlice(panel, 'domain')).error?.code, 'auth');
  assert.deepEqual(panel.zones(), ['example.org']);
  assert.ok((await panel.call('user.resume', { elid: 'alice' }, ROOT)).ok);
  assert.deepEqual(await active(), ['alice on', 'bob off', 'seller on']);
  assert.ok((await asAlice(panel, 'domain')).error === null);
  const missed = await panel.call('user.resume', { elid: 'nobody' }, ROOT);
  assert.deepEqual([missed.error?.code, missed.error?.obj], ['missed', 'users']);
  assert.equal((await asAlice(panel, 'user.suspend', { elid: 'bob' })).error?.code, 'access');
});

test('issue 12.20: version 6 lists the events that handlers are registered for', async (t) => {
  const panel = await start(t, 'v6');
  listen(panel, 'spy', "printf '<doc/>'", ['domain.edit before after', 'domain.delete before']);
  const { elems } = await panel.call('eventlist', {}, ROOT);
  const events = elems.map(({ name, handler, stage }) => `${name} ${handler} ${stage}`);
  assert.deepEqual(events, ['domain.edit spy before', 'domain.edit spy after', 'domain.delete spy before']);
  assert.equal((await asAlice(panel, 'eventlist')).error?.code, 'access');
  const older = await start(t, 'v5');
  assert.match((await older.call('eventlist', {}, ROOT)).error?.text ?? '', /unknown function/u);
});
