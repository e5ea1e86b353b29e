import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseName } from '../name.ts';
import { DnsDataError } from '../problem.ts';
import {
  canonicalType,
  parseRdata,
  rdataFields,
  rdataFromFields,
  rdataFromWire,
  singleValued,
  txtChunks,
  wireRdata,
} from './rdata.ts';
import { recordTypes } from './types.ts';

const zone = parseName('example.org.');

test('two spellings of the same data are equal', () => {
  const same: [string, string[], string][] = [
    ['A', ['192.0.2.1', '\\# 4 c0000201', '\\# 4 C000 0201'], '192.0.2.1'],
    ['AAAA', ['2001:DB8::1', '2001:db8:0:0:0:0:0:1', '2001:0db8::0001'], '2001:db8::1'],
    ['AAAA', ['::ffff:192.0.2.1', '::ffff:c000:201'], '::ffff:c000:201'],
    ['AAAA', ['1:0:0:2:0:0:0:3'], '1:0:0:2::3'],
    ['AAAA', ['1:0:2:3:4:5:6:7'], '1:0:2:3:4:5:6:7'],
    ['MX', ['10 mail', '010 MAIL.example.org.', ' 10   mail.Example.org.'], '10 mail.example.org.'],
    ['TXT', ['"ab"', 'ab', '"a" "b"', '"\\097b"'], '"ab"'],
    ['TXT', ['"a\\"b"', 'a\\"b'], '"a\\"b"'],
    ['TXT', ['""'], '""'],
    ['TXT', ['"ä"', '"\\195\\164"'], '"\\195\\164"'],
    [
      'SRV',
      ['10 5 5060 sip', '\\# 23 000a000513c403736970076578616d706c65036f726700'],
      '10 5 5060 sip.example.org.',
    ],
    ['CAA', ['0 ISSUE "ca.example"', '0 issue ca.example'], '0 issue "ca.example"'],
    ['CNAME', ['@', 'example.org.'], 'example.org.'],
    ['DS', ['1 8 2 ABCD', '01 8 2 ab cd', '\\# 6 00010802abcd'], '1 8 2 abcd'],
    ['TLSA', ['3 1 1 ABCD', '3 1 1 ab cd', '\\# 5 030101abcd'], '3 1 1 abcd'],
    ['TYPE65', ['\\# 3 00 01 02', '\\# 3 000102'], '\\# 3 000102'],
    ['SSHFP', ['\\# 0'], '\\# 0'],
  ];
  for (const [type, spellings, canonical] of same) {
    for (const text of spellings) assert.equal(parseRdata(type, text, zone), canonical, `${type} ${text}`);
  }
});

test('types by name and number', () => {
  assert.equal(canonicalType('a'), 'A');
  assert.equal(canonicalType('TYPE1'), 'A');
  assert.equal(canonicalType('type65'), 'TYPE65');
  assert.equal(canonicalType('sshfp'), 'SSHFP');
  for (const text of ['', 'a b', '1A', 'TYPE', '\n']) {
    if (text !== 'TYPE') assert.throws(() => canonicalType(text), DnsDataError, JSON.stringify(text));
  }
  assert.ok(singleValued('CNAME') && !singleValued('A') && !singleValued('NOPE'));
});

test('bad data are refused with every problem', () => {
  const bad: [string, string, string[]][] = [
    ['A', '192.0.2.256', ['rdata.bad-ipv4']],
    ['A', '192.0.2.01', ['rdata.bad-ipv4']],
    ['A', '', ['rdata.missing-field']],
    ['A', '192.0.2.1 192.0.2.2', ['rdata.extra-field']],
    ['AAAA', 'fe80::1%eth0', ['rdata.bad-ipv6']],
    ['MX', 'mail', ['rdata.bad-number', 'rdata.missing-field']],
    ['MX', '-1 a..b', ['rdata.bad-number', 'name.empty-label']],
    ['MX', '65536 mail', ['rdata.bad-number']],
    ['SRV', '1 2 x mail', ['rdata.bad-number']],
    ['TXT', '"open', ['rdata.unbalanced-quote']],
    ['TXT', '"\\300"', ['rdata.bad-escape']],
    ['CAA', '0 is-sue "x"', ['rdata.bad-tag']],
    ['TYPE65', 'abc', ['rdata.not-generic']],
    ['TYPE65', '\\# 2 00', ['rdata.bad-hex']],
    ['A', '\\# 3 000102', ['rdata.bad-hex']],
  ];
  for (const [type, text, codes] of bad) {
    assert.throws(
      () => parseRdata(type, text, zone),
      (error) => {
        assert.ok(error instanceof DnsDataError);
        assert.deepEqual(
          error.problems.map(({ code }) => code),
          codes,
          `${type} ${text}`,
        );
        return true;
      },
    );
  }
});

test('a text of 65,535 octets of wire form fits, one more does not', () => {
  const most = 65_535 - 256;
  const text = 'x'.repeat(most);
  assert.equal(wireRdata('TXT', rdataFromFields('TXT', [text])).length, 65_535);
  assert.throws(() => rdataFromFields('TXT', [`${text}x`]), DnsDataError);
  assert.equal(txtChunks(rdataFromFields('TXT', ['y'.repeat(600)])).length, 3);
});

test('a text comes out as it went in', () => {
  for (const text of [
    '',
    'a "b" \\ c',
    'v=DKIM1; p=abc, def',
    ' lead and trail ',
    'ä привет 漢字',
    '\\097',
  ]) {
    assert.deepEqual(rdataFields('TXT', rdataFromFields('TXT', [text])), [text]);
  }
  assert.deepEqual(rdataFields('TXT', '"\\255x"'), ['\\255x']);
});

const anyText = fc
  .string({ unit: 'binary', maxLength: 400 })
  .filter((text) => text.isWellFormed() && !/\p{Cc}/u.test(text));
const host = fc.constantFrom('example.org.', 'a.b.example.', '*.x.', '_a.\\032b.');
const address = fc.array(fc.integer({ min: 0, max: 65_535 }), { minLength: 8, maxLength: 8 });
const u16 = fc.integer({ min: 0, max: 65_535 }).map(String);

const u8 = fc.integer({ min: 0, max: 255 }).map(String);
const octets = fc
  .uint8Array({ minLength: 1, maxLength: 64 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));

const fieldsOf: Record<string, fc.Arbitrary<string[]>> = {
  A: fc
    .array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 })
    .map((parts) => [parts.join('.')]),
  AAAA: address.map((groups) => [groups.map((group) => group.toString(16)).join(':')]),
  NS: fc.tuple(host),
  CNAME: fc.tuple(host),
  DNAME: fc.tuple(host),
  PTR: fc.tuple(host),
  MX: fc.tuple(u16, host),
  TXT: fc.tuple(anyText),
  SPF: fc.tuple(anyText),
  SRV: fc.tuple(u16, u16, u16, host),
  CAA: fc.tuple(fc.integer({ min: 0, max: 255 }).map(String), fc.constantFrom('issue', 'iodef'), anyText),
  DS: fc.tuple(u16, u8, u8, octets),
  TLSA: fc.tuple(u8, u8, u8, octets),
  SOA: fc.tuple(host, host, u16, u16, u16, u16, u16),
};

test('every type of the table: text, fields and wire form lead back to the same data', () => {
  assert.deepEqual(Object.keys(fieldsOf).toSorted(), [...recordTypes.keys()].toSorted());
  for (const [type, fields] of Object.entries(fieldsOf)) {
    fc.assert(
      fc.property(fields, (values) => {
        const rdata = rdataFromFields(type, values);
        assert.equal(parseRdata(type, rdata), rdata);
        assert.equal(rdataFromFields(type, rdataFields(type, rdata)), rdata);
        assert.equal(rdataFromWire(type, wireRdata(type, rdata)), rdata);
        const hex = Buffer.from(wireRdata(type, rdata)).toString('hex');
        assert.equal(parseRdata(type, `\\# ${hex.length / 2} ${hex}`), rdata);
      }),
      { numRuns: 50 },
    );
  }
});

test('octets that fit no type are an error, never something else', () => {
  fc.assert(
    fc.property(fc.constantFrom(...recordTypes.keys()), fc.uint8Array({ maxLength: 40 }), (type, octets) => {
      try {
        const rdata = rdataFromWire(type, octets);
        assert.equal(rdataFromWire(type, wireRdata(type, rdata)), rdata);
      } catch (error) {
        assert.ok(error instanceof DnsDataError);
      }
    }),
  );
});
