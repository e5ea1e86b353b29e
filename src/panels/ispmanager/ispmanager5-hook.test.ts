import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { formatRecord, makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { HookCall, KnownRecord, PanelEvent, Resolution } from '../../core/panel.ts';
import { ispmanager5Records } from '../../net/ispmanager/ispmanager5-records.ts';
import { childText, child } from '../../net/xml.ts';
import { parseXml } from '../../testing/parse-xml.ts';
import { ispmanager5, dnsmanager } from './ispmanager5.ts';
import { decode, encode } from './hook.ts';
import { settingsForm } from './settings-form.ts';
import { cpuTime } from '../../testing/cpu-time.ts';

const zone = parseName('example.org.');

function record(name: string, type: string, rdata: string, ttl: number | null = 3600): ResourceRecord {
  return makeRecord({ name, type, rdata, ttl }, zone);
}

const www = record('www', 'A', '192.0.2.1');
const mail = record('@', 'MX', '10 mail');
const sip = record('_sip._tcp', 'SRV', '10 5 5060 sip');
const text = record('t', 'TXT', '"a, b \\"c\\" \\\\ d"');
const issue = record('@', 'CAA', '0 iodef "mailto:a@example.org"');
const known: readonly KnownRecord[] = [www, mail, sip, text, issue].map((one, at) => ({
  record: one,
  key: at % 2 === 0 ? (ispmanager5Records.likelyKeys(one, zone)[0] ?? null) : null,
}));

function call(
  parameters: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
  stage: 'before' | 'after' = 'before',
): HookCall {
  const exported = Object.entries(parameters).map(([name, value]) => [
    `PARAM_${name}`,
    Buffer.from(value, 'utf8').toString('latin1'),
  ]);
  const environment: Record<string, string> = { AUTH_USER: 'alice', AUTH_LEVEL: '16', ...more };
  return { environment: { ...environment, ...Object.fromEntries(exported) }, body: new Uint8Array(), stage };
}

const event = (...args: Parameters<typeof call>): PanelEvent => decode(call(...args), ispmanager5);

function items(found: PanelEvent, among = known): string[] {
  const edit = found.kind === 'edits' && found.edits[0]?.kind === 'records' ? found.edits[0] : null;
  const resolution: Resolution | PanelEvent = edit?.resolve(among) ?? found;
  if (edit?.names !== undefined && edit.names !== null && resolution.kind === 'items') {
    const near = among.filter((one) => edit.names?.includes(one.record.name));
    assert.deepEqual(edit.resolve(near), resolution);
  }
  if (resolution.kind === 'items') {
    const show = (one: ResourceRecord | null): string =>
      one === null ? '' : `${formatRecord(one)}${one.ttl === null ? '' : ` ttl ${one.ttl}`}`;
    return resolution.items.map(({ remove, add }) => `${show(remove)} -> ${show(add)}`);
  }
  return 'problems' in resolution ? resolution.problems.map(({ code }) => code) : [resolution.kind];
}

const form = { func: 'domain.record.edit', plid: 'example.org', sok: 'ok' };

test('a new record of every documented type, by the fields of its form', () => {
  const forms: readonly (readonly [Record<string, string>, string])[] = [
    [{ rtype: 'a', ip: '192.0.2.7' }, 'A 192.0.2.7'],
    [{ rtype: 'AAAA', ip: '2001:DB8::1' }, 'AAAA 2001:db8::1'],
    [{ rtype: 'cname', domain: 'other' }, 'CNAME other.example.org.'],
    [{ rtype: 'ns', domain: 'ns1.example.net.' }, 'NS ns1.example.net.'],
    [{ rtype: 'ptr', domain: 'host.example.net.' }, 'PTR host.example.net.'],
    [{ rtype: 'dname', domain: 'example.net.' }, 'DNAME example.net.'],
    [{ rtype: 'mx', domain: 'mail', priority: '' }, 'MX 0 mail.example.org.'],
    [{ rtype: 'txt', value: 'v=1; "q" ü' }, String.raw`TXT "v=1; \"q\" \195\188"`],
    [
      { rtype: 'srv', srvdomain: 'sip.example.net.', priority: '1', weight: '2', port: '3' },
      'SRV 1 2 3 sip.example.net.',
    ],
    [
      { rtype: 'caa', caa_flags: '0', caa_tag: 'issue', caa_value_domain: 'ca.example' },
      'CAA 0 issue "ca.example"',
    ],
    [
      { rtype: 'caa', caa_flags: '', caa_tag: 'iodef', caa_value_email: 'a@example.org' },
      'CAA 0 iodef "mailto:a@example.org"',
    ],
    [
      {
        rtype: 'ds',
        ds_key_tag: '1',
        ds_algorithm: '8',
        ds_digest_type: '2',
        ds_digest: 'AB cd '.repeat(16),
      },
      `DS 1 8 2 ${'abcd'.repeat(16)}`,
    ],
    [
      {
        rtype: 'tlsa',
        tlsa_cert_usage: '3',
        tlsa_selector: '1',
        tlsa_matching_type: '1',
        tlsa_value: 'abcd',
      },
      'TLSA 3 1 1 abcd',
    ],
  ];
  for (const [fields, expected] of forms) {
    const shown = items(event({ ...form, elid: '', name: 'new', ttl: '60', ...fields }));
    assert.deepEqual(shown, [` -> new.example.org ${expected} ttl 60`]);
  }
});

test('issue 12.3: a record that another row means as well stays, until the last of its rows goes', () => {
  const one = record('ab', 'TXT', '"ab"');
  const [plain, cut] = ['ab.example.org. TXT  ab', 'ab.example.org. TXT  "a" "b"'];
  const twice: readonly KnownRecord[] = [{ record: one, key: plain, otherKeys: [cut] }];
  const del = { func: 'domain.record.delete', plid: 'example.org' };
  const shown = `${formatRecord(one)} ttl 3600`;
  for (const elid of [plain, cut])
    assert.deepEqual(items(event({ ...del, elid }), twice), [`${shown} -> ${shown}`]);
  assert.deepEqual(items(event({ ...del, elid: `${cut}, ${plain}` }), twice), [`${shown} -> `]);
  const change = { ...form, elid: cut, name: 'ab', rtype: 'txt', ttl: '60', value: 'c' };
  assert.deepEqual(items(event(change), twice), [
    `${shown} -> ${shown}`,
    ' -> ab.example.org TXT "c" ttl 60',
  ]);
  // The record has two rows. A new TTL in one of them is a new TTL of the record.
  assert.deepEqual(items(event({ ...form, elid: cut, ttl: '60' }), twice), [
    `${shown} -> ${formatRecord(one)} ttl 60`,
  ]);
});

test('issue 12.2: a text with a line break, a tab or a CR is refused before it is written', () => {
  for (const char of ['\n', '\r', '\t', '\u007f', '\u0085'])
    assert.deepEqual(items(event({ ...form, name: 't', rtype: 'txt', value: `v=DKIM1;${char} p=x` })), [
      'record.control-character',
    ]);
  // In fields that contain no free text, the panel ignores white space at the ends.
  assert.deepEqual(items(event({ ...form, name: 't', rtype: 'a', ip: '192.0.2.9\r\n' })), [
    ' -> t.example.org A 192.0.2.9',
  ]);
});

test('issue 12.1: a CAA value means the same with its quotation marks and without them', () => {
  const caa = { ...form, name: '@', rtype: 'caa', caa_flags: '0', caa_tag: 'issue' };
  for (const value of ['ca.example', '"ca.example"', ' "ca.example" '])
    assert.deepEqual(items(event({ ...caa, caa_value_domain: value })), [
      ' -> example.org CAA 0 issue "ca.example"',
    ]);
  assert.deepEqual(items(event({ ...caa, caa_value_domain: '"ca.example' })), ['rdata.unbalanced-quote']);
});

test('issue 12.12: an escaped octet in a text of several strings keeps its meaning', () => {
  const value = String.raw`"caf\195\169 " "x"`;
  const expected = record('t', 'TXT', value);
  assert.deepEqual(items(event({ ...form, name: 't', rtype: 'txt', value })), [
    ` -> ${formatRecord(expected)}`,
  ]);
  const row = { rkey: `t.example.org. TXT  ${value}`, name: 't.example.org.', rtype: 'TXT', value };
  assert.equal(recordId(ispmanager5Records.record(row, zone)), recordId(expected));
  assert.equal(recordId(ispmanager5Records.fromKey(row.rkey, zone) ?? www), recordId(expected));
});

test('CAA: a value with parameters, listed with quotes or without; none at all is not guessed at', () => {
  const rdata = '0 issue "ca.example; account=1; policy=ev"';
  const expected = recordId(record('caa', 'CAA', rdata));
  for (const value of [rdata, rdata.replaceAll('"', '')]) {
    const row = { rkey: `caa.example.org. CAA  ${value}`, name: 'caa.example.org.', rtype: 'CAA', value };
    assert.equal(recordId(ispmanager5Records.record(row, zone)), expected);
    const meant = ispmanager5Records.fromKey(row.rkey, zone);
    assert.equal(meant && recordId(meant), expected);
  }
  const caa = { ...form, name: 'caa', rtype: 'caa' };
  const mailTag = { caa_tag: 'IODEF', caa_value_email: 'a@example.org' };
  assert.deepEqual(items(event({ ...caa, ...mailTag })), [
    ' -> caa.example.org CAA 0 iodef "mailto:a@example.org"',
  ]);
  for (const empty of [{ caa_tag: 'issue', caa_value_domain: ' ' }, { caa_tag: 'iodef' }])
    assert.deepEqual(items(event({ ...caa, ...empty })), ['rdata.missing-field']);
});

test('a text of several quoted strings is one text; quotes around a single one are part of it', () => {
  const shown = (value: string): string => items(event({ ...form, name: 'new', rtype: 'txt', value })).join();
  assert.equal(shown('"v=DKIM1; " "p=\\"AB"'), String.raw` -> new.example.org TXT "v=DKIM1; p=\"AB"`);
  assert.equal(shown('"quoted"'), String.raw` -> new.example.org TXT "\"quoted\""`);
  assert.equal(shown('a "b" "c"'), String.raw` -> new.example.org TXT "a \"b\" \"c\""`);
  const row = { rkey: 'k', name: 'new', rtype: 'TXT', ttl: '60', value: '"v=DKIM1; " "p=AB"' };
  assert.equal(formatRecord(ispmanager5Records.record(row, zone)), 'new.example.org TXT "v=DKIM1; p=AB"');
});

test('create: elid absent or empty; the form carries defaults of other types, which do not count', () => {
  const fields = { ...form, name: 'new', rtype: 'txt', value: 'x', caa_flags: '0', caa_tag: 'issue', ip: '' };
  const expected = [' -> new.example.org TXT "x"'];
  assert.deepEqual(items(event(fields)), expected);
  assert.deepEqual(items(event({ ...fields, elid: '', ttl: '' })), expected);
});

test('a TTL that is none is refused, together with everything else', () => {
  for (const ttl of ['-1', 'long', '1.5', '2147483648']) {
    const wrong = event({ ...form, name: 'new', rtype: 'a', ip: 'nowhere', ttl });
    assert.deepEqual(items(wrong).sort(), ['rdata.bad-ipv4', 'record.bad-ttl'], ttl);
  }
  for (const ttl of ['0', ' 2147483647 ', '']) {
    assert.match(items(event({ ...form, name: 'new', rtype: 'a', ip: '192.0.2.7', ttl })).join(), /^ -> /u);
  }
});

test('change: missing fields keep their values, a new type brings its own', () => {
  const elid = 'www.example.org. A  192.0.2.1';
  const old = 'www.example.org A 192.0.2.1 ttl 3600';
  assert.deepEqual(items(event({ ...form, elid, ttl: '60' })), [
    `${old} -> www.example.org A 192.0.2.1 ttl 60`,
  ]);
  assert.deepEqual(items(event({ ...form, elid, ip: '192.0.2.9' })), [
    `${old} -> www.example.org A 192.0.2.9 ttl 3600`,
  ]);
  assert.deepEqual(items(event({ ...form, elid, rtype: 'cname', domain: 'x.example.net.' })), [
    `${old} -> www.example.org CNAME x.example.net. ttl 3600`,
  ]);
  assert.deepEqual(items(event({ ...form, elid: 'example.org. MX 10 mail.example.org.', priority: '20' })), [
    'example.org MX 10 mail.example.org. ttl 3600 -> example.org MX 20 mail.example.org. ttl 3600',
  ]);
  assert.deepEqual(items(event({ ...form, elid: 'no such A  1' })), ['record.unknown-key']);
});

test('an empty field that was not exported still shows in the query of the same call, not of an outer one', () => {
  const elid = 'www.example.org. A  192.0.2.1';
  const query = (func: string): string => new URLSearchParams({ ...form, func, elid, name: '' }).toString();
  const same = event({ ...form, elid }, { QUERY_STRING: query(form.func) });
  assert.match(items(same).join(), /-> example\.org A 192\.0\.2\.1/u);
  const outer = event(
    { ...form, name: 'new', rtype: 'a', ip: '192.0.2.7' },
    { QUERY_STRING: query('site.edit') },
  );
  assert.deepEqual(items(outer), [' -> new.example.org A 192.0.2.7']);
});

test('openings, forms drawn anew, SOA and signatures are none of our business', () => {
  const open: Record<string, string> = { func: 'domain.record.edit', plid: 'example.org' };
  assert.deepEqual(event(open), { kind: 'ignore' });
  assert.deepEqual(event({ ...open, sv_field: 'rtype' }), { kind: 'ignore' });
  const soa = 'example.org. SOA  ns1.example.net. root.example.org. 1 2 3 4 5';
  assert.deepEqual(event({ ...form, elid: soa, email: 'a@example.org' }), { kind: 'ignore' });
  assert.deepEqual(event({ ...form, elid: 'example.org. DNSKEY  257 3 8 AAAA' }), { kind: 'ignore' });
  assert.deepEqual(decode({ ...call(form), stage: null }, ispmanager5), { kind: 'ignore' });
});

test('group deletes: the whole list stands in a parameter of its own', () => {
  const keys = known.map(({ record: one }) => ispmanager5Records.likelyKeys(one, zone)[0] ?? '');
  const elids = keys.join(', ');
  const all = items(event({ func: 'domain.record.delete', plid: 'example.org', elid: keys[0] ?? '', elids }));
  assert.equal(all.length, known.length);
  assert.deepEqual(all, items(event({ func: 'domain.record.delete', plid: 'example.org', elid: elids })));
  const zones = event({ func: 'domain.delete', elid: 'a.example', elids: 'a.example, b.example' });
  assert.ok(zones.kind === 'edits' && zones.edits.length === 2);
});

test('a group of a thousand records is quick, and so is a list made to be cut in countless ways', () => {
  const decide = (list: string, all: readonly KnownRecord[]): Resolution['kind'] => {
    const found = event({ func: 'domain.record.delete', plid: 'example.org', elid: list });
    assert.ok(found.kind === 'edits' && found.edits[0]?.kind === 'records');
    const started = cpuTime();
    const { kind } = found.edits[0].resolve(all);
    assert.ok(cpuTime() - started < 2_000);
    return kind;
  };
  const shown = (one: ResourceRecord): KnownRecord => ({
    record: one,
    key: ispmanager5Records.likelyKeys(one, zone)[0] ?? null,
  });
  const many = Array.from({ length: 1_000 }, (_, at) => shown(record(`h${at}`, 'A', '192.0.2.1')));
  assert.equal(decide(many.map(({ key }) => key).join(', '), many), 'items');
  const short = shown(record('t', 'TXT', '"v"'));
  const texts = [short, shown(record('t', 'TXT', `"v, ${short.key ?? ''}"`))];
  assert.equal(decide(`${`${short.key ?? ''}, `.repeat(3_000)}x`, texts), 'unknown-key');
  assert.equal(decide(`${short.key ?? ''}, `.repeat(3_000).slice(0, -2), texts), 'invalid');
  assert.equal(decide(', '.repeat(60_000), texts), 'invalid');
});

test('zones: created, deleted, deleted through the confirmation page, copied from elsewhere', () => {
  const create = event({ func: 'domain.edit', name: 'new.example', ip: '192.0.2.1 2001:db8::1', sok: 'ok' });
  assert.partialDeepStrictEqual(create, {
    kind: 'edits',
    edits: [{ kind: 'zone-create', zone: 'new.example.', seed: { addresses: ['192.0.2.1', '2001:db8::1'] } }],
  });
  const slave = {
    func: 'domain.edit',
    name: 'new.example',
    dtype: 'slave',
    masterip: '192.0.2.2',
    sok: 'ok',
  };
  assert.deepEqual(decode(call(slave), dnsmanager), { kind: 'ignore' });
  const request = { func: 'domain.delete.request', elid: 'new.example' };
  assert.deepEqual(event(request), { kind: 'ignore' });
  assert.partialDeepStrictEqual(event({ ...request, sok: 'ok' }), {
    kind: 'edits',
    edits: [{ kind: 'zone-delete' }],
  });
});

test('hints name the zone where they can, otherwise everything is looked at', () => {
  const hints: readonly (readonly [Record<string, string>, unknown])[] = [
    [{ func: 'webdomain.edit', name: 'shop.example.org' }, ['shop.example.org.']],
    [{ func: 'site.edit', site_name: 'пример.example' }, ['xn--e1afmkfd.example.']],
    [{ func: 'emaildomain.delete', elids: 'a.example, b.example' }, ['a.example.', 'b.example.']],
    [
      { func: 'webdomain.edit', elid: 'a.example', name: 'a.example', aliases: 'www.a.example b.example' },
      ['a.example.', 'www.a.example.', 'b.example.'],
    ],
    [{ func: 'user.add.finish', name: 'bob' }, 'all'],
    [{ func: 'user.add.finish', name: 'bob.b', domain: 'new.example' }, ['new.example.']],
    [{ func: 'user.delete', elid: 'john.doe' }, 'all'],
    [{ func: 'dnsparam' }, 'all'],
    [{ func: 'emaildomain.restore_mx', elid: 'a.example', sok: '' }, ['a.example.']],
  ];
  for (const [parameters, zones] of hints) {
    const sent = { sok: 'ok', ...parameters };
    const hinted = { kind: 'hint', zones, source: parameters['func'] };
    assert.partialDeepStrictEqual(event(sent, {}, 'after'), hinted);
    const moves = parameters['func']?.startsWith('user.') === true;
    assert.equal(event(sent).kind, moves ? 'owners' : 'ignore');
  }
});

test('what makes no sense is refused before it is done, and looked at when it is', () => {
  const odd: readonly Record<string, string>[] = [
    { ...form, plid: 'a..b', elid: '' },
    { func: 'domain.edit', name: 'a..b', sok: 'ok' },
    { func: 'domain.delete', elid: 'a..b' },
  ];
  for (const parameters of odd) {
    const { func: source } = parameters;
    assert.equal(event(parameters).kind, 'invalid');
    assert.partialDeepStrictEqual(event(parameters, {}, 'after'), { kind: 'hint', zones: 'all', source });
  }
  // This form changes several zones at once.
  const several = { func: 'domain.edit', elid: 'a.example, b.example', ip: '192.0.2.1', sok: 'ok' };
  const zones = ['a.example.', 'b.example.'];
  assert.partialDeepStrictEqual(event(several), { kind: 'owners', zones, accounts: null });
  assert.partialDeepStrictEqual(event(several, {}, 'after'), { kind: 'hint', zones, source: 'domain.edit' });
  for (const func of ['constructor', '__proto__', 'toString'])
    assert.deepEqual(event({ func, sok: 'ok' }), { kind: 'ignore' });
});

test('whether a record makes sense is asked only where the zone is not left alone', () => {
  const found = event({
    ...form,
    elid: '',
    name: 'x',
    rtype: 'nsap',
    value: '0x47000580005a0000000001e133ffffff00016100',
  });
  assert.equal(found.kind, 'edits');
  assert.deepEqual(items(found), ['rdata.not-generic']);
});

test('before and after of one call have one fingerprint; another session or value has another', () => {
  const print = (parameters: Record<string, string>, cookie: string, stage: 'before' | 'after'): string => {
    const found = event(parameters, { HTTP_COOKIE: cookie }, stage);
    return found.kind === 'edits' ? (found.edits[0]?.fingerprint ?? '') : '';
  };
  const fields = { ...form, elid: '', name: 'new', rtype: 'a', ip: '192.0.2.7' };
  const one = print(fields, 'ispmgrlang5=orion:ru; ispmgrses5=abc', 'before');
  assert.equal(print({ ...fields, clicked_button: 'ok', sform: 'ajax' }, 'ispmgrses5=abc', 'after'), one);
  assert.notEqual(print(fields, 'ispmgrses5=abd', 'after'), one);
  assert.notEqual(print({ ...fields, ip: '192.0.2.8' }, 'ispmgrses5=abc', 'after'), one);
});

test('language: what is asked for, the panel’s cookie, the browser; then English', () => {
  const of = (environment: Record<string, string>): string =>
    ispmanager5.calls.language(call({}, environment));
  assert.equal(of({}), 'en');
  assert.equal(of({ HTTP_ACCEPT_LANGUAGE: 'ru-RU,ru;q=0.9' }), 'ru');
  assert.equal(of({ HTTP_COOKIE: 'ispmgrlang5=orion:en', HTTP_ACCEPT_LANGUAGE: 'ru' }), 'en');
  assert.equal(of({ HTTP_COOKIE: 'x=1; ispmgrlang5=orion%3Aru; ispmgrses5=a' }), 'ru');
  assert.equal(of({ PARAM_lang: 'ru', HTTP_COOKIE: 'ispmgrlang5=orion:en' }), 'ru');
});

test('issue 11.1: who calls; a level that is absent or unreadable is nobody’s', () => {
  const of = (environment: Record<string, string>): unknown =>
    ispmanager5.calls.actor({ environment, body: new Uint8Array() });
  const ranks = (levels: readonly string[]): string[] =>
    levels.map((level) => ispmanager5.calls.actor(call({}, { AUTH_USER: 'a', AUTH_LEVEL: level })).rank);
  assert.deepEqual(ranks(['16', '23', '24', '28']), ['user', 'user', 'reseller', 'reseller']);
  assert.deepEqual(ranks(['29', '30']), ['administrator', 'administrator']);
  const odd = ['', '0', '9', '31', '99', '300', ' 29', '29 ', '2.9e1', '0x1d', 'admin', '-29', '+29'];
  for (const level of odd) assert.deepEqual(ranks([level]), ['nobody'], level);
  assert.deepEqual(of({}), { name: '', rank: 'nobody' });
  assert.deepEqual(of({ AUTH_USER: 'root' }), { name: 'root', rank: 'nobody' });
});

test('issue 11.1: what may change owners is told before it is done; whom an invalid call is about', () => {
  assert.partialDeepStrictEqual(event({ func: 'user.delete', elid: 'bob, eve', sok: 'ok' }), {
    kind: 'owners',
    zones: [],
    accounts: ['bob', 'eve'],
  });
  const move = { func: 'domain.passredirect', elid: 'a.example', owner: 'bob', sok: 'ok' };
  assert.partialDeepStrictEqual(event(move), { kind: 'owners', zones: ['a.example.'], accounts: null });
  assert.deepEqual(event({ ...move, sok: '' }), { kind: 'ignore' });
  const by = { AUTH_USER: 'eve', AUTH_LEVEL: '16' };
  const who = { name: 'eve', rank: 'user' };
  const list = { func: 'domain.record.delete', plid: 'a.example', elid: 'x', sok: 'ok' };
  assert.equal(event(list, by).kind, 'edits');
  assert.partialDeepStrictEqual(event({ ...form, plid: 'a..b' }, by), {
    kind: 'invalid',
    zone: null,
    creates: false,
    actor: who,
  });
  assert.partialDeepStrictEqual(event({ func: 'domain.edit', name: 'a..b', sok: 'ok' }, by), {
    kind: 'invalid',
    zone: null,
    creates: true,
  });
});

test('issue 11.1: a call that may be read in two ways is refused whoever asks, and says nothing of a zone', () => {
  const by = { AUTH_USER: 'eve', AUTH_LEVEL: '16' };
  const twice = call({ ...form, elid: '', name: 'x', rtype: 'a', ip: '192.0.2.1' }, by);
  const unclear = decode({ ...twice, repeated: [['PARAM_plid', 'victim.example']] }, ispmanager5);
  assert.partialDeepStrictEqual(unclear, { kind: 'invalid', zone: null, creates: true });
});

test('what refusals look like', () => {
  const said = 'a < b & "c"';
  const doc = parseXml(
    encode({ kind: 'refuse', problems: [], changed: 'nothing' }, said, ispmanager5).output,
  );
  const error = child(doc, 'error');
  assert.deepEqual(error?.attributes, { type: 'domainsync', object: 'central' });
  assert.equal(error && childText(error, 'msg'), said);
});

test('the settings form is saved by OK alone', () => {
  const form6 = settingsForm('ispmanager6');
  const sent = { func: 'domainsync', host: 'dns.example.net', password: 'pä ss' };
  const read = (parameters: Record<string, string>) => form6.decode(call(parameters, { AUTH_LEVEL: '29' }));
  assert.equal(read(sent).saving, false);
  assert.equal(read({ ...sent, sok: 'ok', sv_field: 'kind' }).saving, false);
  const saved = read({ ...sent, sok: 'ok', clicked_button: 'ok' });
  assert.deepEqual([saved.saving, saved.allowed, saved.field('password')], [true, true, 'pä ss']);
  const doc = parseXml(
    form6.encode({ fields: { host: 'x' }, choices: {}, error: { field: 'host', text: 'no' } }),
  );
  assert.equal(child(doc, 'error')?.attributes['object'], 'host');
});

test('issue 12.15: a form without its host says which field it lacks, also with the host in another one', () => {
  const types = {
    cname: 'domain',
    dname: 'domain',
    ns: 'domain',
    ptr: 'domain',
    mx: 'domain',
    srv: 'srvdomain',
    a: 'ip',
  };
  for (const [rtype, field] of Object.entries(types)) {
    for (const value of ['', ' ']) {
      const filled = { name: 'x', rtype, ttl: '60', [field]: value, value: 'host.example.' };
      assert.throws(
        () => ispmanager5Records.fromForm(filled, zone),
        (error) => {
          assert.ok(error instanceof DnsDataError);
          assert.deepEqual(error.problems, [
            { code: 'rdata.missing-field', params: { type: rtype.toUpperCase(), field } },
          ]);
          return true;
        },
      );
    }
  }
});

const values: readonly fc.Arbitrary<ResourceRecord>[] = [
  fc.ipV4().map((ip) => record('x', 'A', ip)),
  fc.string({ minLength: 1, maxLength: 40 }).map((value) => {
    const clean = value.replaceAll(/\p{Cc}/gu, '_');
    return ispmanager5Records.fromForm({ name: 'x', rtype: 'txt', ttl: '60', value: clean }, zone);
  }),
  fc.tuple(fc.nat(65_535), fc.nat(65_535)).map(([a, b]) => record('x', 'SRV', `${a} ${b} 1 host`)),
];

test('whatever a record is: its identifier means it, and its form makes it again', () => {
  fc.assert(
    fc.property(fc.oneof(...values), (one) => {
      const [key = ''] = ispmanager5Records.likelyKeys(one, zone);
      const meant = ispmanager5Records.fromKey(key, zone);
      assert.equal(meant === null ? null : recordId(meant), recordId(one));
      assert.equal(recordId(ispmanager5Records.fromForm(ispmanager5Records.form(one), zone)), recordId(one));
      assert.equal(
        recordId(ispmanager5Records.fromForm(ispmanager5Records.overOld(one, {}), zone)),
        recordId(one),
      );
    }),
  );
});

test('a call carries its function and the address of the client, if that is one', () => {
  const parameters = {
    func: 'domain.record.edit',
    plid: 'example.org',
    sok: 'ok',
    name: 'a',
    rtype: 'a',
    ip: '192.0.2.1',
  };
  for (const [given, address] of [
    [{ REMOTE_ADDR: '192.0.2.77' }, '192.0.2.77'],
    [{ REMOTE_ADDR: '2001:db8::1' }, '2001:db8::1'],
    [{ REMOTE_ADDR: 'evil\u001b[31m' }, ''],
    [{}, ''],
  ] as const) {
    const found = event(parameters, given);
    assert.ok(found.kind === 'edits');
    assert.deepEqual(found.edits[0]?.origin, { func: 'domain.record.edit', address });
  }
  const wrong = event({ ...parameters, func: 'domain.edit', name: 'a..b' }, { REMOTE_ADDR: '192.0.2.77' });
  assert.ok(wrong.kind === 'invalid');
  assert.deepEqual(wrong.origin, { func: 'domain.edit', address: '192.0.2.77' });
});
