/**
 * Tests functions that change DNS by inner calls, with or without handlers (docs/protocol.md#other-functions,
 * #stages-5).
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Generation, Sandbox } from '../index.ts';
import { asAlice, listen, testSandbox } from '../testing.ts';

const EVENTS = [
  'domain.edit before after',
  'domain.delete before after',
  'domain.record.edit before after',
  'domain.record.delete before after',
];
/** A handler that writes its calls into `var/seen`, and refuses the function that `var/refuse` names. */
const SPY = `echo "$PARAM_func $PARAM_elid|$PARAM_plid|$PARAM_name|$PARAM_rtype" >>var/seen
if [ "$(cat var/refuse 2>/dev/null)" = "$PARAM_func" ]; then echo '<doc><error type="value"><msg>no</msg></error></doc>'; else echo '<doc/>'; fi`;

async function start(
  t: TestContext,
  generation: Generation,
  switches: Partial<Sandbox['switches']> = {},
): Promise<Sandbox> {
  const plain = { defaultHosts: ['@'], defaultMxRecords: false, defaultSpf: false };
  const sandbox = await testSandbox(t, { generation, switches: { ...plain, ...switches } });
  listen(sandbox, 'spy', SPY, EVENTS);
  return sandbox;
}

/** The handler's calls since this function was called last. */
function seen(sandbox: Sandbox): string[] {
  const path = join(sandbox.root, 'var/seen');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  rmSync(path);
  return lines;
}

function rowsOf(sandbox: Sandbox, zone: string, pattern: RegExp): string[] {
  return (sandbox.keys(zone) ?? []).filter((key) => pattern.test(key));
}

const WEB = { name: 'shop.example', ipaddrs: '192.0.2.7 2001:db8::7', sok: 'ok' };

test('webdomain.edit makes zone and addresses silently, or as calls of domain.edit and domain.record.edit', async (t) => {
  const sandbox = await start(t, 'v5');
  assert.ok((await asAlice(sandbox, 'webdomain.edit', WEB)).ok);
  assert.deepEqual(seen(sandbox), []);
  assert.deepEqual(rowsOf(sandbox, 'shop.example', /^(www\.)?shop\.example\. A/), [
    'shop.example. A  192.0.2.7',
    'shop.example. AAAA  2001:db8::7',
    'www.shop.example. A  192.0.2.7',
    'www.shop.example. AAAA  2001:db8::7',
  ]);
  sandbox.switches.fireNested = true;
  assert.ok((await asAlice(sandbox, 'webdomain.edit', { ...WEB, name: 'bar.example' })).ok);
  assert.deepEqual(seen(sandbox), [
    'domain.edit ||bar.example|',
    'domain.edit ||bar.example|',
    'domain.record.edit |bar.example|www.bar.example.|a',
    'domain.record.edit |bar.example|www.bar.example.|a',
    'domain.record.edit |bar.example|www.bar.example.|aaaa',
    'domain.record.edit |bar.example|www.bar.example.|aaaa',
  ]);
  const more = { elid: 'bar.example', aliases: 'img.bar.example', sok: 'ok' };
  assert.ok((await asAlice(sandbox, 'webdomain.edit', more)).ok);
  assert.equal(seen(sandbox)[0], 'domain.record.edit |bar.example|img.bar.example.|a');
});

test('emaildomain.edit adds MX, SPF, DKIM, DMARC, and takes what is switched off away', async (t) => {
  const sandbox = await start(t, 'v6', { fireNested: true });
  assert.ok((await asAlice(sandbox, 'domain.edit', { name: 'post.example', sok: 'ok' })).ok);
  seen(sandbox);
  const form = { name: 'post.example', dkim: 'on', dmarc: 'on', sok: 'ok' };
  assert.ok((await asAlice(sandbox, 'emaildomain.edit', form)).ok);
  assert.deepEqual(
    [...new Set(seen(sandbox))],
    [
      'domain.record.edit |post.example|mail.post.example.|a',
      'domain.record.edit |post.example|post.example.|mx',
      'domain.record.edit |post.example|post.example.|txt',
      'domain.record.edit |post.example|dkim._domainkey.post.example.|txt',
      'domain.record.edit |post.example|_dmarc.post.example.|txt',
    ],
  );
  assert.match(rowsOf(sandbox, 'post.example', /^dkim/)[0] ?? '', /TXT {2}v=DKIM1; k=rsa; .*p=MIIB.{300}/);
  assert.ok(
    (await asAlice(sandbox, 'emaildomain.edit', { elid: 'post.example', dkim: 'off', sok: 'ok' })).ok,
  );
  assert.deepEqual(rowsOf(sandbox, 'post.example', /^dkim/), []);
  assert.equal(rowsOf(sandbox, 'post.example', /^_dmarc/).length, 1);
  seen(sandbox);
  assert.ok((await asAlice(sandbox, 'emaildomain.delete', { elid: 'post.example' })).ok);
  assert.deepEqual(rowsOf(sandbox, 'post.example', / MX | TXT |mail/), []);
  assert.match(seen(sandbox)[0] ?? '', /^domain\.record\.delete mail\.post\.example\. A/);
});

test('site.edit: webdomain.edit fires whatever the switch says, what that one calls only with it', async (t) => {
  const sandbox = await start(t, 'v6');
  listen(sandbox, 'web', SPY, ['webdomain.edit before']);
  const form = { site_name: 'a.example', site_ipaddrs: '192.0.2.7', sok: 'ok' };
  assert.ok((await asAlice(sandbox, 'site.edit', form)).ok);
  assert.deepEqual(seen(sandbox), ['webdomain.edit ||a.example|']);
  sandbox.switches.fireNested = true;
  assert.ok((await asAlice(sandbox, 'site.edit', { ...form, site_name: 'b.example' })).ok);
  assert.deepEqual(seen(sandbox).slice(0, 2), ['webdomain.edit ||b.example|', 'domain.edit ||b.example|']);
});

test('a handler that refuses an inner call fails the outer function, and nothing is left of either', async (t) => {
  const sandbox = await start(t, 'v5', { fireNested: true });
  const write = `echo domain.record.edit >var/refuse`;
  listen(sandbox, 'arm', `${write}\necho '<doc/>'`, ['domain.edit after']);
  const answer = await asAlice(sandbox, 'webdomain.edit', WEB);
  assert.equal(answer.error?.text, 'no');
  assert.deepEqual(sandbox.zones(), []);
  assert.deepEqual((await asAlice(sandbox, 'webdomain')).elems, []);
  assert.deepEqual(
    seen(sandbox).map((line) => line.split(' ')[0]),
    ['domain.edit', 'domain.edit', 'domain.record.edit'],
  );
});

test('failOuter: inner calls ran with their after handlers, then all of it is rolled back', async (t) => {
  const sandbox = await start(t, 'v6', {
    fireNested: true,
    failOuter: { 'webdomain.edit': { code: 1, text: 'disk full', count: 1 } },
  });
  assert.equal((await asAlice(sandbox, 'webdomain.edit', WEB)).error?.text, 'disk full');
  assert.equal(seen(sandbox).length, 6);
  assert.deepEqual(sandbox.zones(), []);
  assert.ok((await asAlice(sandbox, 'webdomain.edit', WEB)).ok);
});

test('noEffect: ok, handlers run, nothing done; also for an inner call', async (t) => {
  const sandbox = await start(t, 'v5', { fireNested: true, noEffect: ['domain.record.edit'] });
  assert.ok((await asAlice(sandbox, 'webdomain.edit', WEB)).ok);
  assert.equal(seen(sandbox).length, 6);
  assert.deepEqual(rowsOf(sandbox, 'shop.example', /^www/), []);
  sandbox.switches.noEffect.push('domain.delete');
  assert.ok((await asAlice(sandbox, 'domain.delete', { elid: 'shop.example' })).ok);
  assert.deepEqual(sandbox.zones(), ['shop.example']);
});

test('a deleted account takes its zones along, a new one may bring one', async (t) => {
  const sandbox = await start(t, 'v6', { fireNested: true });
  const root = { user: 'root', password: 'rp' };
  const form = { name: 'carol', passwd: 'x', domain: 'carol.example', sok: 'ok' };
  assert.ok((await sandbox.call('user.add.finish', form, root)).ok);
  assert.deepEqual(seen(sandbox), ['domain.edit ||carol.example|', 'domain.edit ||carol.example|']);
  const carol = { user: 'carol', password: 'x' };
  assert.ok((await sandbox.call('domain.edit', { name: 'second.example', sok: 'ok' }, carol)).ok);
  seen(sandbox);
  assert.ok((await sandbox.call('user.delete', { elid: 'carol' }, root)).ok);
  assert.deepEqual(
    [...new Set(seen(sandbox))],
    ['domain.delete carol.example|||', 'domain.delete second.example|||'],
  );
  assert.deepEqual(sandbox.zones(), []);
  assert.equal((await sandbox.call('domain', {}, carol)).error?.code, 'auth');
});

test('domain.delete.request asks; with sok it deletes, with the handlers of domain.delete unless switched off', async (t) => {
  const sandbox = await start(t, 'v6');
  for (const name of ['a.example', 'b.example'])
    assert.ok((await asAlice(sandbox, 'domain.edit', { name, sok: 'ok' })).ok);
  seen(sandbox);
  assert.equal((await asAlice(sandbox, 'domain.delete.request', { elid: 'a.example' })).error, null);
  assert.deepEqual(seen(sandbox), []);
  assert.ok((await asAlice(sandbox, 'domain.delete.request', { elid: 'a.example', sok: 'ok' })).ok);
  assert.deepEqual(seen(sandbox), ['domain.delete a.example|||', 'domain.delete a.example|||']);
  sandbox.switches.requestFires = false;
  assert.ok((await asAlice(sandbox, 'domain.delete.request', { elid: 'b.example', sok: 'ok' })).ok);
  assert.deepEqual([seen(sandbox), sandbox.zones()], [[], []]);
});

test('dnsparam for existing zones, autorecords, the text of a DNS check, the end of a site', async (t) => {
  const sandbox = await start(t, 'v6', { fireNested: true, serviceDeletes: 'zone' });
  assert.ok((await asAlice(sandbox, 'webdomain.edit', { ...WEB, aliases: '' })).ok);
  seen(sandbox);
  const ns = { ns: 'ns9.example.net.', applytoexisting: 'on', sok: 'ok' };
  assert.ok((await asAlice(sandbox, 'dnsparam', ns)).ok);
  assert.deepEqual(rowsOf(sandbox, 'shop.example', / NS /), ['shop.example. NS  ns9.example.net.']);
  assert.equal(seen(sandbox).filter((line) => line.startsWith('domain.record.delete')).length, 4);
  sandbox.switches.defaultHosts = ['@', 'ftp'];
  assert.ok((await asAlice(sandbox, 'domain.autorecords', { elid: 'shop.example' })).ok);
  assert.equal(rowsOf(sandbox, 'shop.example', /^ftp/).length, 2);
  const check = { elid: 'shop.example', value: 'abc', sok: 'ok' };
  assert.ok((await asAlice(sandbox, 'webdomain.letsencrypt.txt', check)).ok);
  assert.deepEqual(rowsOf(sandbox, 'shop.example', /TXT/), ['_acme-challenge.shop.example. TXT  abc']);
  seen(sandbox);
  assert.ok((await asAlice(sandbox, 'webdomain.delete', { elid: 'shop.example' })).ok);
  assert.deepEqual([...new Set(seen(sandbox)), ...sandbox.zones()], ['domain.delete shop.example|||']);
});
