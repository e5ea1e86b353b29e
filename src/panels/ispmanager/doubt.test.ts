/**
 * Tests calls that seem to open a form, although a panel may save them. Also tests calls that a panel may
 * take for another edit than we do.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HookCall, PanelEvent } from '../../core/panel.ts';
import { ispmanager5, dnsmanager } from './ispmanager5.ts';
import type { PanelDialect } from './dialect.ts';
import { decode } from './hook.ts';
import { ispmanager4 } from './ispmanager4.ts';

type Stage = 'before' | 'after';

/** The event in short: the kinds of its edits, the codes of a refusal, or the zones of a hint. */
function told(event: PanelEvent): string {
  switch (event.kind) {
    case 'ignore':
      return 'ignored';
    case 'invalid':
      return event.problems.map(({ code, params }) => `${code} ${params['parameter'] ?? ''}`.trim()).join();
    case 'hint':
      return `hint ${event.zones === 'all' ? 'all' : event.zones.join()}`;
    case 'edits':
      return event.edits.map(({ kind, zone }) => `${kind} ${zone}`).join();
    case 'owners':
      return `owners ${event.zones.join()}`;
  }
}

function cgi(environment: Readonly<Record<string, string>>, body = ''): (stage: Stage) => string {
  return (stage) => {
    const call: HookCall = {
      environment: { HANDLER_STAGE: stage, ...environment },
      body: Buffer.from(body, 'latin1'),
    };
    return told(decode(call, ispmanager4));
  };
}

const get = (query: string): ((stage: Stage) => string) =>
  cgi({ REQUEST_METHOD: 'GET', QUERY_STRING: query });

function post(body: string, more: Readonly<Record<string, string>> = {}): (stage: Stage) => string {
  const type = { CONTENT_TYPE: 'application/x-www-form-urlencoded', CONTENT_LENGTH: String(body.length) };
  return cgi({ REQUEST_METHOD: 'POST', ...type, ...more }, body);
}

interface Exported {
  readonly query?: string;
  readonly more?: Readonly<Record<string, string>>;
  readonly repeated?: HookCall['repeated'];
  readonly dialect?: PanelDialect;
}

function exported(
  parameters: Readonly<Record<string, string>>,
  { query, more = {}, repeated, dialect = ispmanager5 }: Exported = {},
): (stage: Stage) => string {
  const named = Object.entries(parameters).map(([name, value]) => [`PARAM_${name}`, value]);
  const call: HookCall = {
    environment: {
      ...Object.fromEntries(named),
      ...(query === undefined ? {} : { QUERY_STRING: query }),
      ...more,
    },
    body: new Uint8Array(),
    ...(repeated === undefined ? {} : { repeated }),
  };
  return (stage) => told(decode({ ...call, stage }, dialect));
}

function expectAll(cases: readonly (readonly [string, (stage: Stage) => string, string, string])[]): void {
  const seen = cases.map(([name, call]) => [name, call('before'), call('after')]);
  assert.deepEqual(
    seen,
    cases.map(([name, , before, after]) => [name, before, after]),
  );
}

const edit4 = 'func=domain.sublist.edit&plid=a.example&elid=&name=x&sdtype=A&addr=192.0.2.1';
const made = 'records a.example.';

test('issue 11.2, version 4: whatever may be a save is no opening', () => {
  expectAll([
    ['a plain save', get(`${edit4}&sok=ok`), made, made],
    ['an opening', get(edit4), 'ignored', 'ignored'],
    ['an empty sok, seen whole', get(`${edit4}&sok=`), 'ignored', 'ignored'],
    ['NUL in sok', get(`${edit4}&sok=%00ok`), made, made],
    ['NUL alone', get(`${edit4}&sok=%00`), made, made],
    ['an empty sok after one', get(`${edit4}&sok=ok&sok=`), made, made],
    ['one in the query, an empty one in the body', cgiBoth(`${edit4}&sok=ok`, 'sok='), made, made],
    ['white space', post(`${edit4}&sok= `), made, made],
    ['sv_field', get(`${edit4}&sv_field=sdtype&sok=ok`), made, made],
    ['semicolon', get(`${edit4};sok=ok`), 'call.unclear sok', 'hint a.example.'],
    ['capitals', get(`${edit4}&SOK=ok`), 'call.unclear sok', 'hint a.example.'],
    ['a NUL in its name', get(`${edit4}&sok%00x=ok`), 'call.unclear sok', 'hint a.example.'],
    ['a blank in its name', get(`${edit4}&+sok=ok`), 'call.unclear sok', 'hint a.example.'],
    ['brackets', get(`${edit4}&sok[]=ok`), 'call.unclear sok', 'hint a.example.'],
    ['a host called sok', get(edit4.replace('name=x', 'name=sok')), 'ignored', 'ignored'],
  ]);
});

function cgiBoth(query: string, body: string): (stage: Stage) => string {
  return post(body, { QUERY_STRING: query });
}

const parts = (fields: Readonly<Record<string, string>>, end = '--b--\r\n'): string =>
  Object.entries(fields)
    .map(([name, value]) => `--b\r\nContent-Disposition: form-data; ${name}\r\n\r\n${value}\r\n`)
    .join('') + end;
const fields4 = {
  'name="func"': 'domain.sublist.edit',
  'name="plid"': 'a.example',
  'name="name"': 'x',
  'name="sdtype"': 'A',
  'name="addr"': '192.0.2.1',
};
const multipart = { CONTENT_TYPE: 'multipart/form-data; boundary=b' };

test('issue 11.2, version 4: bodies that a panel may read in another way', () => {
  const unclear = 'call.unclear body';
  const hinted = 'hint a.example.';
  expectAll([
    ['multipart', post(parts({ ...fields4, 'name="sok"': 'ok' }), multipart), made, made],
    ['a name without quotes', post(parts({ ...fields4, 'name=sok': 'ok' }), multipart), made, made],
    ['without its end', post(parts({ ...fields4, 'name="sok"': 'ok' }, ''), multipart), unclear, hinted],
    [
      'line feeds',
      post(parts({ ...fields4, 'name="sok"': 'ok' }).replaceAll('\r', ''), multipart),
      unclear,
      'hint all',
    ],
    [
      'a part with a name of another kind',
      post(parts({ ...fields4, "name*=utf-8''sok": 'ok' }), multipart),
      unclear,
      hinted,
    ],
    [
      'a part with two names',
      post(parts({ ...fields4, 'name="x"; name="sok"': 'ok' }), multipart),
      unclear,
      hinted,
    ],
    ['after its end', post(`${parts(fields4)}&sok=ok`, multipart), 'call.unclear sok', hinted],
    [
      'not said to be multipart',
      post(parts({ ...fields4, 'name="sok"': 'ok' })),
      'call.unclear func',
      hinted,
    ],
    ['no length', cgi({ REQUEST_METHOD: 'POST' }, `${edit4}&sok=ok`), made, made],
    ['only a part of it came', cutPost(`${edit4}&sok=ok`), unclear, hinted],
    ['only a part of an opening came', cutPost(edit4), unclear, hinted],
    ['nothing of it came', cutPost(''), unclear, 'hint all'],
  ]);
});

function cutPost(body: string): (stage: Stage) => string {
  return (stage) =>
    told(
      decode(
        {
          environment: { HANDLER_STAGE: stage, REQUEST_METHOD: 'POST' },
          body: Buffer.from(body),
          isCut: true,
        },
        ispmanager4,
      ),
    );
}

test('issue 11.2, version 4: one parameter with several values is refused, afterwards compared', () => {
  const save = `${edit4}&sok=ok`;
  expectAll([
    ['the zone', get(`${save}&plid=b.example`), 'call.unclear plid', 'hint a.example.,b.example.'],
    ['the key', get(`${save}&elid=www+A++192.0.2.1`), 'call.unclear elid', 'hint a.example.'],
    ['a value', get(`${save}&addr=192.0.2.2`), 'call.unclear addr', 'hint a.example.'],
    ['the same value twice', get(`${save}&addr=192.0.2.1`), made, made],
    ['query and body', cgiBoth(save, 'plid=b.example'), 'call.unclear plid', 'hint a.example.,b.example.'],
    ['by a semicolon', get(`${save}&x=1;plid=b.example`), 'call.unclear plid', 'hint a.example.,b.example.'],
    ['a NUL', get(save.replace('a.example', 'a.example%00.b')), 'call.unclear plid', 'hint a.example.'],
    ['noise', get(`${save}&out=xml&out=text`), made, made],
    ['an opening', get(`${edit4}&addr=192.0.2.2`), 'ignored', 'ignored'],
    [
      'a delete',
      get('func=domain.delete&elid=a.example&elid=b.example'),
      'call.unclear elid',
      'hint a.example.,b.example.',
    ],
  ]);
});

test('issue 11.2: a function that the panel may take for another one', () => {
  const save = `${edit4}&sok=ok`;
  expectAll([
    ['two', get(`${save}&func=domain`), 'call.unclear func', 'hint a.example.'],
    ['a hint and an edit', get(`${save}&func=wwwdomain.edit`), 'call.unclear func', 'hint a.example.'],
    ['capitals', get(save.replace('sublist', 'SubList')), 'call.unclear func', 'hint a.example.'],
    ['a NUL', get(save.replace('edit', 'edit%00')), 'call.unclear func', 'hint a.example.'],
    ['none', get('plid=a.example&name=x&sok=ok'), 'call.unclear func', 'hint a.example.'],
    ['none, and no save', get('plid=a.example'), 'ignored', 'ignored'],
    ['one that is not ours', get('func=soa.edit&elid=a.example&sok=ok'), 'ignored', 'hint a.example.'],
    ['one that is not ours, opened', get('func=soa.edit&elid=a.example'), 'ignored', 'ignored'],
    [
      '5/6: capitals',
      exported({ ...save6, func: 'Domain.Record.Edit' }),
      'call.unclear func',
      'hint a.example.',
    ],
    [
      '5/6: two in the query',
      exported(save6, { query: 'func=domain.record.edit&func=domain.record' }),
      'call.unclear func',
      'hint a.example.',
    ],
    [
      '5/6: two in the environment',
      exported(
        { func: 'domain.record.edit', plid: 'a.example' },
        { repeated: [['PARAM_func', 'domain.record.delete']] },
      ),
      'call.unclear func',
      'hint a.example.',
    ],
  ]);
});

const edit6 = {
  func: 'domain.record.edit',
  plid: 'a.example',
  elid: '',
  name: 'x',
  rtype: 'a',
  ip: '192.0.2.1',
};
const save6 = { ...edit6, sok: 'ok' };
const query6 = new URLSearchParams(edit6).toString();
const posted = { HTTP_CONTENT_LENGTH: '80' };

test('issue 11.2, versions 5 and 6: a sok that the environment does not show whole', () => {
  const hinted = 'hint a.example.';
  const opened = { func: 'domain.record.edit', plid: 'a.example' };
  expectAll([
    ['a save', exported(save6), made, made],
    ['an opening', exported(opened), 'ignored', 'ignored'],
    ['an opening with an empty sok', exported({ ...opened, sok: '' }), 'ignored', 'ignored'],
    ['values without sok, not seen whole', exported(edit6), 'ignored', hinted],
    ['GET, cut at the NUL', exported({ ...edit6, sok: '' }, { query: `${query6}&sok=%00ok` }), made, made],
    ['GET, left out for its NUL', exported(edit6, { query: `${query6}&sok=%00ok` }), made, made],
    ['GET, really empty', exported({ ...edit6, sok: '' }, { query: `${query6}&sok=` }), 'ignored', hinted],
    ['POST, cut at the NUL', exported({ ...edit6, sok: '' }), 'call.unclear sok', hinted],
    [
      'POST, with an empty one in the query',
      exported({ ...edit6, sok: '' }, { query: `${query6}&sok=`, more: posted }),
      'call.unclear sok',
      hinted,
    ],
    [
      'an empty one after it',
      exported({ ...edit6, sok: '' }, { query: `${query6}&sok=ok&sok=` }),
      made,
      made,
    ],
    [
      'two in the environment',
      exported({ ...edit6, sok: '' }, { repeated: [['PARAM_sok', 'ok']] }),
      made,
      made,
    ],
    ['sv_field and sok', exported({ ...save6, sv_field: 'rtype' }), made, made],
    ['sv_field and an empty sok', exported({ ...edit6, sv_field: 'rtype', sok: '' }), 'ignored', hinted],
    ['sv_field', exported({ ...edit6, sv_field: 'rtype' }), 'ignored', hinted],
    ['capitals', exported({ ...edit6, SOK: 'ok' }), 'call.unclear sok', hinted],
    [
      'a NUL in the zone',
      exported(save6, { query: 'func=domain.record.edit&plid=a.example%00.b' }),
      'call.unclear plid',
      hinted,
    ],
    [
      'two zones in the environment',
      exported(save6, { repeated: [['PARAM_plid', 'b.example']] }),
      'call.unclear plid',
      'hint b.example.,a.example.',
    ],
    [
      'the query of an outer call',
      exported(opened, { query: 'func=site.edit&sok=ok&plid=b.example' }),
      'ignored',
      'ignored',
    ],
    [
      'a confirmed delete, cut at the NUL',
      exported({ func: 'domain.delete.request', elid: 'a.example', sok: '' }),
      'call.unclear sok',
      hinted,
    ],
  ]);
});

test('issue 11.2: dtype counts at DNSmanager only, elids only for deletes', () => {
  const create = { func: 'domain.edit', name: 'new.example', elid: '', sok: 'ok' };
  const copy = { ...create, dtype: 'slave', masterip: '192.0.2.9' };
  const zone = 'zone-create new.example.';
  const remove = { func: 'domain.record.delete', plid: 'a.example' };
  expectAll([
    ['dtype at an ISPmanager', exported(copy), zone, zone],
    ['at version 4', get(new URLSearchParams(copy).toString()), zone, zone],
    ['at a DNSmanager', exported(copy, { dialect: dnsmanager }), 'ignored', 'ignored'],
    [
      'two at a DNSmanager',
      exported(copy, { dialect: dnsmanager, query: 'func=domain.edit&dtype=slave&dtype=master' }),
      'call.unclear dtype',
      'hint new.example.',
    ],
    ['elids of a form', exported({ ...create, elids: 'x' }), zone, zone],
    ['at version 4', get(new URLSearchParams({ ...create, elids: 'x' }).toString()), zone, zone],
    [
      'a group at version 4',
      get('func=domain.delete&elid=a.example&elids=x.example'),
      'zone-delete a.example.',
      'zone-delete a.example.',
    ],
    [
      'a list without the one that is meant',
      exported({ ...remove, elid: 'x A  192.0.2.1', elids: 'y A  192.0.2.1' }),
      'call.unclear elids',
      'hint a.example.',
    ],
    [
      'a list with it',
      exported({ ...remove, elid: 'x A  192.0.2.1', elids: 'y A  192.0.2.1, x A  192.0.2.1' }),
      made,
      made,
    ],
    ['a delete of nothing', exported(remove), 'ignored', 'hint a.example.'],
  ]);
});

test('issue 11.2: a row of the panel’s own passes as long as it stays one; what is saved is compared', () => {
  const soa = { ...save6, elid: 'a.example. SOA  ns.example. root.example. 1 2 3 4 5' };
  const { rtype: _type, ...without } = soa;
  expectAll([
    ['SOA', exported({ ...soa, rtype: 'soa' }), 'ignored', 'hint a.example.'],
    ['without a type', exported(without), 'ignored', 'hint a.example.'],
    ['made an address', exported(soa), made, made],
  ]);
});

/** One way in which a panel may parse forms. Each differs from ours. */
interface Reader {
  readonly separator: RegExp;
  readonly name: (text: string) => string;
  readonly value: (text: string) => string;
}

const untilNul = (text: string): string => text.split('\0', 1)[0] ?? '';
const readers: readonly Reader[] = [/&/u, /[&;]/u].flatMap((separator) =>
  [
    (text: string) => text,
    (text: string) => text.toLowerCase(),
    (text: string) => text.trim(),
    untilNul,
  ].flatMap((name) => [(text: string) => text, untilNul].map((value) => ({ separator, name, value }))),
);

/**
 * Whether a panel that parses forms like this saves a record.
 * @param pick which value of a repeated parameter the panel uses
 */
function saves(query: string, reader: Reader, pick: 'first' | 'last'): boolean {
  const found = new Map<string, string[]>();
  for (const piece of query.split(reader.separator)) {
    const [name = '', value = ''] = piece
      .split(/=(.*)/su)
      .map((text) => decodeURIComponent(text.replaceAll('+', ' ')));
    found.set(reader.name(name), [...(found.get(reader.name(name)) ?? []), reader.value(value)]);
  }
  const of = (name: string): string => found.get(name)?.at(pick === 'first' ? 0 : -1) ?? '';
  return of('func') === 'domain.sublist.edit' && of('sok') !== '' && of('plid') !== '';
}

const spelled = (name: string): fc.Arbitrary<string> =>
  fc.constantFrom(
    name,
    name,
    name.toUpperCase(),
    `+${name}`,
    `${name}%00x`,
    `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
  );
const piece = fc.oneof(
  fc.tuple(spelled('sok'), fc.constantFrom('ok', '', '%00ok', '%00', '+')),
  fc.tuple(
    spelled('func'),
    fc.constantFrom('domain.sublist.edit', 'domain.sublist.edit', 'domain', 'domain.sublist.edit%00'),
  ),
  fc.tuple(spelled('plid'), fc.constantFrom('a.example', 'b.example', 'a.example%00b', '')),
  fc.tuple(spelled('addr'), fc.constantFrom('192.0.2.1', '192.0.2.2')),
);

test('issue 11.2, version 4: what any reader of forms takes for a save is never passed over', () => {
  const query = fc
    .array(fc.tuple(piece, fc.constantFrom('&', '&', '&', ';')), { minLength: 3, maxLength: 9 })
    .map((all) =>
      all
        .map(([[name, value], end]) => `${name}=${value}${end}`)
        .join('')
        .slice(0, -1),
    );
  fc.assert(
    fc.property(query, (text) => {
      const isSave = readers.some((reader) => saves(text, reader, 'first') || saves(text, reader, 'last'));
      if (!isSave) return;
      assert.notEqual(get(text)('before'), 'ignored', text);
      assert.notEqual(get(text)('after'), 'ignored', text);
    }),
    { numRuns: 3_000 },
  );
});
