/** Tests the formats of version 5/6 (docs/protocol.md#formats, #text-output, #errors-5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asAlice, testSandbox } from '../testing.ts';
import { child, parseXml } from '../shared/xml.ts';
import type { Sandbox } from '../index.ts';

const ALICE = { user: 'alice', password: 'a:p&w=d' };

async function body(sandbox: Sandbox, out: string | null, func: string, elid = ''): Promise<string> {
  return (await sandbox.call(func, elid === '' ? {} : { elid }, { ...ALICE, out })).body;
}

test('text: name and displayname, rkey and rkey_name first, a blank line between rows, fields line by line', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v5', switches: { defaultHosts: ['@'] } });
  for (const name of ['a.example', 'b.example']) await asAlice(sandbox, 'domain.edit', { name, sok: 'ok' });
  assert.equal(
    await body(sandbox, 'text', 'domain'),
    'name=a.example displayname=a.example user=alice\n\nname=b.example displayname=b.example user=alice\n',
  );
  const records = await body(sandbox, 'text', 'domain.record', 'a.example');
  for (const line of records.trim().split('\n\n'))
    assert.match(line, /^rkey=(.*) rkey_name=\1 name=\S+ ttl=3600 rtype=[A-Z]+ value=/);
  assert.equal(
    await body(sandbox, 'text', 'domain.edit', 'a.example'),
    'elid=a.example\nname=a.example\nip=192.0.2.10\n',
  );
  assert.match(await body(sandbox, 'text', 'domain.record', 'x.example'), /^ERROR /);
});

test('XML: attributes, echo of the parameters, noise; the error says who called what', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'dnsmgr' });
  const doc = parseXml(await body(sandbox, 'xml', 'domain'));
  for (const name of ['lang', 'func', 'binary', 'host', 'theme', 'logo', 'features'])
    assert.ok(name in doc.attributes, name);
  for (const name of ['tparams', 'saved_filters', 'tips']) assert.ok(child(doc, name), name);
  assert.doesNotMatch(JSON.stringify(child(doc, 'tparams')), /authinfo/);
  const error = await body(sandbox, 'xml', 'domain.edit', 'x.example');
  assert.match(
    error,
    /<error type="missed" object="domain" lang="en"><param name="object" type="msg" msg="domain">/,
  );
  assert.match(
    error,
    /<stack><action level="16" user="alice">domain\.edit<\/action><\/stack><group>__object__/,
  );
  assert.match(error, /<detail>(.*)<\/detail><msg>\1<\/msg>/);
  const refused = await sandbox.call('domain', {}, { user: 'alice', password: 'x' });
  assert.match(
    refused.body,
    /type="auth" object="badpassword" lang="en" code="1".*<action level="0" user="">/,
  );
  sandbox.switches.noise = false;
  assert.equal(child(parseXml(await body(sandbox, 'xml', 'domain')), 'tparams'), undefined);
});

test('JSON: an error is mirrored, JSONdata says it plainly, devel is XML, no out is junk', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v5' });
  assert.partialDeepStrictEqual(JSON.parse(await body(sandbox, 'sjson', 'domain.edit', 'x.example')), {
    doc: { error: { $type: 'missed', param: [{ $name: 'object', $: 'domain' }, {}], msg: {} } },
  });
  assert.partialDeepStrictEqual(JSON.parse(await body(sandbox, 'JSONdata', 'domain.edit', 'x.example')), {
    error: { code: 'missed', obj: 'domain' },
  });
  const saved = await sandbox.call(
    'domain.edit',
    { name: 'a.example', sok: 'ok' },
    { ...ALICE, out: 'JSONdata' },
  );
  assert.equal(saved.body, '{"ok":""}');
  assert.match(await body(sandbox, 'devel', 'domain'), /<metadata\/><messages\/>/);
  assert.match(await body(sandbox, null, 'domain'), /^\{"content":\[\{"name":\{"v":"a\.example"\}/);
});
