import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { displayName, parseName, zoneName } from '../../../dns/name.ts';
import { DnsDataError } from '../../../dns/problem.ts';
import { canonicalType, parseRdata, rdataFromWire, wireRdata } from '../../../dns/rdata/rdata.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { classes } from '../../../dns/wire/codes.ts';
import { decodeMessage, encodeMessage, noFlags, queryMessage } from '../../../dns/wire/message.ts';
import { readTsigKey, signMessage, TsigCheck } from '../../../dns/wire/tsig.ts';
import { addRecord, deleteRecord, rrsetAbsent, updateMessage } from '../../../dns/wire/update.ts';
import { formatZoneFile, parseZoneFile } from '../../../dns/zone-file.ts';
import { everyType } from '../../every-type.ts';
import { defineTarget, fieldsIn, inputOf, octetsIn, textIn, type Target } from '../target.ts';

const zone = parseName('example.org.');

const dataWords = [
  '"',
  '\\',
  '\\"',
  '\\000',
  '\\255',
  '\\256',
  '\\# 0',
  '\\# 4 c0000201',
  '""',
  ' "x" ',
  '(',
  ')',
  ';',
  '@',
  '.',
  '*.',
  '\\.',
  'xn--',
  'xn--zca',
  'ß',
  'TYPE65535',
  'CLASS1',
  '1h30m',
  '2W',
  '0',
];

const corpus = join(import.meta.dirname, '../../../dns/corpus');

const zoneFiles = readdirSync(corpus)
  .filter((file) => file.endsWith('.zone'))
  .map((file) => readFileSync(join(corpus, file), 'utf8'));

const shortZone = [
  '$ORIGIN example.org.',
  '$TTL 1h',
  '@ IN SOA ns1 hostmaster ( 1 2h 30m 2W',
  '   3600 ) ; minimum',
  '  NS ns1.example.net.',
  'www 300 IN A 192.0.2.1',
  '*.dyn TXT "a;b" "c\\"d" \\065',
  '_sip._tcp SRV 1 2 5060 sip',
  'x CAA 0 issue "ca.example; policy=a"',
  '',
].join('\n');

const records = Object.entries(everyType).flatMap(([type, both]) => both.map((rdata) => `${type} ${rdata}`));

/** Lists the records of a zone file as `id TTL`, sorted, so that the order in the file does not matter. */
function idsOf(all: readonly ResourceRecord[]): readonly string[] {
  return all.map((record) => `${recordId(record)} ${record.ttl}`).sort();
}

const masterFile = defineTarget({
  name: 'master-file',
  shape: 'text',
  samples: [shortZone, ...zoneFiles.map((text) => text.slice(0, 4_000))],
  words: [...dataWords, '$TTL 1\n', '$ORIGIN x.\n', '$INCLUDE /etc/passwd\n', '$GENERATE 1-9 a A 1\n', '\n '],
  decode: (text) => parseZoneFile(text, { origin: zone }),
  refusals: [DnsDataError],
  check: ({ records: all }) => {
    // A record without TTL gets the file's default TTL when it is read again. So every record gets a TTL
    // first.
    const known = all.map((record) => ({ ...record, ttl: record.ttl ?? 0 }));
    const again = parseZoneFile(formatZoneFile(zone, known), { origin: zone });
    assert.deepEqual(idsOf(again.records), idsOf(known));
  },
});

const rdata = defineTarget({
  name: 'rdata',
  shape: 'text',
  samples: records,
  words: [...dataWords, 'alpn=', 'ipv4hint=', 'mandatory=', 'key65000=', 'ech='],
  decode: (text) => {
    const [type = '', ...rest] = text.split(' ');
    const known = canonicalType(type);
    return { type: known, rdata: parseRdata(known, rest.join(' '), zone) };
  },
  refusals: [DnsDataError],
  check: ({ type, rdata: text }) => {
    assert.equal(parseRdata(type, text, zone), text, 'canonical text');
    assert.equal(rdataFromWire(type, wireRdata(type, text)), text, 'wire form');
  },
});

const names = defineTarget({
  name: 'names',
  shape: 'text',
  samples: [
    'www.example.org.',
    'münchen',
    '*.a',
    'a\\.b.c',
    '\\001x',
    'xn--mnchen-3ya.de.',
    '@',
    'straße.de',
  ],
  words: dataWords,
  decode: (text) => ({ name: parseName(text, zone), zone: text.includes('\\') ? null : text }),
  refusals: [DnsDataError],
  check: ({ name, zone: text }) => {
    assert.equal(parseName(name), name, 'canonical');
    assert.equal(typeof displayName(name), 'string');
    if (text === null) return;
    try {
      assert.equal(zoneName(zoneName(text)), zoneName(text), 'zone');
    } catch (error) {
      if (!(error instanceof DnsDataError)) throw error;
    }
  },
});

const answered = {
  ...queryMessage(zone, 'ANY'),
  flags: { ...noFlags, qr: true, aa: true },
  answers: Object.entries(everyType)
    .slice(0, 12)
    .map(([type, [data]]) => ({
      name: zone,
      type,
      class: classes.IN,
      ttl: 60,
      rdata: parseRdata(type, data, zone),
    })),
  udpSize: 1_232,
};
const www = { name: parseName('www.example.org.'), type: 'A', ttl: 60, rdata: '192.0.2.1' };
const update = updateMessage(zone, [rrsetAbsent(www.name, 'CNAME')], [addRecord(www, 60), deleteRecord(www)]);
const soa = { name: zone, type: 'SOA', class: classes.IN, ttl: 60, rdata: 'a. b. 1 2 3 4 5' };
const negative = {
  ...queryMessage(www.name, 'A'),
  flags: { ...noFlags, qr: true, aa: true },
  rcode: 3,
  authority: [soa],
};

/** Two messages of a zone transfer: one with the whole zone, and the first of several. */
export const transferred = [
  { ...answered, answers: [soa, ...answered.answers, soa], udpSize: null },
  { ...answered, answers: [soa, ...answered.answers] },
];

/**
 * Messages that name servers receive and send: an answer, an update, a negative answer, a transfer request.
 */
export const messages = [answered, update, negative, queryMessage(zone, 'AXFR')].map((message) =>
  inputOf(encodeMessage(message)),
);

/** Octets with a meaning in DNS messages: compression pointers, labels, headers of records. */
export const wireWords = [
  '\0',
  '\xc0\x0c',
  '\xc0\xff',
  '\x3f',
  '\x01a\0',
  '\xff\xff',
  '\0\0\x29\x04\xd0\0\0\0\0\0\0',
  '\0\0\xfa\0\xff\0\0\0\0',
  '\0\x01\0\x01',
  '\0\x10\0\x01',
  '\0\x06\0\x01',
];

/** Converts a message to plain data, so that two messages can be compared. */
function plain(message: ReturnType<typeof decodeMessage>): unknown {
  return { ...message, tsig: null };
}

const wire = defineTarget({
  name: 'dns-message',
  shape: 'octets',
  samples: messages,
  words: wireWords,
  decode: (input) => decodeMessage(octetsIn(input)),
  refusals: [DnsDataError],
  check: (message) => {
    // Only EDNS has room for an rcode above 15, and a decoded message without EDNS never has such an rcode.
    let octets: Buffer;
    try {
      octets = encodeMessage(message);
    } catch (error) {
      // In the data of newer types, names must not be compressed (RFC 3597 section 4). So a message that was
      // read with compressed names may be too long when it is written again.
      if (error instanceof DnsDataError && error.problems[0]?.code === 'wire.message-too-big') return;
      throw error;
    }
    assert.deepEqual(plain(decodeMessage(octets)), plain(message));
  },
});

const wireData = defineTarget({
  name: 'dns-rdata',
  shape: 'octets',
  samples: Object.entries(everyType).flatMap(([type, both]) =>
    both.map((text) => `${type}\n${inputOf(wireRdata(type, parseRdata(type, text, zone)))}`),
  ),
  words: wireWords,
  decode: (input) => {
    const cut = input.indexOf('\n');
    const type = canonicalType(input.slice(0, Math.max(0, cut)));
    const octets = octetsIn(input.slice(cut + 1));
    return { type, octets, text: rdataFromWire(type, octets) };
  },
  refusals: [DnsDataError],
  check: ({ type, text }) => {
    const again = wireRdata(type, text);
    assert.equal(rdataFromWire(type, again), text, 'text');
    assert.equal(parseRdata(type, text, zone), text, 'canonical');
  },
});

const signedAt = 1_800_000_000;
const key = readTsigKey({
  name: 'transfer-key',
  algorithm: 'hmac-sha256',
  secret: 'dGhlIHRlc3QgdmVjdG9ycycgc2VjcmV0LCBub3QgbW9yZQ==',
});
const requestMac = Buffer.from('6d6163206f662061207265717565737420616e64206d6f72652e2e2e2e2e2e2e', 'hex');
const signed = messages.map((message) =>
  inputOf(signMessage(octetsIn(message), key, signedAt, requestMac).octets),
);

/**
 * The part of a signed message that its signature covers: all octets before the TSIG record, without the id.
 */
function covered(octets: Buffer): string {
  const at = decodeMessage(octets).tsig?.at ?? 0;
  return octets.subarray(2, at).toString('latin1');
}

const coveredSamples = new Set(signed.map((message) => covered(octetsIn(message))));

const tsig = defineTarget({
  name: 'tsig',
  shape: 'octets',
  samples: signed,
  words: wireWords,
  decode: (input) => {
    const octets = octetsIn(input);
    const check = new TsigCheck(key, requestMac);
    const message = decodeMessage(octets);
    check.check(octets, message.tsig, signedAt);
    check.end();
    return octets;
  },
  refusals: [DnsDataError],
  check: (octets) => assert.ok(coveredSamples.has(covered(octets)), 'a changed message was taken as signed'),
});

const tsigKey = defineTarget({
  name: 'tsig-key',
  shape: 'json',
  samples: [
    JSON.stringify({ name: 'key.example', algorithm: 'hmac-sha256', secret: 'c2VjcmV0' }),
    JSON.stringify({ name: 'k.', algorithm: 'HMAC-MD5.SIG-ALG.REG.INT', secret: 'c2Vj cmV0' }),
  ],
  words: [...dataWords, '=', '=='],
  decode: (input) => {
    const { name, algorithm, secret } = fieldsIn(input) ?? {};
    return readTsigKey({ name: textIn(name), algorithm: textIn(algorithm), secret: textIn(secret) });
  },
  refusals: [DnsDataError],
  check: (made) => assert.ok(!JSON.stringify(made).includes('c2Vj'), 'the secret shows'),
});

export const dnsTargets: readonly Target[] = [masterFile, rdata, names, wire, wireData, tsig, tsigKey];
