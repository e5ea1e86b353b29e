import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseName } from './name.ts';
import { DnsDataError } from './problem.ts';
import { formatRecord, makeRecord, recordId, type ResourceRecord } from './record.ts';
import { compareNames, formatZoneFile, parseZoneFile } from './zone-file.ts';

const origin = parseName('example.org.');

function lines(text: string): string[] {
  return parseZoneFile(text, { origin }).records.map((record) => `${record.ttl} ${formatRecord(record)}`);
}

test('everything a master file may have', () => {
  const text = `$TTL 1h ; default
@ IN SOA ns1 hostmaster ( 1 ; serial
   3h 15m
   1W 1h )
    NS ns1
www 60 IN A 192.0.2.1
    IN 1m A 192.0.2.2
txt TXT "semi;colon" ( "two"
  "three" ) ; comment
q TXT "a\\"b\\;c" \\097
$ORIGIN sub.example.org.
a CNAME @
`;
  assert.deepEqual(lines(text), [
    '3600 example.org SOA ns1.example.org. hostmaster.example.org. 1 10800 900 604800 3600',
    '3600 example.org NS ns1.example.org.',
    '60 www.example.org A 192.0.2.1',
    '60 www.example.org A 192.0.2.2',
    '3600 txt.example.org TXT "semi;colontwothree"',
    '3600 q.example.org TXT "a\\"b;ca"',
    '3600 a.sub.example.org CNAME sub.example.org.',
  ]);
});

test('words, quotes and escapes are cut as BIND cuts them (corpus/ has it in full)', () => {
  const text = `$TTL 60
a\\ b\tTXT\t"x;(\ty" ; "z
\t\tCLASS1 1h30m TXT a"b"c
( p A 192.0.2.1 )
q IN 1H A ( 192.0.2.2
) ; (
`;
  assert.deepEqual(lines(text), [
    '60 a\\032b.example.org TXT "x;(\\009y"',
    '5400 a\\032b.example.org TXT "abc"',
    '60 p.example.org A 192.0.2.1',
    '3600 q.example.org A 192.0.2.2',
  ]);
});

test('a TTL that is nowhere is the SOA’s minimum, and a file we write says so', () => {
  const zone = '@ SOA ns hm 1 2h 3h 4h 1h\n@ NS ns\na 60 A 192.0.2.1\nb A 192.0.2.2\n';
  const { records } = parseZoneFile(zone, { origin });
  assert.deepEqual(
    records.map(({ ttl }) => ttl),
    [3600, 3600, 60, 3600],
  );
  const written = formatZoneFile(
    origin,
    records.map((record) => (record.ttl === 60 ? record : { ...record, ttl: null })),
  );
  const read = parseZoneFile(written).records;
  assert.deepEqual(read.map(({ ttl, type }) => `${type} ${ttl}`).sort(), [
    'A 3600',
    'A 60',
    'NS 3600',
    'SOA 3600',
  ]);
  assert.equal(parseZoneFile('a A 192.0.2.1\n', { origin }).records[0]?.ttl, null);
});

test('every mistake at once, with file and line', () => {
  const text = `$INCLUDE other.zone
www A 192.0.2.300
$GENERATE 1-2 a A 192.0.2.$
x CH A 192.0.2.1
y TXT "open
$TTL soon
$TTL 60 more
1h30 A 192.0.2.1
w 60 60 A 192.0.2.1
w IN IN A 192.0.2.1
z (
`;
  assert.throws(
    () => parseZoneFile(text, { origin, file: 'f.zone' }),
    (error) => {
      assert.ok(error instanceof DnsDataError);
      const said = error.problems.map(({ code, params: { file, line, column } }) =>
        [file, line, `${column} ${code}`].join(':'),
      );
      assert.deepEqual(said, [
        'f.zone:1:10 zonefile.include',
        'f.zone:2:7 rdata.bad-ipv4',
        'f.zone:3:1 zonefile.directive',
        'f.zone:4:3 zonefile.class',
        'f.zone:5:7 rdata.unbalanced-quote',
        'f.zone:6:6 zonefile.bad-ttl',
        'f.zone:7:9 zonefile.directive',
        'f.zone:9:6 type.unknown',
        'f.zone:10:9 rdata.not-generic',
        'f.zone:11:3 zonefile.parenthesis',
      ]);
      return true;
    },
  );
});

test('issue 17, zone files: a mistake within parentheses stands where it was made', () => {
  const text = `@ SOA ns hm ( 1 ; serial
  2 3 four
  5 )
m MX ( ten
   mail )
away.example.net. A 192.0.2.1
   A 192.0.2.2
long${'x'.repeat(70)} A 192.0.2.1
`;
  assert.throws(
    () => parseZoneFile(text, { origin, within: origin }),
    (error) => {
      assert.ok(error instanceof DnsDataError);
      const said = error.problems.map(({ code, params: { line, column } }) => `${line}:${column} ${code}`);
      assert.deepEqual(said, [
        '2:7 rdata.bad-number',
        '4:8 rdata.bad-number',
        '6:1 zonefile.outside',
        '7:4 zonefile.no-owner',
        '8:1 name.label-too-long',
      ]);
      return true;
    },
  );
});

test('a first record without an owner', () => {
  assert.throws(() => parseZoneFile('  A 192.0.2.1\n', { origin }), DnsDataError);
});

const record = fc
  .tuple(
    fc.constantFrom('@', 'www', 'a.b', '*', '_x'),
    fc.constantFrom('A', 'TXT', 'MX'),
    fc.integer({ min: 1, max: 9 }),
  )
  .map(([name, type, last]): ResourceRecord => {
    const rdata = { A: `192.0.2.${last}`, TXT: `"text ${last}"`, MX: `${last} mail` }[type];
    return makeRecord({ name, type, rdata }, origin);
  });
const content = fc.array(record, { maxLength: 12 }).map((records) => ({ records }));

function ids({ records }: { readonly records: readonly ResourceRecord[] }): string[] {
  return [...new Set(records.map(recordId))].sort();
}

test('a master file leads back to the same records', () => {
  fc.assert(
    fc.property(content, ({ records }) => {
      const read = parseZoneFile(formatZoneFile(origin, records));
      assert.deepEqual(ids(read), ids({ records }));
      assert.equal(read.origin, origin);
    }),
  );
});

test('canonical order is that of RFC 4034 section 6.1', () => {
  const sorted = [
    'example.',
    'a.example.',
    'yljkjljk.a.example.',
    'Z.a.example.',
    'zABC.a.EXAMPLE.',
    'z.example.',
    '\\001.z.example.',
    '*.z.example.',
    '\\200.z.example.',
  ];
  const names = sorted.map((text) => parseName(text));
  assert.deepEqual(names.toReversed().sort(compareNames), names);
});
