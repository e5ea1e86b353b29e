import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { labelText, parseName, type DnsName } from '../name.ts';
import { DnsDataError } from '../problem.ts';
import { rdataFromWire, wireRdata } from '../rdata/rdata.ts';
import { recordTypes } from '../rdata/types.ts';
import { classes, rcodeName, rcodes, typeName } from './codes.ts';
import { numberOfType } from '../rdata/types.ts';
import { decodeMessage, encodeMessage, noFlags, queryMessage, type DnsMessage } from './message.ts';
import { expandName } from './octets.ts';
import type { WireRecord } from './records.ts';

const zone = parseName('example.org.');

const label = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((octets) => labelText(octets).toLowerCase());
const name: fc.Arbitrary<DnsName> = fc.oneof(
  fc
    .constantFrom('.', 'example.org.', 'www.example.org.', '*.a.www.example.org.')
    .map((text) => parseName(text)),
  fc
    .array(label, { minLength: 1, maxLength: 5 })
    .map((parts) => parseName(`${parts.join('.')}.example.org.`)),
);
const u16 = fc.integer({ min: 0, max: 65_535 });
const bytes = fc.uint8Array({ maxLength: 60 });

function generic(octets: Uint8Array): string {
  const hex = Buffer.from(octets).toString('hex');
  return octets.length === 0 ? '\\# 0' : `\\# ${octets.length} ${hex}`;
}

/** Draws random pairs of a type and its canonical rdata. */
const data: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  fc.ipV4().map((text) => ['A', text] as const),
  name.map((text) => ['NS', text] as const),
  fc.tuple(u16, name).map(([preference, host]) => ['MX', `${preference} ${host}`] as const),
  fc.tuple(name, name, u16).map(([a, b, n]) => ['SOA', `${a} ${b} ${n} 1 2 3 4294967295`] as const),
  fc.tuple(u16, name).map(([port, host]) => ['SRV', `1 2 ${port} ${host}`] as const),
  bytes.map((octets) => ['TXT', rdataFromWire('TXT', Buffer.from([octets.length, ...octets]))] as const),
  fc
    .tuple(fc.constantFrom('TYPE65400', 'ANY'), bytes)
    .map(([type, octets]) => [type, generic(octets)] as const),
);

const record: fc.Arbitrary<WireRecord> = fc.oneof(
  fc
    .tuple(name, data, fc.constantFrom(classes.IN, classes.NONE), fc.integer({ min: 0, max: 2 ** 31 - 1 }))
    .filter(([, [, rdata], recordClass]) => recordClass === classes.IN || rdata !== '\\# 0')
    .map(([owner, [type, rdata], recordClass, ttl]) => ({
      name: owner,
      type,
      class: recordClass,
      ttl,
      rdata,
    })),
  fc
    .tuple(name, fc.constantFrom('A', 'ANY', 'TYPE999'), fc.constantFrom(classes.NONE, classes.ANY))
    .map(([owner, type, recordClass]) => ({ name: owner, type, class: recordClass, ttl: 0, rdata: null })),
);

const flags = fc.record({ qr: fc.boolean(), aa: fc.boolean(), tc: fc.boolean(), rd: fc.boolean() });
const records = fc.array(record, { maxLength: 6 });

const message: fc.Arbitrary<DnsMessage> = fc
  .record({
    id: u16,
    opcode: fc.constantFrom('query' as const, 'notify' as const, 'update' as const, 2, 15),
    flags,
    rcode: fc.integer({ min: 0, max: 4_095 }),
    questions: fc.array(
      fc.record({ name, type: fc.constantFrom('A', 'AXFR', 'ANY', 'TYPE65400'), class: u16 }),
      { maxLength: 2 },
    ),
    answers: records,
    authority: records,
    additional: records,
    udpSize: fc.option(u16),
  })
  .map((made) => (made.udpSize === null ? { ...made, rcode: made.rcode & 15 } : made));

function plain(value: DnsMessage): unknown {
  return JSON.parse(
    JSON.stringify({ ...value, tsig: null }, (_key, part: unknown) =>
      part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part,
    ).replaceAll(/\{"type":"Buffer","data":(\[[\d,]*\])\}/g, (_all, list: string) =>
      JSON.stringify(Buffer.from(JSON.parse(list) as number[]).toString('hex')),
    ),
  );
}

function codes(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof DnsDataError, String(error));
    return error.problems.map(({ code }) => code);
  }
  return [];
}

test('a message comes out as it went in', () => {
  fc.assert(
    fc.property(message, (value) => {
      assert.deepEqual(plain(decodeMessage(encodeMessage(value))), plain(value));
    }),
    { numRuns: 1_000 },
  );
});

/**
 * Checks that octets are refused with `DnsDataError`; or that they are read, written and read again as the
 * same message.
 */
function readsOrComplains(octets: Uint8Array): void {
  let read: DnsMessage;
  try {
    read = decodeMessage(octets);
  } catch (error) {
    assert.ok(error instanceof DnsDataError, String(error));
    return;
  }
  assert.deepEqual(plain(decodeMessage(encodeMessage(read))), plain(read));
}

test('octets of any kind are a message or an error, never something else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (octets) => readsOrComplains(octets)),
    { numRuns: 2_000 },
  );
  const counts = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(counts, fc.uint8Array({ maxLength: 100 }), (four, rest) =>
      readsOrComplains(Buffer.from([1, 2, 0x28, 0, ...four.flatMap((count) => [0, count]), ...rest])),
    ),
    { numRuns: 2_000 },
  );
});

test('a message with octets changed or cut is a message or an error', () => {
  const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(message, fc.array(change, { maxLength: 4 }), fc.option(fc.nat()), (value, changes, cut) => {
      const octets = Buffer.from(encodeMessage(value));
      for (const [at, octet] of changes) octets[at % octets.length] = octet;
      readsOrComplains(cut === null ? octets : octets.subarray(0, cut % octets.length));
    }),
    { numRuns: 3_000 },
  );
});

test('every cut of a message is an error', () => {
  const plainMessage = encodeMessage({
    ...queryMessage(zone, 'MX'),
    answers: [{ name: zone, type: 'MX', class: classes.IN, ttl: 1, rdata: '10 mail.example.org.' }],
    udpSize: 1_232,
  });
  // Ends in an OPT record with one option of one octet.
  const octets = Buffer.concat([plainMessage.subarray(0, -2), Buffer.from('0005000a000178', 'hex')]);
  assert.equal(decodeMessage(octets).udpSize, 1_232);
  for (let length = 0; length < octets.length; length += 1)
    assert.deepEqual(
      codes(() => decodeMessage(octets.subarray(0, length))),
      ['wire.cut'],
    );
  assert.deepEqual(
    codes(() => decodeMessage(Buffer.concat([octets, Buffer.alloc(1)]))),
    ['wire.left-over'],
  );
});

test('names are compressed only where RFC 1035 types have them', () => {
  const host = parseName('mail.example.org.');
  const size = (type: string, rdata: string): number =>
    encodeMessage({
      ...queryMessage(host, type),
      answers: [{ name: host, type, class: classes.IN, ttl: 0, rdata }],
    }).length;
  const head = 12 + 18 + 4 + 2 + 10;
  assert.equal(size('MX', `1 ${host}`), head + 2 + 2);
  assert.equal(size('SRV', `1 2 3 ${host}`), head + 6 + 18);
  assert.equal(size('DNAME', host), head + 18);
});

test('compressed names are read in every type, whatever their case', () => {
  // The message has the question example.org, and an SRV record. The SRV's target is "SIP" and a pointer to
  // the question.
  const rdata = Buffer.from('0001000200030353495 0c00c'.replaceAll(' ', ''), 'hex');
  const question = encodeMessage(queryMessage(zone, 'SRV'));
  const head = Buffer.from('c00c0021000100000001', 'hex');
  const octets = Buffer.concat([question, head, Buffer.from([0, rdata.length]), rdata]);
  octets.writeUInt16BE(1, 6);
  const [answer] = decodeMessage(octets).answers;
  assert.equal(answer?.rdata, '1 2 3 sip.example.org.');
  assert.equal(
    Buffer.from(answer.octets ?? [])
      .toString('latin1')
      .slice(7, 10),
    'SIP',
  );
});

test('pointers that lead forward, in a circle, into the header or on for long are refused', () => {
  const at = (rest: number[]): Buffer => Buffer.from([...Array<number>(12).fill(0), ...rest]);
  const refused: [string, number[]][] = [
    ['itself', [0xc0, 12]],
    ['forward', [0xc0, 14, 0]],
    ['circle', [1, 0x61, 0xc0, 12]],
    ['header', [0xc0, 2]],
  ];
  for (const [what, octets] of refused)
    assert.deepEqual(
      codes(() => expandName(at(octets), 12)),
      ['wire.bad-pointer'],
      what,
    );
  const chain = at([
    0,
    ...Array.from({ length: 200 }, (_, n) => [0xc0 | ((n * 2 + 11) >> 8), n === 0 ? 12 : n * 2 + 11]).flat(),
  ]);
  assert.deepEqual(
    codes(() => expandName(chain, 13 + 199 * 2)),
    ['wire.bad-pointer'],
  );
  assert.equal(expandName(chain, 13 + 20 * 2).octets.length, 1);
  assert.deepEqual(
    codes(() => expandName(at([0x41, 0x61]), 12)),
    ['wire.bad-name'],
  );
  const long = at([...Array.from({ length: 5 }, () => [63, ...Array<number>(63).fill(0x61)]).flat(), 0]);
  assert.deepEqual(
    codes(() => expandName(long, 12)),
    ['wire.bad-name'],
  );
});

test('rdata that do not fit their type are kept as octets; a broken pointer in them is not', () => {
  const answer = (type: number, rdata: number[]): Buffer => {
    const octets = Buffer.concat([
      encodeMessage(queryMessage(zone, 'A')),
      Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 5, 0, rdata.length, ...rdata]),
    ]);
    octets.writeUInt16BE(1, 6);
    return octets;
  };
  const kept = decodeMessage(answer(1, [1, 2, 3])).answers;
  assert.deepEqual(kept, [{ name: zone, type: 'A', class: 1, ttl: 5, rdata: '\\# 3 010203' }]);
  assert.equal(decodeMessage(answer(15, [1])).answers[0]?.rdata, '\\# 1 01');
  assert.deepEqual(
    codes(() => decodeMessage(answer(15, [0, 1, 0xc0, 0xff]))),
    ['wire.bad-pointer'],
  );
});

test('octets of any kind as rdata of every type go out as they came in', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...recordTypes.keys(), 'TYPE65400'),
      fc.uint8Array({ maxLength: 40 }),
      (type, rdata) => {
        const question = encodeMessage(queryMessage(zone, type));
        const head = Buffer.alloc(10);
        head.writeUInt16BE(numberOfType(type), 0);
        head.writeUInt16BE(1, 2);
        head.writeUInt16BE(rdata.length, 8);
        const octets = Buffer.concat([question, Buffer.from([0xc0, 12]), head, rdata]);
        octets.writeUInt16BE(1, 6);
        let read: DnsMessage;
        try {
          read = decodeMessage(octets);
        } catch (error) {
          assert.ok(error instanceof DnsDataError);
          return;
        }
        const [first] = read.answers;
        assert.ok(first !== undefined && first.rdata !== null);
        assert.deepEqual(plain(decodeMessage(encodeMessage(read))), plain(read));
        const known = recordTypes.has(type) && !first.rdata.startsWith('\\#');
        if (known) assert.equal(rdataFromWire(type, wireRdata(type, first.rdata)), first.rdata);
      },
    ),
    { numRuns: 3_000 },
  );
});

test('OPT and TSIG stand once and in their place', () => {
  const opt = [0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 0];
  const header = (counts: number[]): number[] => [0, 0, 0, 0, ...counts.flatMap((count) => [0, count])];
  const misplaced = [
    [...header([0, 1, 0, 0]), ...opt],
    [...header([0, 0, 0, 2]), ...opt, ...opt],
    [...header([0, 0, 0, 2]), 0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 0, ...opt],
  ];
  for (const octets of misplaced)
    assert.deepEqual(
      codes(() => decodeMessage(Buffer.from(octets))),
      ['wire.misplaced'],
    );
});

test('a message beyond 16 bits of length is refused; one beyond the reach of pointers is whole', () => {
  const answers = Array.from({ length: 2_000 }, (_, at) => ({
    name: parseName(`h${at}.example.org.`),
    type: 'MX',
    class: classes.IN,
    ttl: 1,
    rdata: `${at} h${at + 1}.example.org.`,
  }));
  const large = { ...queryMessage(zone, 'MX'), answers };
  const octets = encodeMessage(large);
  assert.ok(octets.length > 0x4000);
  assert.deepEqual(plain(decodeMessage(octets)), plain(large));
  const text = { name: zone, type: 'TXT', class: classes.IN, ttl: 1, rdata: `"${'x'.repeat(60_000)}"` };
  assert.deepEqual(
    codes(() => encodeMessage({ ...large, answers: [text, text] })),
    ['wire.message-too-big'],
  );
});

test('a TTL with its highest bit set is zero', () => {
  const octets = encodeMessage({
    ...queryMessage(zone, 'A'),
    flags: { ...noFlags, qr: true },
    answers: [{ name: zone, type: 'A', class: 1, ttl: 2 ** 31, rdata: '192.0.2.1' }],
  });
  assert.equal(decodeMessage(octets).answers[0]?.ttl, 0);
});

test('codes by name and number', () => {
  assert.deepEqual(
    [rcodeName(rcodes.NXRRSET), rcodeName(9), rcodeName(77)],
    ['NXRRSET', 'NOTAUTH', 'RCODE77'],
  );
  for (const type of ['A', 'ANY', 'AXFR', 'TSIG', 'OPT', 'TYPE65400'])
    assert.equal(typeName(numberOfType(type)), type);
  assert.deepEqual(
    codes(() => numberOfType('NOSUCH')),
    ['type.unknown'],
  );
  assert.deepEqual(
    codes(() => numberOfType('TYPE65536')),
    ['type.unknown'],
  );
  assert.throws(() => encodeMessage({ ...queryMessage(zone, 'A'), rcode: 16 }), RangeError);
});
