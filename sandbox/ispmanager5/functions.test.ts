/**
 * Tests where ISPmanager 5/6 and DNSmanager differ from version 4: functions, fields, errors, formats,
 * handlers.
 */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Answer, Generation, Sandbox } from '../index.ts';
import { asAlice, testSandbox } from '../testing.ts';

async function start(
  t: TestContext,
  generation: Generation,
  switches: Partial<Sandbox['switches']> = {},
): Promise<Sandbox> {
  const sandbox = await testSandbox(t, {
    generation,
    switches: { defaultHosts: ['@'], defaultMxRecords: false, defaultSpf: false, ...switches },
  });
  return sandbox;
}

async function makeZone(sandbox: Sandbox, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return await asAlice(sandbox, 'domain.edit', { name: 'example.org', ip: '192.0.2.1', ...more, sok: 'ok' });
}

function addRecord(sandbox: Sandbox, fields: Readonly<Record<string, string>>): Promise<Answer> {
  return asAlice(sandbox, 'domain.record.edit', { plid: 'example.org', name: 'x', ...fields, sok: 'ok' });
}

test('records of every type: fields in, columns and key out', async (t) => {
  const sandbox = await start(t, 'v6');
  assert.ok((await makeZone(sandbox)).ok);
  const forms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'x.example.org. A  192.0.2.7': { rtype: 'a', ip: '192.0.2.7' },
    'x.example.org. AAAA  2001:db8::1': { rtype: 'aaaa', ip: '2001:db8::1' },
    'x.example.org. MX 10 mail.example.org.': { rtype: 'mx', domain: 'mail', priority: '10' },
    'x.example.org. TXT  v=1; a, b': { rtype: 'txt', value: 'v=1; a, b' },
    'x.example.org. SRV 1 2 3 sip.example.net.': {
      rtype: 'srv',
      srvdomain: 'sip.example.net.',
      priority: '1',
      weight: '2',
      port: '3',
    },
    'x.example.org. CAA  0 issue ca.example.net': {
      rtype: 'caa',
      caa_flags: '0',
      caa_tag: 'issue',
      caa_value_domain: 'ca.example.net',
    },
    'x.example.org. DS  1 8 2 abcd': {
      rtype: 'ds',
      ds_key_tag: '1',
      ds_algorithm: '8',
      ds_digest_type: '2',
      ds_digest: 'abcd',
    },
    'x.example.org. TLSA  3 1 1 abcd': {
      rtype: 'tlsa',
      tlsa_cert_usage: '3',
      tlsa_selector: '1',
      tlsa_matching_type: '1',
      tlsa_value: 'abcd',
    },
  };
  for (const [key, form] of Object.entries(forms)) {
    const answer = await addRecord(sandbox, { ...form, ttl: '60' });
    assert.ok(answer.ok, `${key}: ${answer.body}`);
  }
  const { elems } = await asAlice(sandbox, 'domain.record', { elid: 'example.org' });
  const own = elems.filter(({ name }) => name === 'x.example.org.');
  assert.deepEqual(
    own.map(({ rkey }) => rkey),
    Object.keys(forms),
  );
  assert.deepEqual(new Set(own.map(({ ttl }) => ttl)), new Set(['60']));
  assert.equal(own.find(({ rtype }) => rtype === 'MX')?.['info'], 'priority= 10');
  assert.equal(elems[0]?.['rtype'], 'SOA');
});

test('a form sent again with some fields keeps the others; a re-rendered one saves nothing', async (t) => {
  const sandbox = await start(t, 'v6');
  await makeZone(sandbox);
  await addRecord(sandbox, { rtype: 'mx', domain: 'mail', priority: '10', ttl: '60' });
  const elid = 'x.example.org. MX 10 mail.example.org.';
  assert.ok((await addRecord(sandbox, { elid, priority: '20', sv_field: 'rtype' })).error === null);
  assert.ok(sandbox.keys('example.org')?.includes(elid));
  assert.ok((await addRecord(sandbox, { elid, priority: '20' })).ok);
  assert.ok(sandbox.keys('example.org')?.includes('x.example.org. MX 20 mail.example.org.'));
});

test('errors have types; a login that failed is one of them', async (t) => {
  const sandbox = await start(t, 'v5');
  await makeZone(sandbox);
  assert.equal((await makeZone(sandbox)).error?.code, 'exists');
  assert.equal((await addRecord(sandbox, { rtype: 'a', ip: 'x' })).error?.code, 'value');
  const gone = await asAlice(sandbox, 'domain.record.delete', { plid: 'example.org', elid: 'y A  1' });
  assert.equal(gone.error?.code, 'missed');
  const wrong = await sandbox.call('domain', {}, { user: 'alice', password: 'no' });
  assert.deepEqual([wrong.error?.code, wrong.error?.obj], ['auth', 'badpassword']);
  assert.equal((await asAlice(sandbox, 'domain.sublist', { elid: 'example.org' })).ok, false);
});

test('sessions: letters and digits, a level, a cookie of the panel', async (t) => {
  const sandbox = await start(t, 'dnsmgr');
  const login = await sandbox.call('auth', { username: 'alice', password: 'a:p&w=d' });
  assert.match(login.body, /<auth id="([0-9a-f]{24})" level="16">\1<\/auth>/);
  assert.match(String(login.headers['set-cookie']), /^dnsmgrses5=[0-9a-f]{24};/);
});

test('JSON: one row is an object, several are an array, an empty cell is {}', async (t) => {
  const sandbox = await start(t, 'v6', { defaultNs: 'ns1.example.net.', defaultHosts: [] });
  await makeZone(sandbox);
  const read = async (out: string, func: string): Promise<unknown> =>
    JSON.parse(
      (await sandbox.call(func, { elid: 'example.org' }, { user: 'alice', password: 'a:p&w=d', out })).body,
    );
  assert.partialDeepStrictEqual(await read('json', 'domain'), {
    doc: { $func: 'domain', elem: { name: { $: 'example.org' } }, tparams: { out: { $: 'xjson' } } },
  });
  assert.partialDeepStrictEqual(await read('xjson', 'domain.record'), {
    doc: { elem: [{ rtype: { $: 'SOA' }, info: {} }, { rtype: { $: 'NS' } }] },
  });
  assert.partialDeepStrictEqual(await read('JSONdata', 'domain'), [{ name: 'example.org' }]);
});

test('DNSmanager: slave zones have no records, an unknown zone is deleted with success', async (t) => {
  const sandbox = await start(t, 'dnsmgr', { recordKeyColumn: 'rtype_hidden' });
  assert.ok((await makeZone(sandbox, { dtype: 'slave', masterip: '192.0.2.2' })).ok);
  const [zone] = (await asAlice(sandbox, 'domain')).elems;
  assert.deepEqual([zone?.['dtype'], zone?.['user']], ['slave', 'alice']);
  assert.equal((await asAlice(sandbox, 'domain.record', { elid: 'example.org' })).error?.code, 'access');
  assert.ok((await asAlice(sandbox, 'domain.delete', { elid: 'nowhere.example', sok: 'ok' })).ok);
});

test('writes from elsewhere are to be confirmed where the panel checks the Referer', async (t) => {
  const sandbox = await start(t, 'v6', { refererCheck: true });
  assert.equal((await makeZone(sandbox)).error?.code, 'referer_confirm');
  assert.ok((await asAlice(sandbox, 'domain.edit', { name: 'example.org', sok: 'yes' })).ok);
});

test('handlers: description in etc/xml, parameters in the environment, a header is no XML', async (t) => {
  const sandbox = await start(t, 'v6', { emptyParams: 'absent' });
  const { root } = sandbox;
  const xml =
    '<mgrdata><handler name="spy" type="cgi"><event name="domain.record.edit" before="yes" after="yes"/></handler></mgrdata>';
  writeFileSync(join(root, 'etc/xml/ispmgr_mod_spy.xml'), xml);
  writeFileSync(join(root, 'addon/spy'), '#!/bin/sh\nenv | sort > seen\necho "<doc/>"\n');
  chmodSync(join(root, 'addon/spy'), 0o750);
  sandbox.restartPanel();
  await makeZone(sandbox);
  assert.ok((await addRecord(sandbox, { elid: '', rtype: 'a', ip: '192.0.2.7' })).ok);
  const seen = readFileSync(join(root, 'seen'), 'utf8');
  assert.match(seen, /^PARAM_func=domain\.record\.edit$/mu);
  assert.match(seen, /^PARAM_ip=192\.0\.2\.7$/mu);
  assert.match(seen, /^AUTH_USER=alice$/mu);
  assert.match(seen, /^AUTH_LEVEL=16$/mu);
  assert.doesNotMatch(seen, /PARAM_elid|authinfo/u);
  writeFileSync(join(root, 'addon/spy'), '#!/bin/sh\nprintf "Content-type: text/html\\n\\n<doc/>"\n');
  assert.match((await addRecord(sandbox, { rtype: 'a', ip: '192.0.2.8' })).error?.text ?? '', /invalid XML/);
});

test('site.edit: handlers of the inner webdomain.edit run too, without the prefix', async (t) => {
  const sandbox = await start(t, 'v6');
  const { root } = sandbox;
  const xml =
    '<mgrdata><handler name="spy" type="cgi"><event name="webdomain.edit" after="yes"/></handler></mgrdata>';
  writeFileSync(join(root, 'etc/xml/ispmgr_mod_spy.xml'), xml);
  writeFileSync(join(root, 'addon/spy'), '#!/bin/sh\nprintf "%s\\n" "$PARAM_name" >> seen\necho "<doc/>"\n');
  chmodSync(join(root, 'addon/spy'), 0o750);
  sandbox.restartPanel();
  const site = { site_name: 'site.example.org', site_ipaddrs: '192.0.2.7', sok: 'ok' };
  assert.ok((await asAlice(sandbox, 'site.edit', site)).ok);
  assert.equal(readFileSync(join(root, 'seen'), 'utf8'), 'site.example.org\n');
  assert.ok(sandbox.zones().includes('site.example.org'));
});

test('mgrctl answers as root for its own panel only', async (t) => {
  const sandbox = await start(t, 'dnsmgr');
  await makeZone(sandbox);
  const mgrctl = join(sandbox.root, 'sbin/mgrctl');
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(mgrctl, ['-m', 'dnsmgr', '-o', 'xml', 'domain'], (_error, stdout) => resolve(stdout));
  assert.match(await promise, /<name>example\.org<\/name>/);
});
