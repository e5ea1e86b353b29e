import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { parseName, type DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { formatRecord, makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { HookCall, KnownRecord, PanelEvent, Resolution, Verdict } from '../../core/panel.ts';
import { likelyKeys, recordFromRow, rowForm } from '../../net/ispmanager/rows.ts';
import { child, childrenNamed } from '../../net/xml.ts';
import { parseXml } from '../../testing/parse-xml.ts';
import { decode as decodeCall, encode as encodeVerdict } from './hook.ts';
import { matchKeys } from './keys.ts';
import { ispmanager4 } from './ispmanager4.ts';

const decode = (call: HookCall): PanelEvent => decodeCall(call, ispmanager4);
const encode = (verdict: Verdict, said: string): string => encodeVerdict(verdict, said, ispmanager4).output;
const { language } = ispmanager4.calls;
const zone = parseName('example.org.');
const place = { zone, known: new Set<DnsName>(), records: ispmanager4.records };

function record(name: string, type: string, rdata: string): ResourceRecord {
  return makeRecord({ name, type, rdata }, zone);
}

const www = record('www', 'A', '192.0.2.1');
const mail = record('@', 'MX', '10 mail');
const sip = record('_sip._tcp', 'SRV', '10 5 5060 sip');
const text = record('t', 'TXT', '"a, b \\"c\\" \\\\ d"');
const known: readonly KnownRecord[] = [
  { record: www, key: 'www A  192.0.2.1' },
  { record: mail, key: 'example.org. MX 10 mail.example.org.' },
  { record: sip, key: null },
  { record: text, key: 't TXT  a, b "c" \\ d' },
];

function get(query: Record<string, string> | string, environment: Record<string, string> = {}): HookCall {
  const QUERY_STRING = typeof query === 'string' ? query : new URLSearchParams(query).toString();
  return {
    environment: { HANDLER_STAGE: 'before', REQUEST_METHOD: 'GET', QUERY_STRING, ...environment },
    body: new Uint8Array(),
  };
}

function post(body: string, type = 'application/x-www-form-urlencoded'): HookCall {
  const octets = Buffer.from(body);
  const environment = { HANDLER_STAGE: 'before', REQUEST_METHOD: 'POST', CONTENT_TYPE: type };
  return { environment: { ...environment, CONTENT_LENGTH: String(octets.length) }, body: octets };
}

function resolved(event: PanelEvent, among = known): Resolution {
  assert.ok(event.kind === 'edits', JSON.stringify(event));
  const edit = event.edits[0];
  assert.ok(edit?.kind === 'records');
  return edit.resolve(among);
}

/** The items of an event as text, or the codes of its problems. */
function items(event: PanelEvent, among = known): string[] {
  const resolution = event.kind === 'invalid' ? event : resolved(event, among);
  if (resolution.kind !== 'items') return resolution.problems.map(({ code }) => code);
  const show = (one: ResourceRecord | null): string => (one === null ? '' : formatRecord(one));
  return resolution.items.map(({ remove, add }) => `${show(remove)} -> ${show(add)}`);
}

const form = { func: 'domain.sublist.edit', plid: 'example.org', elid: '', sok: 'ok' };

test('a new record, by GET, POST and multipart, relative and absolute', () => {
  const fields = { ...form, name: 'ftp', sdtype: 'A', addr: '192.0.2.7', prio: '', wght: '', port: '' };
  const expected = [' -> ftp.example.org A 192.0.2.7'];
  assert.deepEqual(items(decode(get(fields))), expected);
  assert.deepEqual(items(decode(post(new URLSearchParams(fields).toString()))), expected);
  assert.deepEqual(items(decode(get({ ...fields, name: 'FTP.example.org.' }))), expected);
  const parts = Object.entries(fields).map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  assert.deepEqual(
    items(decode(post(`${parts.join('')}--b--\r\n`, 'multipart/form-data; boundary=b'))),
    expected,
  );
  const { elid: _, ...absent } = fields;
  assert.deepEqual(items(decode(get(absent))), expected);
  for (const name of ['', '@', 'example.org.']) {
    assert.deepEqual(items(decode(get({ ...fields, name }))), [' -> example.org A 192.0.2.7'], name);
  }
});

test('names in Unicode and punycode', () => {
  const fields = { ...form, plid: 'BÜCHER.example.', name: 'ä', sdtype: 'CNAME', addr: 'ö.example.' };
  assert.deepEqual(items(decode(get(fields))), [' -> ä.bücher.example CNAME xn--nda.example.']);
});

test('openings, other functions, final and the settings form are none of our business', () => {
  const calls = [
    get({ ...form, sok: '' }),
    get({ func: 'domain.edit' }),
    get({ func: 'usrparam', sok: 'ok' }),
    get({ func: 'soa.edit', elid: 'example.org', sok: 'ok' }),
    get(form, { HANDLER_STAGE: 'final' }),
    get({ func: 'wwwdomain.edit', domain: 'example.org', sok: 'ok' }),
    get({ func: 'domain.delete.confirm', elid: 'example.org' }),
    get(''),
  ];
  for (const call of calls)
    assert.deepEqual(decode(call), { kind: 'ignore' }, call.environment['QUERY_STRING']);
});

test('a changed record: verbatim key, key by meaning, absent fields keep the old value', () => {
  const change = { ...form, elid: 'www A  192.0.2.1', name: 'www', sdtype: 'A', addr: '192.0.2.2' };
  const expected = ['www.example.org A 192.0.2.1 -> www.example.org A 192.0.2.2'];
  assert.deepEqual(items(decode(get(change))), expected);
  assert.deepEqual(items(decode(get({ ...change, elid: 'WWW.example.org. A  192.0.2.1' }))), expected);
  assert.deepEqual(items(decode(get({ ...form, elid: 'www A  192.0.2.1', addr: '192.0.2.2' }))), expected);
  assert.deepEqual(
    items(decode(get({ ...form, elid: 'example.org. MX 10 mail.example.org.', prio: '20' }))),
    ['example.org MX 10 mail.example.org. -> example.org MX 20 mail.example.org.'],
  );
  assert.deepEqual(items(decode(get({ ...form, elid: '_sip._tcp SRV 10 5 5060 sip', port: '5061' }))), [
    '_sip._tcp.example.org SRV 10 5 5060 sip.example.org. -> _sip._tcp.example.org SRV 10 5 5061 sip.example.org.',
  ]);
  assert.deepEqual(items(decode(get({ ...change, sdtype: 'CNAME', addr: 'x.example.' }))), [
    'www.example.org A 192.0.2.1 -> www.example.org CNAME x.example.',
  ]);
  assert.deepEqual(items(decode(get({ ...change, elid: 'nope A  192.0.2.9' }))), ['record.unknown-key']);
});

test('lists of keys, with commas in values', () => {
  const del = { func: 'domain.sublist.delete', plid: 'example.org' };
  const list = 'www A  192.0.2.1, t TXT  a, b "c" \\ d, example.org. MX 10 mail.example.org.';
  assert.equal(items(decode(get({ ...del, elid: list }))).length, 3);
  assert.deepEqual(items(decode(get({ ...del, elid: 't TXT  a, b "c" \\ d' }))).length, 1);
  assert.deepEqual(items(decode(get({ ...del, elid: 'www A  192.0.2.1, nope A  192.0.2.9' }))), [
    'record.unknown-key',
  ]);
});

test('issue 12.3: a record that another row means as well stays, until the last of its rows goes', () => {
  const one = record('six', 'AAAA', '2001:db8::1');
  const [short, long] = ['six AAAA  2001:db8::1', 'six AAAA  2001:db8:0:0::1'];
  const twice: readonly KnownRecord[] = [{ record: one, key: short, otherKeys: [long] }];
  const del = { func: 'domain.sublist.delete', plid: 'example.org' };
  const shown = formatRecord(one);
  for (const elid of [short, long, 'six.example.org. AAAA  2001:db8::1'])
    assert.deepEqual(items(decode(get({ ...del, elid })), twice), [`${shown} -> ${shown}`]);
  assert.deepEqual(items(decode(get({ ...del, elid: `${short}, ${long}` })), twice), [`${shown} -> `]);
  const change = { ...form, elid: long, name: 'six', sdtype: 'AAAA', addr: '2001:db8::2' };
  assert.deepEqual(items(decode(get(change)), twice), [
    `${shown} -> ${shown}`,
    ' -> six.example.org AAAA 2001:db8::2',
  ]);
  // An unfinished edit may add another row with this record, so the record stays.
  const coming: readonly KnownRecord[] = [{ record: one, key: short, rows: 2 }];
  assert.deepEqual(items(decode(get({ ...del, elid: long })), coming), [`${shown} -> ${shown}`]);
});

test('issue 12.2: a text with a line break, a tab or a CR is refused before it is written', () => {
  for (const octet of ['%0A', '%0D', '%09', '%7F', '%C2%85']) {
    // The text also tries to smuggle in a second `func` parameter behind the line break.
    const addr = `x${octet}func%3Ddomain.delete%26elid%3Dexample.org`;
    const query = `func=domain.sublist.edit&plid=example.org&elid=&name=t&sdtype=TXT&addr=${addr}&sok=ok`;
    assert.deepEqual(items(decode(get(query))), ['record.control-character'], octet);
  }
  const outside = 'name=t&sdtype=A&addr=192.0.2.9%0D%0A';
  assert.deepEqual(items(decode(get(`func=domain.sublist.edit&plid=example.org&elid=&${outside}&sok=ok`))), [
    ' -> t.example.org A 192.0.2.9',
  ]);
});

test('issue 12.15: a form without its host or address says which field it lacks', () => {
  for (const sdtype of ['A', 'AAAA', 'CNAME', 'DNAME', 'NS', 'MX', 'SRV', 'PTR']) {
    const params = { type: sdtype, field: 'addr' };
    const problems = [{ code: 'rdata.missing-field', params }];
    const empty = { name: 'x', sdtype, addr: ' ' };
    assert.throws(
      () => ispmanager4.records.fromForm(empty, zone),
      (error) => error instanceof DnsDataError && isDeepStrictEqual(error.problems, problems),
    );
  }
});

test('several mistakes are said at once', () => {
  const bad = { ...form, name: 'a..b', sdtype: 'MX', addr: `${'x'.repeat(64)}.`, prio: 'first' };
  assert.deepEqual(items(decode(get(bad))), ['name.empty-label', 'rdata.bad-number', 'name.label-too-long']);
  assert.deepEqual(
    items(decode(get({ ...form, name: 'www.example.net.', sdtype: 'A', addr: '192.0.2.1' }))),
    ['name.out-of-zone'],
  );
});

test('domains: create with its requests, delete of several, hints', () => {
  const create = decode(
    get({
      func: 'domain.edit',
      elid: '',
      name: 'New.Example',
      ip: '192.0.2.1',
      ns: 'ns1.x. ns2.x.',
      mx: 'mail',
      webdomain: 'on',
      sok: 'ok',
    }),
  );
  assert.ok(create.kind === 'edits' && create.edits[0]?.kind === 'zone-create');
  assert.equal(create.edits[0].zone, 'new.example.');
  assert.deepEqual(create.edits[0].seed, {
    addresses: ['192.0.2.1'],
    nameServers: ['ns1.x.', 'ns2.x.'],
    mailServers: ['mail'],
  });
  const gone = decode(get({ func: 'domain.delete', elid: 'a.example, b.example' }));
  assert.ok(gone.kind === 'edits');
  assert.deepEqual(
    gone.edits.map(({ kind, zone: name }) => `${kind} ${name}`),
    ['zone-delete a.example.', 'zone-delete b.example.'],
  );
  const after = { HANDLER_STAGE: 'after' };
  assert.partialDeepStrictEqual(
    decode(get({ func: 'wwwdomain.edit', domain: 'a.example', sok: 'ok' }, after)),
    {
      kind: 'hint',
      zones: ['a.example.'],
      source: 'wwwdomain.edit',
    },
  );
  assert.partialDeepStrictEqual(decode(get({ func: 'domain.edit', elid: 'example.org', sok: 'ok' })), {
    kind: 'owners',
    zones: ['example.org.'],
  });
  assert.partialDeepStrictEqual(decode(get({ func: 'user.delete', elid: 'alice' })), {
    kind: 'owners',
    accounts: ['alice'],
  });
  assert.partialDeepStrictEqual(decode(get({ func: 'user.delete', elid: 'alice' }, after)), {
    kind: 'hint',
    zones: 'all',
    source: 'user.delete',
  });
});

test('issue 11.1: who calls; a level that is absent or unreadable is nobody’s', () => {
  const rank = (level: string): string =>
    ispmanager4.calls.actor(get('', { REMOTE_USER: 'a', SESSION_LEVEL: level })).rank;
  assert.deepEqual(['5', '6', '7'].map(rank), ['user', 'reseller', 'administrator']);
  for (const odd of ['', '4', '8', '07', ' 7', '7.0', '0x7', '77', 'admin'])
    assert.equal(rank(odd), 'nobody', odd);
  assert.deepEqual(ispmanager4.calls.actor(get('')), { name: '', rank: 'nobody' });
});

test('before and after of one call are alike, other calls are not; noise does not count', () => {
  const print = (call: HookCall): string => {
    const event = decode(call);
    assert.ok(event.kind === 'edits');
    return event.edits[0]?.fingerprint ?? '';
  };
  const fields = { ...form, name: 'x', sdtype: 'A', addr: '192.0.2.1' };
  const session = { AUTHID: '1', REMOTE_USER: 'alice' };
  const before = print(get(fields, session));
  assert.equal(
    print(get({ ...fields, clicked_button: 'ok', out: 'text' }, { ...session, HANDLER_STAGE: 'after' })),
    before,
  );
  assert.notEqual(print(get({ ...fields, addr: '192.0.2.2' }, session)), before);
  assert.notEqual(print(get(fields, { ...session, REMOTE_USER: 'bob' })), before);
});

test('answers are one XML document each', () => {
  assert.equal(parseXml(encode({ kind: 'accept' }, '').trim()).children.length, 0);
  const said = 'No <b> & "more" \u0001 нет';
  const refusal = parseXml(encode({ kind: 'refuse', problems: [], changed: 'nothing' }, said).trim());
  assert.equal(child(refusal, 'error')?.text, 'No <b> & "more" \ufffd нет');
  assert.equal(child(refusal, 'error')?.attributes['code'], '9');
  assert.equal(language(get('', { SESSION_LANG: 'ru' })), 'ru');
  assert.equal(language(get('')), 'en');
});

test('the description file registers exactly the functions that are decoded', () => {
  const path = join(import.meta.dirname, '../../../plugin/ispmanager4/ispmgr_mod_domainsync.xml');
  const doc = parseXml(readFileSync(path, 'utf8').trim());
  const events = childrenNamed(doc, 'handler').flatMap((handler) => childrenNamed(handler, 'event'));
  const registered: Record<string, Record<string, string>> = {};
  for (const { text: name, attributes } of events) registered[name] = { ...registered[name], ...attributes };
  assert.deepEqual(Object.keys(registered).toSorted(), Object.keys(ispmanager4.functions).toSorted());
  for (const [name, role] of Object.entries(ispmanager4.functions)) {
    const asked = !role.startsWith('hint') || role === 'hint-user';
    const expected = asked ? { before: 'yes', after: 'yes' } : { after: 'yes' };
    assert.deepEqual({ ...registered[name] }, expected, name);
  }
});

const anyRecord = fc.oneof(
  fc
    .tuple(fc.constantFrom('www', '@', 'a'), fc.integer({ min: 1, max: 4 }))
    .map(([name, last]) => record(name, 'A', `192.0.2.${last}`)),
  fc
    .tuple(
      fc.constantFrom('t', 'www'),
      fc.array(fc.constantFrom('a', ', ', 'www A  192.0.2.1', ' ', '"', '\\'), { maxLength: 6 }),
    )
    .map(([name, parts]) => recordFromRow({ name, type: 'TXT', addr: parts.join('') }, zone)),
);

test('a list of keys means the very records, or is said to be unclear; never others', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyRecord, { selector: recordId, minLength: 1, maxLength: 8 }),
      fc.boolean(),
      (records, shown) => {
        const all = records.map((one): KnownRecord => ({
          record: one,
          key: shown ? (likelyKeys(one, zone).at(-1) ?? null) : null,
        }));
        const chosen = all.filter((_, at) => at % 2 === 0);
        const list = chosen.map((one) => likelyKeys(one.record, zone).at(-1) ?? '').join(', ');
        const match = matchKeys(list, all, place);
        if (match.kind !== 'records') {
          assert.equal(match.kind, 'ambiguous');
          return;
        }
        const ids = (of: readonly KnownRecord[]): string[] => of.map((one) => recordId(one.record)).sort();
        assert.deepEqual(ids(match.records.map((one) => one.known)), ids(chosen));
      },
    ),
  );
});

test('a long list is quick', () => {
  const many = Array.from({ length: 300 }, (_, at): KnownRecord => ({
    record: record(`t${at}`, 'TXT', '"a, b, c"'),
    key: `t${at} TXT  a, b, c`,
  }));
  const list = many.map(({ key }) => key).join(', ');
  const match = matchKeys(list, many, place);
  assert.equal(match.kind, 'records');
});

test('a record through the form and back is the same record', () => {
  for (const one of [
    www,
    mail,
    sip,
    text,
    record('*', 'AAAA', '2001:db8::1'),
    record('d', 'DNAME', 'x.example.'),
  ]) {
    const { sdtype: type, ...rest } = rowForm(one);
    assert.equal(recordId(recordFromRow({ ...rest, type }, zone)), recordId(one));
  }
});
