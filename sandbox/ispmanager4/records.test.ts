import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { asAlice, makeZone, testSandbox } from '../testing.ts';
import type { Answer, Sandbox } from '../index.ts';

function save(sandbox: Sandbox, fields: Record<string, string>): Promise<Answer> {
  return asAlice(sandbox, 'domain.sublist.edit', { plid: 'example.org', elid: '', sok: 'yes', ...fields });
}

test('keys: two spaces without a priority, SRV with its three numbers, text without quotes', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  const records = [
    { name: 'www', sdtype: 'A', addr: '203.0.113.7', prio: '', wght: '', port: '' },
    { name: 'six', sdtype: 'AAAA', addr: '2001:db8::1' },
    { name: 'example.org.', sdtype: 'MX', addr: 'mail.example.org.', prio: '10' },
    { name: '_sip._tcp', sdtype: 'SRV', addr: 'sip', prio: '10', wght: '5', port: '5060' },
    { name: '@', sdtype: 'TXT', addr: 'v=spf1 a, mx "x" \\ ~all' },
    { name: '*.Deep', sdtype: 'CNAME', addr: 'www' },
    { name: 'www.example.org', sdtype: 'PTR', addr: 'host.example.net.' },
  ];
  for (const record of records) assert.ok((await save(sandbox, record)).ok, JSON.stringify(record));
  const relative = [
    'www A  203.0.113.7',
    'six AAAA  2001:db8::1',
    'example.org. MX 10 mail.example.org.',
    '_sip._tcp SRV 10 5 5060 sip',
    'example.org. TXT  v=spf1 a, mx "x" \\ ~all',
    '*.deep CNAME  www',
    'www.example.org PTR  host.example.net.',
  ];
  assert.deepEqual(sandbox.keys('example.org')?.slice(2), relative);
  Object.assign(sandbox.switches, { absoluteNames: true, hosts: 'absolute' });
  const listed = (await asAlice(sandbox, 'domain.sublist', { elid: 'example.org' })).elems.slice(2);
  assert.deepEqual(
    listed.map((row) => row['key']),
    [
      'www.example.org. A  203.0.113.7',
      'six.example.org. AAAA  2001:db8::1',
      'example.org. MX 10 mail.example.org.',
      '_sip._tcp.example.org. SRV 10 5 5060 sip.example.org.',
      'example.org. TXT  v=spf1 a, mx "x" \\ ~all',
      '*.deep.example.org. CNAME  www.example.org.',
      'www.example.org.example.org. PTR  host.example.net.',
    ],
  );
  assert.deepEqual(
    { ...listed[3] },
    {
      key: '_sip._tcp.example.org. SRV 10 5 5060 sip.example.org.',
      name: '_sip._tcp.example.org.',
      type: 'SRV',
      prio: '10',
      wght: '5',
      port: '5060',
      addr: 'sip.example.org.',
    },
  );
});

test('bad values are code 4 naming the field', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  const a = { name: 'x', sdtype: 'A', addr: '192.0.2.9' };
  const bad: [Record<string, string>, string][] = [
    [{ ...a, addr: '192.0.2.256' }, 'addr'],
    [{ ...a, addr: '' }, 'addr'],
    [{ ...a, sdtype: 'AAAA' }, 'addr'],
    [{ ...a, sdtype: 'AAAA', addr: 'fe80::1%eth0' }, 'addr'],
    [{ ...a, sdtype: 'CNAME', addr: 'a b' }, 'addr'],
    [{ ...a, sdtype: 'TXT', addr: 'line\nbreak' }, 'addr'],
    [{ ...a, sdtype: 'TXT', addr: 'x'.repeat(5000) }, 'addr'],
    [{ ...a, sdtype: 'CAA' }, 'sdtype'],
    [{ ...a, name: 'www.example.com.' }, 'name'],
    [{ ...a, name: 'x'.repeat(64) }, 'name'],
    [{ ...a, name: 'a..b' }, 'name'],
    [{ ...a, prio: '10' }, 'prio'],
    [{ ...a, sdtype: 'SRV', addr: 'mail', prio: '', wght: '1', port: '1' }, 'prio'],
    [{ ...a, sdtype: 'MX', addr: 'mail', prio: '70000' }, 'prio'],
    [{ ...a, sdtype: 'SRV', addr: 'mail', prio: '1', wght: '1' }, 'port'],
  ];
  for (const [fields, field] of bad) {
    const { error } = await save(sandbox, fields);
    assert.deepEqual([error?.code, error?.val], ['4', field], JSON.stringify(fields).slice(0, 80));
  }
  assert.equal(sandbox.keys('example.org')?.length, 2);
});

test('duplicates are code 2, a CNAME beside other data is refused, a missing key is code 3', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  const www = { name: 'www', sdtype: 'A', addr: '192.0.2.9' };
  assert.ok((await save(sandbox, www)).ok);
  assert.equal((await save(sandbox, { ...www, name: 'WWW.example.org.' })).error?.code, '2');
  assert.ok((await save(sandbox, { ...www, addr: '192.0.2.8' })).ok);
  assert.equal((await save(sandbox, { ...www, sdtype: 'CNAME', addr: 'mail' })).error?.code, '4');
  assert.ok((await save(sandbox, { name: 'alias', sdtype: 'CNAME', addr: 'www' })).ok);
  assert.equal((await save(sandbox, { name: 'alias', sdtype: 'TXT', addr: 'x' })).error?.code, '4');
  assert.equal((await save(sandbox, { name: '@', sdtype: 'CNAME', addr: 'www' })).error?.code, '4');
  const apex = 'example.org. NS  ns1.example.net., example.org. A  192.0.2.1';
  assert.ok((await asAlice(sandbox, 'domain.sublist.delete', { plid: 'example.org', elid: apex })).ok);
  assert.equal((await save(sandbox, { name: '@', sdtype: 'CNAME', addr: 'www' })).error?.val, 'name');
  assert.equal((await save(sandbox, { ...www, elid: 'www A 192.0.2.9' })).error?.code, '3');
  const gone = await asAlice(sandbox, 'domain.sublist.delete', {
    plid: 'example.org',
    elid: 'no A  192.0.2.1',
  });
  assert.deepEqual([gone.error?.code, gone.error?.obj], ['3', 'record']);
  assert.equal((await save(sandbox, { ...www, plid: 'none.example' })).error?.code, '3');
});

test('an edit gives the record a new key in its old place; the form shows the old values', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  const key = 'example.org. A  192.0.2.1';
  await save(sandbox, { name: 'last', sdtype: 'A', addr: '192.0.2.2' });
  const form = await asAlice(sandbox, 'domain.sublist.edit', { plid: 'example.org', elid: key });
  const shown = Object.fromEntries(form.doc!.children.map((one) => [one.name, one.text]));
  assert.deepEqual(
    [shown['elid'], shown['name'], shown['sdtype'], shown['addr']],
    [key, 'example.org.', 'A', '192.0.2.1'],
  );
  assert.ok((await save(sandbox, { elid: key, name: 'example.org.', sdtype: 'A', addr: '192.0.2.99' })).ok);
  assert.deepEqual(sandbox.keys('example.org')?.slice(1), [
    'example.org. A  192.0.2.99',
    'last A  192.0.2.2',
  ]);
});

test('several keys in one elid; a text with a comma is found alone but not inside a list; a failing element', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  const add = async (): Promise<void> => {
    for (const name of ['a', 'b', 'c']) await save(sandbox, { name, sdtype: 'A', addr: '192.0.2.5' });
  };
  const remove = (elid: string): Promise<Answer> =>
    asAlice(sandbox, 'domain.sublist.delete', { plid: 'example.org', elid });
  await add();
  assert.ok((await remove('a A  192.0.2.5, c A  192.0.2.5')).ok);
  assert.deepEqual(sandbox.keys('example.org')?.slice(2), ['b A  192.0.2.5']);
  await save(sandbox, { name: 't', sdtype: 'TXT', addr: 'one, two' });
  assert.equal((await remove('b A  192.0.2.5, t TXT  one, two')).error?.code, '3');
  assert.deepEqual(sandbox.keys('example.org')?.slice(2), ['t TXT  one, two']);
  assert.ok((await remove('t TXT  one, two')).ok);
  await add();
  Object.assign(sandbox.switches, { failElement: 'b A  192.0.2.5', groupFailure: 'continue' });
  assert.equal((await remove('a A  192.0.2.5, b A  192.0.2.5, c A  192.0.2.5')).error?.code, '1');
  assert.deepEqual(sandbox.keys('example.org')?.slice(2), ['b A  192.0.2.5']);
});

test('whatever record is saved, the key its list shows finds it again, and deleting by it leaves the rest', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  const label = fc.stringMatching(/^[a-z0-9_]{1,12}$/u);
  const name = fc.oneof(
    label,
    fc.constant('@'),
    fc.constant('example.org.'),
    label.map((one) => `${one}.example.org.`),
  );
  const number = fc.nat(65_535).map(String);
  const host = fc.oneof(
    label,
    label.map((one) => `${one}.example.net.`),
  );
  const text = fc.stringMatching(/^[!-~]([ -~]{0,60}[!-~])?$/u);
  const record = fc.oneof(
    fc.record({ name, sdtype: fc.constant('TXT'), addr: text }),
    fc.record({ name, sdtype: fc.constant('A'), addr: fc.ipV4() }),
    fc.record({ name, sdtype: fc.constant('MX'), addr: host, prio: number }),
    fc.record({ name, sdtype: fc.constant('SRV'), addr: host, prio: number, wght: number, port: number }),
  );
  const absolute = fc.boolean();
  const before = sandbox.records('example.org');
  await fc.assert(
    fc.asyncProperty(record, absolute, async (fields, absoluteNames) => {
      Object.assign(sandbox.switches, { absoluteNames, hosts: absoluteNames ? 'absolute' : 'verbatim' });
      const saved = await save(sandbox, fields);
      if (saved.error?.code === '2') return;
      assert.ok(saved.ok, saved.body);
      const key =
        (await asAlice(sandbox, 'domain.sublist', { elid: 'example.org' })).elems.at(-1)?.['key'] ?? '';
      const form = await asAlice(sandbox, 'domain.sublist.edit', { plid: 'example.org', elid: key });
      assert.equal(form.error, null);
      assert.ok(
        (await asAlice(sandbox, 'domain.sublist.delete', { plid: 'example.org', elid: key })).ok,
        key,
      );
      assert.deepEqual(sandbox.records('example.org'), before);
    }),
    { numRuns: 40 },
  );
});
