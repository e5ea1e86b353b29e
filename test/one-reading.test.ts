import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseName } from '../src/dns/name.ts';
import { DnsDataError } from '../src/dns/problem.ts';
import { recordId, type ResourceRecord } from '../src/dns/record.ts';
import { ispmanager5Records } from '../src/net/ispmanager/ispmanager5-records.ts';
import type { Cells, RecordDialect } from '../src/net/ispmanager/record-dialect.ts';
import { ispmanager4Records } from '../src/net/ispmanager/ispmanager4-records.ts';
import { FIELDS, readIspmanager5Row, recordCells } from '../sandbox/ispmanager5/records.ts';
import { Params } from '../sandbox/shared/params.ts';
import { readIspmanager4Row } from '../sandbox/ispmanager4/records.ts';
import { recordKey, shownAddr, shownName } from '../sandbox/shared/records.ts';
import { Refusal } from '../sandbox/shared/refusal.ts';

const zoneText = 'example.org';
const zone = parseName('example.org.');

/** Unusual parts of values: quotation marks, escapes, white space, comments, letters that are not ASCII. */
const odd = fc
  .array(
    fc.constantFrom(
      '"',
      '\\',
      ' ',
      '\t',
      ';',
      '@',
      '.',
      '(',
      'a',
      'B',
      '1',
      '\\195\\169',
      'é',
      '" "',
      '\\#',
      '*',
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

const values: Readonly<Record<string, readonly string[]>> = {
  ip: ['192.0.2.1', '2001:DB8::1', '2001:0db8:0:0:0:0:0:1', '::ffff:192.0.2.1'],
  domain: ['mail', 'Mail.example.net.', '@', 'm\u00fcnchen.example.'],
  srvdomain: ['sip', 'sip.example.net.'],
  value: ['v=spf1 -all', '"a" "b"', '"a"', 'a"b', String.raw`"caf\195\169 " "x"`, String.raw`"a\"b" "c"`],
  caa_tag: ['issue', 'ISSUEWILD', 'iodef'],
  caa_value_domain: [
    'ca.example',
    '"ca.example"',
    'ca.example; policy=ev',
    '"ca.example; a=b"',
    ';',
    '"ca',
    String.raw`"a\"b"`,
  ],
  caa_value_email: ['a@example.org', '"a@example.org"', 'a+b@example.org'],
  ds_digest: ['ab'.repeat(32)],
  tlsa_value: ['AB'.repeat(32), 'ab cd'],
};

/** Generates values for a field. Numbers also come with a leading zero and in quotation marks. */
function valueOf(field: string): fc.Arbitrary<string> {
  const known = values[field];
  if (known === undefined) return fc.constantFrom('', '0', '1', '2', '01', '255', '"1"');
  const spaces = fc.constantFrom('', '', '', ' ');
  const sound = fc.tuple(spaces, fc.constantFrom(...known), spaces).map((parts) => parts.join(''));
  return fc.oneof({ weight: 3, arbitrary: sound }, { weight: 1, arbitrary: odd });
}

const owners = fc.constantFrom('www', '@', '', 'WWW.example.org.', '*.a', '_sip._tcp', 'm\u00fcnchen');

/**
 * A panel as a function from a form to the row that the panel shows for it; null: the panel refuses the form.
 */
type Panel = (form: Cells) => Cells | null;

function unlessRefused(shown: () => Cells): Cells | null {
  try {
    return shown();
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

const corePanel: Panel = (form) =>
  unlessRefused(() => {
    const row = readIspmanager5Row(Params.of(form), null, zoneText);
    return Object.fromEntries(recordCells(row, zoneText, 'rkey').map(({ name, text }) => [name, text]));
  });

const v4Panel: Panel = (form) =>
  unlessRefused(() => {
    const row = readIspmanager4Row(Params.of(form), zoneText);
    const spelling = { absoluteNames: false, hosts: 'verbatim' } as const;
    const { type, prio, wght, port } = row;
    const shown = { name: shownName(row, zoneText, spelling), addr: shownAddr(row, zoneText, spelling) };
    return { ...shown, type, prio, wght, port, key: recordKey(row, zoneText, spelling) };
  });

const centrals: readonly CentralPanel[] = [
  { dialect: ispmanager5Records, panel: corePanel },
  { dialect: ispmanager4Records, panel: v4Panel },
];

function recordOf(read: () => ResourceRecord | null): string | null {
  try {
    const record = read();
    return record === null ? null : recordId(record);
  } catch (error) {
    if (error instanceof DnsDataError) return null;
    throw error;
  }
}

/**
 * Asserts that the product reads the same record from a form, from the row that the panel shows for it, and
 * from the row's identifier. The form that the product would send for this record must mean the same record
 * again.
 */
function readsOnce(dialect: RecordDialect, panel: Panel, form: Cells): void {
  const row = panel(form);
  const meant = recordOf(() => dialect.fromForm(form, zone));
  // The panel or the product refuses the form, so there is nothing to compare.
  if (row === null || meant === null) return;
  const shown = JSON.stringify({ form, row });
  assert.equal(
    recordOf(() => dialect.record(row, zone)),
    meant,
    shown,
  );
  assert.equal(
    recordOf(() => dialect.fromKey(dialect.keyOf(row), zone)),
    meant,
    shown,
  );
  const record = dialect.record(row, zone);
  assert.equal(
    recordOf(() => dialect.fromForm(dialect.form(record), zone)),
    meant,
    shown,
  );
  for (const central of centrals) isWrittenAsMeant(central, record);
}

interface CentralPanel {
  readonly dialect: RecordDialect;
  readonly panel: Panel;
}

/**
 * Asserts that a central stores the record that the product sends, and shows exactly that record. The central
 * is a panel of either generation.
 */
function isWrittenAsMeant({ dialect, panel }: CentralPanel, record: ResourceRecord): void {
  if (!dialect.holds(record, zone)) return;
  const form = dialect.form(record);
  const row = panel(form);
  // The central refuses the form, so nothing is stored.
  if (row === null) return;
  const shown = JSON.stringify({ record, form, row });
  const meant = recordId(record);
  assert.equal(
    recordOf(() => dialect.record(row, zone)),
    meant,
    shown,
  );
  assert.equal(
    recordOf(() => dialect.fromKey(dialect.keyOf(row), zone)),
    meant,
    shown,
  );
}

for (const [type, fields] of Object.entries(FIELDS)) {
  test(`issue 12.1: versions 5 and 6, ${type}: form, list and key are read alike`, () => {
    const sent = fields.map((field) => valueOf(field).map((value): [string, string] => [field, value]));
    fc.assert(
      fc.property(owners, fc.tuple(...sent), (name, given) => {
        readsOnce(ispmanager5Records, corePanel, {
          name,
          rtype: type.toLowerCase(),
          ...Object.fromEntries(given),
        });
      }),
      { numRuns: 400 },
    );
  });
}

const v4Values: Readonly<Record<string, string>> = { A: 'ip', AAAA: 'ip', TXT: 'value' };

for (const sdtype of ispmanager4Records.recordTypes) {
  test(`issue 12.1: version 4, ${sdtype}: form, list and key are read alike`, () => {
    const numbers = { MX: ['prio'], SRV: ['prio', 'wght', 'port'] }[sdtype] ?? [];
    const sent = numbers.map((field) => valueOf(field).map((value): [string, string] => [field, value]));
    fc.assert(
      fc.property(owners, valueOf(v4Values[sdtype] ?? 'domain'), fc.tuple(...sent), (name, addr, given) => {
        readsOnce(ispmanager4Records, v4Panel, { name, sdtype, addr, ...Object.fromEntries(given) });
      }),
      { numRuns: 400 },
    );
  });
}
