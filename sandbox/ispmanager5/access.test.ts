/**
 * Tests sessions, access levels, filters, writes that need a confirmation, and rows that lists hide or add
 * (docs/protocol.md#login, #list-limits, #dnsmanager, #open-questions).
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Sandbox } from '../index.ts';
import { asAlice, listen, testSandbox, writeHandler, writePlugin } from '../testing.ts';

const run = promisify(execFile);

async function sessionOf(sandbox: Sandbox, from = '127.0.0.1'): Promise<string> {
  const answer = await sandbox.call('auth', { username: 'alice', password: 'a:p&w=d' }, { from });
  return /<auth id="([0-9a-f]+)"/u.exec(answer.body)?.[1] ?? '';
}

async function makeZones(sandbox: Sandbox, names: readonly string[]): Promise<void> {
  for (const name of names) assert.ok((await asAlice(sandbox, 'domain.edit', { name, sok: 'ok' })).ok);
}

test('a session lives one hour from its last call, and only for the address that opened it', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v6' });
  const auth = await sessionOf(sandbox, '127.0.0.2');
  const list = async (from: string): Promise<string | undefined> =>
    (await sandbox.call('domain', {}, { auth, from })).error?.code;
  assert.deepEqual([await list('127.0.0.2'), await list('127.0.0.1')], [undefined, 'auth']);
  sandbox.switches.bindSessions = false;
  assert.equal(await list('127.0.0.1'), undefined);
  sandbox.switches.clockOffsetMs = 59 * 60_000;
  assert.equal(await list('127.0.0.1'), undefined);
  sandbox.switches.clockOffsetMs = 118 * 60_000;
  assert.equal(await list('127.0.0.1'), undefined, 'an hour from the last call');
  sandbox.switches.clockOffsetMs = 179 * 60_000;
  assert.equal(await list('127.0.0.1'), 'auth');
});

test('the cookie carries the session up to its first colon', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'dnsmgr' });
  const id = await sessionOf(sandbox);
  for (const cookie of [`dnsmgrses5=${id}`, `x=1; dnsmgrses5=${id}:orion:en`])
    assert.equal((await sandbox.call('domain', {}, { cookie })).error, null);
  assert.equal((await sandbox.call('domain', {}, { cookie: `ispmgrses5=${id}` })).error?.code, 'auth');
});

test('doubtful writes: the error or the question, for everyone or for sessions, until the panel itself or sok=yes', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v6', switches: { confirmWrites: true } });
  const auth = await sessionOf(sandbox);
  const zone = { name: 'a.example', sok: 'ok' };
  const asked = await sandbox.call('domain.edit', zone, { auth });
  assert.deepEqual([asked.ok, asked.doc?.attributes['func']], [false, 'confirm']);
  assert.equal((await asAlice(sandbox, 'domain.edit', zone)).doc?.attributes['func'], 'confirm');
  assert.deepEqual(sandbox.zones(), []);
  sandbox.switches.confirmWhom = 'sessions';
  assert.ok((await asAlice(sandbox, 'domain.edit', zone)).ok);
  Object.assign(sandbox.switches, { confirmWrites: false, refererCheck: true });
  const remove = { elid: 'a.example' };
  const elsewhere = { auth, referer: 'https://elsewhere.example/ispmgr' };
  assert.equal((await sandbox.call('domain.delete', remove, elsewhere)).error?.code, 'referer_confirm');
  const again = { ...remove, sok: 'yes' };
  assert.ok((await sandbox.call('domain.delete', again, { auth, method: 'GET' })).ok);
  assert.ok((await sandbox.call('domain.edit', zone, { auth, referer: sandbox.address })).ok);
});

test('levels: numbers of this generation, su downwards only, the host above all', async (t) => {
  const sandbox = await testSandbox(t, {
    generation: 'v5',
    users: [
      { name: 'root', password: 'rp', level: 7 },
      { name: 'admin', password: 'ap', level: 7 },
      { name: 'seller', password: 'sp', level: 6 },
      { name: 'alice', password: 'a:p&w=d', owner: 'seller' },
    ],
  });
  const level = async (user: string, password: string, su = ''): Promise<string> => {
    const { body } = await sandbox.call('whoami', su === '' ? {} : { su }, { user, password });
    return /level="(\d+)"\/>/u.exec(body)?.[1] ?? /type="(\w+)"/u.exec(body)?.[1] ?? '';
  };
  assert.deepEqual(
    [await level('root', 'rp'), await level('admin', 'ap'), await level('seller', 'sp')],
    ['30', '29', '24'],
  );
  assert.deepEqual([await level('root', 'rp', 'admin'), await level('seller', 'sp', 'alice')], ['29', '16']);
  assert.deepEqual(
    [await level('admin', 'ap', 'root'), await level('alice', 'a:p&w=d', 'seller')],
    ['access', 'access'],
  );
  listen(sandbox, 'spy', 'env >var/env; echo "<doc/>"', ['domain.edit before']);
  await run(join(sandbox.root, 'sbin/mgrctl'), ['domain.edit', 'su=alice', 'name=a.example', 'sok=ok']);
  assert.match(readFileSync(join(sandbox.root, 'var/env'), 'utf8'), /^AUTH_LEVEL=16$/m);
  const made = { name: 'second', passwd: 'x', level: '24', sok: 'ok' };
  assert.ok((await sandbox.call('user.edit', made, { user: 'admin', password: 'ap' })).ok);
  assert.equal(await level('second', 'x'), '24');
  const pass = { elid: 'a.example', owner: 'second', sok: 'ok' };
  assert.ok((await sandbox.call('domain.passredirect', pass, { user: 'admin', password: 'ap' })).ok);
  assert.equal((await asAlice(sandbox, 'domain.record', { elid: 'a.example' })).error?.code, 'access');
});

test('a filter hides zones of one account from its lists until it is removed; direct reads go on', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v6' });
  await makeZones(sandbox, ['a.example', 'b.example']);
  const names = async (): Promise<(string | undefined)[]> =>
    (await asAlice(sandbox, 'domain')).elems.map(({ name }) => name);
  assert.ok((await asAlice(sandbox, 'domain.filter', { name: 'a.', sok: 'ok' })).ok);
  assert.deepEqual(await names(), ['a.example']);
  assert.equal((await asAlice(sandbox, 'domain.record', { elid: 'b.example' })).error, null);
  assert.equal((await sandbox.call('domain', {}, { user: 'root', password: 'rp' })).elems.length, 2);
  assert.match((await asAlice(sandbox, 'domain.filter')).body, /<name>a\.<\/name>/);
  assert.ok((await asAlice(sandbox, 'domain.filter', { name: '', sok: 'ok' })).ok);
  assert.deepEqual(await names(), ['a.example', 'b.example']);
});

test('groups: comma and space, values that hold them, going on after a failure or not', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v6', switches: { failElement: 'b.example' } });
  await makeZones(sandbox, ['a.example', 'b.example', 'c.example']);
  const all = { elid: 'a.example, b.example, c.example' };
  assert.equal((await asAlice(sandbox, 'domain.delete', all)).error?.code, 'internal');
  assert.deepEqual(sandbox.zones(), ['b.example', 'c.example']);
  sandbox.switches.groupFailure = 'continue';
  await asAlice(sandbox, 'domain.delete', { elid: 'b.example, c.example' });
  assert.deepEqual(sandbox.zones(), ['b.example']);
  const plid = 'b.example';
  const add = { plid, name: 't', rtype: 'txt', value: 'one, two', sok: 'ok' };
  assert.ok((await asAlice(sandbox, 'domain.record.edit', add)).ok);
  const elid = 't.b.example. TXT  one, two';
  const both = { plid, elid: `${elid}, b.example. A  192.0.2.10` };
  assert.equal((await asAlice(sandbox, 'domain.record.delete', both)).error?.code, 'missed');
  assert.ok((await asAlice(sandbox, 'domain.record.delete', { plid, elid })).ok);
});

test('DNSmanager: restricted names, the limit of an account', async (t) => {
  const sandbox = await testSandbox(t, {
    generation: 'dnsmgr',
    switches: { restrictedNames: ['bank.example'] },
  });
  for (const name of ['bank.example', 'www.bank.example'])
    assert.equal((await asAlice(sandbox, 'domain.edit', { name, sok: 'ok' })).error?.code, 'value');
  await makeZones(sandbox, ['a.example', 'b.example', 'mybank.example']);
  const fourth = await asAlice(sandbox, 'domain.edit', { name: 'd.example', sok: 'ok' });
  assert.equal(fourth.error?.code, 'limit');
});

test('rows of a signed zone are shown and cannot be changed', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v6', switches: { dnssecRows: true } });
  await makeZones(sandbox, ['a.example']);
  const { elems } = await asAlice(sandbox, 'domain.record', { elid: 'a.example' });
  const signed = elems.filter(({ rtype }) => /^(DNSKEY|CDS|NSEC|RRSIG)$/u.test(rtype ?? ''));
  assert.equal(signed.length, 4);
  for (const { rkey = '' } of signed) {
    const one = { plid: 'a.example', elid: rkey };
    assert.equal((await asAlice(sandbox, 'domain.record.delete', one)).error?.code, 'access');
    assert.equal((await asAlice(sandbox, 'domain.record.edit', { ...one, sok: 'ok' })).error?.code, 'access');
  }
  assert.equal(
    sandbox.keys('a.example')?.some((key) => key.includes('RRSIG')),
    false,
  );
});

test('the owner column of the list is the one that is chosen, or none', async (t) => {
  for (const generation of ['v5', 'v6', 'dnsmgr'] as const) {
    const sandbox = await testSandbox(t, { generation });
    await makeZones(sandbox, ['a.example']);
    const columns = async (): Promise<(string | undefined)[]> => {
      const [row] = (await sandbox.call('domain', {}, { user: 'root', password: 'rp' })).elems;
      return [row?.['user'], row?.['owner']];
    };
    assert.deepEqual(await columns(), ['alice', undefined]);
    sandbox.switches.ownerColumn = 'owner';
    assert.deepEqual(await columns(), [undefined, 'alice']);
    sandbox.switches.ownerColumn = 'none';
    assert.deepEqual(await columns(), [undefined, undefined]);
  }
});

for (const generation of ['v4', 'v6'] as const) {
  test(`somebody else's zone: handlers before the look at access, or after it, ${generation}`, async (t) => {
    const sandbox = await testSandbox(t, { generation });
    const edit = generation === 'v4' ? 'domain.sublist.edit' : 'domain.record.edit';
    await makeZones(sandbox, ['a.example']);
    const spied = [edit, 'domain.edit', 'domain.delete'];
    const script = 'echo called >>var/called; echo "<doc/>"';
    if (generation === 'v6') {
      listen(
        sandbox,
        'spy',
        script,
        spied.map((func) => `${func} before`),
      );
    } else {
      const events = spied.map((func) => `<event before="yes">${func}</event>`);
      writeHandler(sandbox.root, 'spy', script);
      writePlugin(sandbox.root, `<handler name="spy" type="cgi">${events.join('')}</handler>`);
      sandbox.restartPanel();
    }
    const calls = (): number => {
      const lines = readFileSync(join(sandbox.root, 'var/called'), 'utf8').trim().split('\n');
      return lines.length;
    };
    const record = { plid: 'a.example', elid: '', name: 'x', sok: 'ok' };
    const typed = { ...record, rtype: 'a', sdtype: 'A', ip: '192.0.2.1', addr: '192.0.2.1' };
    const tries = async (user: string, password: string): Promise<(string | undefined)[]> => {
      const as = { user, password };
      const said = [
        await sandbox.call(edit, typed, as),
        await sandbox.call('domain.edit', { elid: 'a.example', ip: '192.0.2.9', sok: 'ok' }, as),
        await sandbox.call('domain.delete', { elid: 'a.example' }, as),
      ];
      return said.map(({ error }) => error?.code);
    };
    const denied = generation === 'v4' ? '6' : 'access';
    assert.deepEqual(await tries('bob', 'bp'), [denied, denied, denied]);
    assert.equal(calls(), 3);
    sandbox.switches.accessFirst = true;
    assert.deepEqual(await tries('bob', 'bp'), [denied, denied, denied]);
    assert.equal(calls(), 3);
    assert.deepEqual(await tries('alice', 'a:p&w=d'), [undefined, undefined, undefined]);
    assert.equal(calls(), 6);
  });
}

test('su of the local tool: another account, unless the panel does not know the parameter', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v6' });
  await makeZones(sandbox, ['a.example']);
  const list = async (): Promise<string> =>
    (await run(join(sandbox.root, 'sbin/mgrctl'), ['-o', 'xml', 'domain', 'su=bob'])).stdout;
  assert.doesNotMatch(await list(), /a\.example/);
  sandbox.switches.ignoreSu = true;
  assert.match(await list(), /a\.example/);
});
