/**
 * Tests behaviour of real panels that programs of other authors rely on: how plugins run, and the answers of
 * version 4.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { asAlice, makeZone, testSandbox, writeHandler, writePlugin } from '../testing.ts';
import { child } from './xml.ts';
import type { Answer, Sandbox } from '../index.ts';

const run = promisify(execFile);
const ALICE = { user: 'alice', password: 'a:p&w=d' };
const FUNCS = ['domain.edit', 'domain.delete', 'domain.sublist.edit', 'domain.sublist.delete'];

/**
 * A handler like that of the original plugin. It calls the central by GET, prints CGI headers for each call,
 * and prints its document at the end.
 */
const MIRROR = `#!/usr/bin/env python3
from __future__ import print_function
import os
import sys
try:
    from urllib import urlencode
    from urllib2 import urlopen
    from urlparse import parse_qsl
except ImportError:
    from urllib.parse import parse_qsl, urlencode
    from urllib.request import urlopen

sys.path.append(os.path.join(os.getcwd(), 'lib', 'python'))
import mgr

def ask(url, values):
    print('Content-type: text/html\\n\\n')
    return urlopen(url + '?' + urlencode(values)).read().decode('utf-8')

text = os.environ.get('QUERY_STRING', '')
if os.environ.get('REQUEST_METHOD') == 'POST':
    text += '&' + sys.stdin.read(int(os.environ.get('CONTENT_LENGTH') or 0))
params = dict(parse_qsl(text, keep_blank_values=True))
if params.get('out') == 'text':
    print('Text')
    sys.exit(0)
url, authinfo = open(os.path.join('etc', 'mirror.conf')).read().split()
said = '<doc/>'
func = params['func']
if 'elid' in params and (params.get('sok') or func.endswith('.delete')):
    send = dict(authinfo=authinfo, out='xml')
    send.update(params)
    said = ask(url, send)
    if func == 'domain.edit' and params['elid'] == '' and '<error' not in said:
        zone = params['name']
        ask(url, dict(authinfo=authinfo, out='xml', func='domain.sublist', elid=zone))
        for name in ('ftp', 'pop', 'smtp'):
            ask(url, dict(authinfo=authinfo, out='xml', func='domain.sublist.edit', plid=zone, elid='', name=name,
                          sdtype='A', addr=params.get('ip') or '192.0.2.10', sok='yes'))
print(said)
`;

interface Pair {
  readonly panel: Sandbox;
  readonly central: Sandbox;
}

async function mirrored(t: TestContext): Promise<Pair> {
  const quiet = { defaultHosts: ['@'], defaultMxRecords: false, defaultSpf: false };
  const central = await testSandbox(t, {
    users: [{ name: 'alice', password: 'pw', level: 5 }],
    switches: quiet,
  });
  const panel = await testSandbox(t, { switches: quiet });
  const events = FUNCS.map((func) => `<event after="yes">${func}</event>`);
  const handlers = events.map((event, at) => `<handler name="mirror_${at}" type="cgi">${event}</handler>`);
  writePlugin(panel.root, handlers.join(''));
  for (const at of FUNCS.keys()) {
    writeFileSync(join(panel.root, 'addon', `mirror_${at}`), MIRROR);
    chmodSync(join(panel.root, 'addon', `mirror_${at}`), 0o775);
  }
  writeFileSync(join(panel.root, 'etc/mirror.conf'), `${central.address}\nalice:pw\n`);
  panel.restartPanel();
  return { panel, central };
}

test('issue 12.16: a plugin with the habits of the first mirror runs unchanged, headers and all', async (t) => {
  const { panel, central } = await mirrored(t);
  const made = await asAlice(panel, 'domain.edit', {
    elid: '',
    name: 'example.org',
    ip: '192.0.2.1',
    sok: 'yes',
  });
  assert.ok(made.ok, made.body);
  const rows = central.records('example.org')?.map(({ name, type }) => `${name} ${type}`) ?? [];
  for (const label of ['ftp', 'pop', 'smtp']) assert.ok(rows.includes(`${label}.example.org. A`), label);
  assert.ok(central.requests.every(({ method }) => method === 'GET'));
  const record = { plid: 'example.org', name: 'www', sdtype: 'A', addr: '192.0.2.2', prio: '', sok: 'yes' };
  assert.ok((await asAlice(panel, 'domain.sublist.edit', { ...record, elid: '' })).ok);
  const moved = { ...record, elid: 'www A  192.0.2.2', addr: '192.0.2.3' };
  assert.ok((await asAlice(panel, 'domain.sublist.edit', moved)).ok);
  assert.ok(central.keys('example.org')?.includes('www A  192.0.2.3'));
  // The user must see the central's own error text.
  central.switches.failLocal = { 'domain.sublist.delete': { code: 9, text: 'not today', count: 1 } };
  const gone = { plid: 'example.org', elid: 'www A  192.0.2.3' };
  const refused = await asAlice(panel, 'domain.sublist.delete', gone);
  assert.deepEqual([refused.error?.code, refused.error?.text], ['9', 'not today']);
  assert.ok((await asAlice(panel, 'domain.delete', { elid: 'example.org' })).ok);
  assert.deepEqual([panel.zones(), central.zones()], [[], []]);
});

test('issue 12.16: a handler that answers words to out=text is borne; elsewhere no document is an error', async (t) => {
  const { panel, central } = await mirrored(t);
  const mgrctl = join(panel.root, 'sbin/mgrctl');
  const edit = ['domain.edit', 'elid=', 'name=text.example', 'sok=ok'];
  assert.equal((await run(mgrctl, edit)).stdout, 'OK\n');
  assert.deepEqual([panel.zones(), central.zones()], [['text.example'], []]);
  writeHandler(panel.root, 'mirror_2', "printf 'Content-type: text/html\\n\\nText\\n'");
  const record = { plid: 'text.example', elid: '', name: 'www', sdtype: 'A', addr: '192.0.2.2', sok: 'yes' };
  const broken = await panel.call('domain.sublist.edit', record, { user: 'root', password: 'rp' });
  assert.match(broken.error?.text ?? '', /invalid XML/u);
});

test("issue 12.16: the panel's library for Python is there and calls the panel", async (t) => {
  const panel = await testSandbox(t);
  await makeZone(panel);
  const code = "import mgr; print(mgr.query('domain.sublist', [['elid', 'example.org'], ['x', \"a b'c\"]]))";
  const { stdout } = await run('python3', ['-c', code], {
    env: { PYTHONPATH: join(panel.root, 'lib/python'), PATH: process.env['PATH'] },
  });
  assert.match(stdout, /<plid>example\.org<\/plid>/u);
  assert.equal(panel.requests.at(-1)?.params['x'], "a b'c");
});

test('issue 12.17: a refused login is authfail, refused credentials in a call are code 100', async (t) => {
  const panel = await testSandbox(t);
  const wrong = { user: 'alice', password: 'no' };
  const login = await panel.call('auth', { username: 'alice', password: 'no' });
  assert.ok(login.doc !== null && child(login.doc, 'authfail') !== undefined, login.body);
  const refused = await panel.call('domain', {}, wrong);
  assert.deepEqual([refused.error?.code, refused.error?.text], ['100', 'access deny']);
  assert.equal((await panel.call('domain', {}, { auth: '1' })).error?.code, '100');
  assert.match(
    (await panel.call('domain', {}, { ...wrong, out: 'text' })).body,
    /<error code="100">access deny</u,
  );
});

test('issue 12.17: out=text over HTTP is exactly "OK ", a refusal is the XML error', async (t) => {
  const panel = await testSandbox(t);
  await makeZone(panel);
  const text = { ...ALICE, out: 'text' };
  const record = { plid: 'example.org', elid: '', name: 'w', sdtype: 'A', addr: '192.0.2.2', sok: 'ok' };
  assert.equal((await panel.call('domain.sublist.edit', record, text)).body, 'OK ');
  const twice = await panel.call('domain.sublist.edit', record, text);
  assert.match(twice.body, /<error code="2" obj="record">/u);
});

test('issue 12.19: an MX without a priority is taken, in both generations', async (t) => {
  const older = await testSandbox(t);
  await makeZone(older);
  const four = { plid: 'example.org', elid: '', name: '@', sdtype: 'MX', addr: 'mail', sok: 'ok' };
  assert.ok((await asAlice(older, 'domain.sublist.edit', four)).ok);
  const later = await testSandbox(t, { generation: 'v6' });
  await makeZone(later);
  const six = { plid: 'example.org', elid: '', name: '@', rtype: 'mx', domain: 'mail', sok: 'ok' };
  assert.ok((await asAlice(later, 'domain.record.edit', six)).ok);
  for (const panel of [older, later])
    assert.equal(panel.records('example.org')?.find(({ type }) => type === 'MX')?.prio, '0');
});

test('issue 12.19: an unknown record key is refused, or deleted without a word', async (t) => {
  for (const generation of ['v4', 'v5'] as const) {
    const panel = await testSandbox(t, { generation });
    await makeZone(panel);
    const func = generation === 'v4' ? 'domain.sublist.delete' : 'domain.record.delete';
    const gone = { plid: 'example.org', elid: 'gone.example.org. A  192.0.2.9', sok: 'ok' };
    assert.match((await asAlice(panel, func, gone)).error?.code ?? '', /^(?:3|missed)$/u);
    panel.switches.unknownRecord = 'ok';
    const before = panel.records('example.org');
    assert.ok((await asAlice(panel, func, gone)).ok);
    assert.deepEqual(panel.records('example.org'), before);
  }
});

for (const generation of ['v4', 'v6'] as const) {
  test(`issue 12.19: handlers read their input from a pipe, ${generation}`, async (t) => {
    const panel = await testSandbox(t, { generation });
    const seen = join(panel.root, 'seen');
    mkdirSync(seen);
    // The script opens its standard input once more by name, as many programs do. With a socket this would
    // fail.
    const script = `{ stat -L -c %F /dev/stdin; cat /dev/stdin; } >'${seen}'/$$\nprintf '<doc/>'`;
    writeHandler(panel.root, 'pipe', script);
    const folder = generation === 'v4' ? 'etc' : 'etc/xml';
    const event =
      generation === 'v4'
        ? '<event before="yes">domain.edit</event>'
        : '<event name="domain.edit" before="yes" postdata="yes"/>';
    const description = `<mgrdata><handler name="pipe" type="cgi">${event}</handler></mgrdata>`;
    writeFileSync(join(panel.root, folder, 'ispmgr_mod_pipe.xml'), description);
    panel.restartPanel();
    const long = 'x'.repeat(100_000);
    const create = (name: string): Promise<Answer> =>
      asAlice(panel, 'domain.edit', { elid: '', name: `${name}.example`, sok: 'ok', long });
    for (const answer of await Promise.all([create('a'), create('b')])) assert.ok(answer.ok, answer.body);
    const texts = readdirSync(seen).map((file) => readFileSync(join(seen, file), 'utf8'));
    assert.deepEqual(
      texts.map((text) => [text.startsWith('fifo\n'), text.includes(long)]),
      [
        [true, true],
        [true, true],
      ],
    );
    // The panel must not wait for a handler that reads nothing.
    writeHandler(panel.root, 'pipe', "printf '<doc/>'");
    assert.ok((await create('c')).ok);
  });
}
