/** Tests names of zones and hosts that the panel and its handlers spell in different ways. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseName, zoneName } from '../../dns/name.ts';
import { formatRecord, makeRecord } from '../../dns/record.ts';
import type { HookCall, KnownRecord, Panel } from '../../core/panel.ts';
import { PanelError } from '../../core/panel.ts';
import type { Log } from '../../core/log.ts';
import { patience } from '../../testing/patience.ts';
import { createIspmanagerPanel } from './index.ts';

const ctx = { signal: new AbortController().signal, operation: '-' };

const kinds = ['ispmanager4', 'ispmanager6'] as const;
type Kind = (typeof kinds)[number];

/** A panel that lists these domains. It answers every request for records with the document `records`. */
function panelWith(
  t: TestContext,
  names: readonly string[],
  kind: Kind,
  records = '<doc/>',
  log?: Log,
): Panel {
  const root = mkdtempSync(join(tmpdir(), 'spelling-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const mgrctl = join(root, 'mgrctl');
  const rows = names.map((name) => `<elem><name>${name}</name></elem>`).join('');
  // The fifth argument of the tool is the name of the function.
  const program = `#!/bin/sh\nif [ "$5" = domain ]; then cat <<'END'\n<doc>${rows}</doc>\nEND\nelse cat <<'END'\n${records}\nEND\nfi\n`;
  writeFileSync(mgrctl, program);
  chmodSync(mgrctl, 0o700);
  return createIspmanagerPanel({ root, kind, mgrctl, timeout: patience, ...(log && { log }) });
}

type Fields = Readonly<Record<string, string>>;

/** Makes a hook call of the given generation. @param fields in the spelling of version 5/6 */
function call(kind: Kind, fields: Fields): HookCall {
  if (kind === 'ispmanager6') {
    const exported = Object.entries(fields).map(([name, value]) => [
      `PARAM_${name}`,
      Buffer.from(value, 'utf8').toString('latin1'),
    ]);
    const environment = { AUTH_USER: 'alice', AUTH_LEVEL: '16', ...Object.fromEntries(exported) };
    return { environment, body: new Uint8Array(), stage: 'before' };
  }
  const earlier: Fields = {
    'domain.record.edit': 'domain.sublist.edit',
    'domain.record.delete': 'domain.sublist.delete',
    rtype: 'sdtype',
    domain: 'addr',
    ip: 'addr',
    priority: 'prio',
  };
  const isZone = fields['func'] === 'domain.edit';
  const sent = Object.entries(fields).map(([name, value]): [string, string] => [
    isZone ? name : (earlier[name] ?? name),
    earlier[value] ?? value,
  ]);
  return {
    environment: {
      HANDLER_STAGE: 'before',
      REMOTE_USER: 'alice',
      SESSION_LEVEL: '5',
      QUERY_STRING: new URLSearchParams(sent).toString(),
    },
    body: new Uint8Array(),
  };
}

function removal(plid: string, elid = 'www A  192.0.2.1'): Fields {
  return { func: 'domain.record.delete', plid, elid, sok: 'ok' };
}

/** The zone that an edit concerns, or the code of its refusal. */
function zoneMeant(panel: Panel, kind: Kind, fields: Fields): string {
  const event = panel.decode(call(kind, fields));
  if (event.kind === 'edits') return event.edits[0]?.zone ?? '';
  return event.kind === 'invalid' ? (event.problems[0]?.code ?? '') : event.kind;
}

/** The effect of an edit, one line for each item; or the code of its refusal. */
function done(
  panel: Panel,
  kind: Kind,
  fields: Fields,
  known: readonly KnownRecord[] = [],
): readonly string[] {
  const event = panel.decode(call(kind, fields));
  if (event.kind !== 'edits')
    return [event.kind === 'invalid' ? (event.problems[0]?.code ?? '') : event.kind];
  const [edit] = event.edits;
  if (edit?.kind !== 'records') return [edit?.kind ?? ''];
  const resolution = edit.resolve(known);
  if (resolution.kind !== 'items') return [resolution.problems[0]?.code ?? ''];
  return resolution.items.flatMap(({ remove, add }) => [
    ...(remove === null ? [] : [`- ${remove.name} ${remove.type} ${remove.rdata}`]),
    ...(add === null ? [] : [`+ ${add.name} ${add.type} ${add.rdata}`]),
  ]);
}

const street = 'xn--strae-oqa.example';

for (const kind of kinds) {
  test(`issue 12.11: ${kind}: a row whose name is none is passed over and reported`, async (t) => {
    const panel = panelWith(t, ['example.org', 'a..b', 'example.net'], kind);
    const expected = { zones: ['example.org.', 'example.net.'], unreadable: ['a..b'] };
    assert.deepEqual(await panel.listZones(ctx), expected);
  });

  test(`issue 12.11: ${kind}: a list with a row that cannot be read proves no absence`, async (t) => {
    const refused = '<doc><error code="8">something else</error></doc>';
    const garbled = panelWith(t, ['example.org', 'a..b'], kind, refused);
    await assert.rejects(garbled.readZone(zoneName('example.net'), ctx), PanelError);
    const whole = panelWith(t, ['example.org'], kind, refused);
    assert.equal(await whole.readZone(zoneName('example.net'), ctx), null);
    await assert.rejects(whole.readZone(zoneName('example.org'), ctx), PanelError);
  });

  test(`issue 12.11: ${kind}: a deviation character is read as the panel’s own list has the zone`, async (t) => {
    const panel = panelWith(t, [street, 'fass.example'], kind);
    assert.equal(zoneMeant(panel, kind, removal('straße.example')), 'name.deviation');
    await panel.listZones(ctx);
    for (const spelling of ['straße.example', 'straße.example.', 'STRAẞE.example', street])
      assert.equal(zoneMeant(panel, kind, removal(spelling)), `${street}.`, spelling);
    assert.equal(zoneMeant(panel, kind, removal('faß.example')), 'fass.example.');
    assert.equal(zoneMeant(panel, kind, removal('maß.example')), 'name.deviation');
  });

  test(`issue 12.11: ${kind}: two readings that are both zones of the panel are not guessed at`, async (t) => {
    const panel = panelWith(t, [street, 'strasse.example'], kind);
    await panel.listZones(ctx);
    assert.equal(zoneMeant(panel, kind, removal('straße.example')), 'name.deviation');
    const fields = { func: 'domain.record.edit', plid: street, sok: 'ok', name: 'www.straße.example.' };
    assert.deepEqual(done(panel, kind, { ...fields, rtype: 'A', ip: '192.0.2.1' }), ['name.deviation']);
  });

  test(`issue 12.11: ${kind}: names in records are read as the panel’s zones are spelled`, async (t) => {
    const panel = panelWith(t, [street, 'fass.example', 'example.org'], kind);
    await panel.listZones(ctx);
    const save = { func: 'domain.record.edit', plid: 'straße.example', sok: 'ok' };
    const cases: readonly (readonly [Fields, readonly string[]])[] = [
      [{ name: 'www.straße.example.', rtype: 'A', ip: '192.0.2.1' }, [`+ www.${street}. A 192.0.2.1`]],
      [
        { name: 'www', rtype: 'CNAME', domain: 'a.b.straße.example.' },
        [`+ www.${street}. CNAME a.b.${street}.`],
      ],
      [
        { name: '', rtype: 'MX', priority: '10', domain: 'mx.faß.example.' },
        [`+ ${street}. MX 10 mx.fass.example.`],
      ],
      // It is not known how the panel spells a name below a zone.
      [{ name: 'straße.example.org.', plid: 'example.org', rtype: 'A', ip: '192.0.2.1' }, ['name.deviation']],
      [{ name: 'maß.straße.example.', rtype: 'A', ip: '192.0.2.1' }, ['name.deviation']],
      [{ name: 'maß', rtype: 'A', ip: '192.0.2.1' }, ['name.deviation']],
      [{ name: 'www', rtype: 'CNAME', domain: 'maß.example.' }, ['name.deviation']],
      // Here the name with `ß` is only a part of a text.
      [
        { name: 'www', rtype: 'TXT', [kind === 'ispmanager4' ? 'addr' : 'value']: 'straße' },
        [`+ www.${street}. TXT "stra\\195\\159e"`],
      ],
    ];
    for (const [fields, expected] of cases)
      assert.deepEqual(done(panel, kind, { ...save, ...fields }), expected, JSON.stringify(fields));
  });

  test(`issue 12.11: ${kind}: a key that handlers get in Unicode means the record of the list`, async (t) => {
    const panel = panelWith(t, [street, 'example.org'], kind);
    await panel.listZones(ctx);
    const record = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, parseName(`${street}.`));
    const known = [{ record, key: `www.${street}. A  192.0.2.1` }];
    const gone = [`- www.${street}. A 192.0.2.1`];
    assert.deepEqual(
      done(panel, kind, removal('straße.example', 'www.straße.example. A  192.0.2.1'), known),
      gone,
    );
    const below = makeRecord({ name: street, type: 'A', rdata: '192.0.2.2' }, parseName('org.'));
    assert.match(formatRecord(below), /^straße\.example\.org A/u);
    const deep = [{ record: below, key: `${street}.org. A  192.0.2.2` }];
    const elid = 'straße.example.org. A  192.0.2.2';
    assert.deepEqual(done(panel, kind, removal('example.org', elid), deep), [`- ${street}.org. A 192.0.2.2`]);
    const change = {
      func: 'domain.record.edit',
      plid: 'example.org',
      elid,
      sok: 'ok',
      rtype: 'A',
      ip: '192.0.2.3',
    };
    const changed = [`- ${street}.org. A 192.0.2.2`, `+ ${street}.org. A 192.0.2.3`];
    assert.deepEqual(done(panel, kind, { ...change, name: 'straße.example.org.' }, deep), changed);
    assert.deepEqual(done(panel, kind, { ...change, name: 'maß.example.org.' }, deep), ['name.deviation']);
    // It is not known whether the panel reads `ß` as `ss` or keeps it (`xn--strae-oqa`).
    const plain = makeRecord({ name: 'strasse.example.org.', type: 'A', rdata: '192.0.2.2' });
    const typed = { ...change, elid: 'strasse.example.org. A  192.0.2.2', name: 'straße.example.org.' };
    assert.deepEqual(done(panel, kind, typed, [{ record: plain, key: typed.elid }]), ['name.deviation']);
  });

  test(`issue 12.11: ${kind}: before the list is read, what an earlier run knew decides`, async (t) => {
    const panel = panelWith(t, ['strasse.example'], kind);
    panel.remember([zoneName(street)]);
    assert.equal(zoneMeant(panel, kind, removal('straße.example')), `${street}.`);
    await panel.listZones(ctx);
    assert.equal(zoneMeant(panel, kind, removal('straße.example')), 'strasse.example.');
    panel.remember([zoneName(street)]);
    assert.equal(zoneMeant(panel, kind, removal('straße.example')), 'strasse.example.');
  });

  test(`issue 12.11: ${kind}: a zone that was made since the list was read is known by its records`, async (t) => {
    const panel = panelWith(t, ['example.org'], kind);
    await panel.listZones(ctx);
    assert.equal(zoneMeant(panel, kind, removal('straße.example')), 'name.deviation');
    assert.deepEqual(await panel.readZone(zoneName(street), ctx), []);
    assert.equal(zoneMeant(panel, kind, removal('straße.example')), `${street}.`);
  });

  test(`issue 12.11: ${kind}: a new zone with such a name is refused, and read below a known one`, async (t) => {
    const panel = panelWith(t, [street], kind);
    await panel.listZones(ctx);
    const create = (name: string): Fields => ({ func: 'domain.edit', elid: '', name, sok: 'ok' });
    assert.equal(zoneMeant(panel, kind, create('maß.example')), 'name.deviation');
    assert.equal(zoneMeant(panel, kind, create('STRAẞE.org')), 'name.deviation');
    assert.equal(zoneMeant(panel, kind, create('sub.straße.example')), `sub.${street}.`);
    assert.equal(zoneMeant(panel, kind, create(`${street}.org`)), `${street}.org.`);
  });

  test(`issue 12.11: ${kind}: a list of records that shows names in Unicode is read`, async (t) => {
    const name = 'www.straße.example.';
    const key = `${name} A  192.0.2.1`;
    const row = `<elem><key>${key}</key><rkey>${key}</rkey><name>${name}</name><type>A</type><rtype>A</rtype><addr>192.0.2.1</addr><value>192.0.2.1</value></elem>`;
    const panel = panelWith(t, [street], kind, `<doc>${row}</doc>`);
    const records = await panel.readZone(zoneName(street), ctx);
    assert.deepEqual(
      records?.map((one) => [one.name, one.key]),
      [[`www.${street}.`, key]],
    );
  });
}

for (const kind of kinds) {
  const rowOf = (name: string): string => {
    const key = `${name} A  192.0.2.1`;
    return `<elem><key>${key}</key><rkey>${key}</rkey><name>${name}</name><type>A</type><rtype>A</rtype><addr>192.0.2.1</addr><value>192.0.2.1</value></elem>`;
  };

  test(`issue 12.11: ${kind}: a record whose name no server could serve is passed over and told once`, async (t) => {
    const lines: string[] = [];
    const names = ['www.example.org.', 'a..b.example.org.', `${'x'.repeat(64)}.example.org.`];
    const panel = panelWith(t, ['example.org'], kind, `<doc>${names.map(rowOf).join('')}</doc>`, (...line) =>
      lines.push(JSON.stringify(line)),
    );
    for (let at = 0; at < 2; at += 1) {
      const records = await panel.readZone(zoneName('example.org'), ctx);
      assert.deepEqual(
        records?.map(({ name }) => name),
        ['www.example.org.'],
      );
    }
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? '',
      /^\[2,"panel\.no-names",\{"zone":"example\.org\.","count":2,"records":"a\.\.b\.example\.org\. A/u,
    );
  });

  test(`issue 12.11: ${kind}: what is passed over can be corrected and deleted in the panel`, async (t) => {
    const bad = 'a..b.example.org.';
    const panel = panelWith(t, ['example.org', 'a..b'], kind, `<doc>${rowOf(bad)}</doc>`);
    const drop = (elid: string): Fields => ({ func: 'domain.delete', elid, sok: 'ok' });
    const edit = { func: 'domain.record.edit', plid: 'example.org', sok: 'ok', rtype: 'A', ip: '192.0.2.2' };
    const key = `${bad} A  192.0.2.1`;
    assert.equal(
      zoneMeant(panel, kind, drop('a..b')),
      'name.empty-label',
      'nothing is known of the panel yet',
    );
    assert.deepEqual(done(panel, kind, removal('example.org', key)), ['record.unknown-key']);
    await panel.listZones(ctx);
    await panel.readZone(zoneName('example.org'), ctx);
    assert.equal(zoneMeant(panel, kind, drop('a..b')), 'ignore');
    assert.equal(zoneMeant(panel, kind, drop('a..b, example.org')), 'example.org.');
    assert.equal(zoneMeant(panel, kind, drop('a..c')), 'name.empty-label');
    assert.deepEqual(done(panel, kind, { ...edit, plid: 'a..b', elid: '', name: 'www' }), ['ignore']);
    assert.deepEqual(done(panel, kind, removal('example.org', key)), ['ignore']);
    assert.deepEqual(done(panel, kind, removal('example.org', 'a..c A  192.0.2.1')), ['record.unknown-key']);
    const corrected = ['+ ab.example.org. A 192.0.2.2'];
    assert.deepEqual(done(panel, kind, { ...edit, elid: key, name: 'ab' }), corrected);
    assert.deepEqual(done(panel, kind, { ...edit, elid: key, name: bad }), ['name.empty-label']);
  });

  test(`issue 12.11: ${kind}: a record whose name can be read in two ways proves no other's absence`, async (t) => {
    const panel = panelWith(t, ['example.org'], kind, `<doc>${rowOf('maß.example.org.')}</doc>`);
    await assert.rejects(panel.readZone(zoneName('example.org'), ctx), PanelError);
  });
}

test('a row without a name is no domain with a bad one: the list is not understood', async (t) => {
  const panel = panelWith(t, ['example.org', ''], 'ispmanager6');
  await assert.rejects(panel.listZones(ctx), (error) => error instanceof PanelError);
});
