import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../name.ts';
import { classes, rcodes } from './codes.ts';
import { decodeMessage, encodeMessage, noFlags, queryMessage, type DnsMessage } from './message.ts';
import { encodeSoaQuery, soaSerial } from './soa-serial.ts';

const zone = parseName('example.org.');
const query = encodeSoaQuery(7, zone);
const soa = {
  name: zone,
  type: 'SOA',
  class: classes.IN,
  ttl: 300,
  rdata: 'ns1.example.net. hostmaster.example.net. 4294967295 1 2 3 4',
};
const good: DnsMessage = {
  ...queryMessage(zone, 'SOA'),
  id: 7,
  flags: { ...noFlags, qr: true, aa: true },
  answers: [soa],
};

test('the query is an ordinary one', () => {
  const { tsig, ...message } = decodeMessage(query);
  assert.deepEqual([message, tsig], [{ ...queryMessage(zone, 'SOA'), id: 7 }, null]);
});

test('the serial of an authoritative answer', () => {
  const ns = { ...soa, type: 'NS', rdata: 'ns1.example.org.' };
  const alias = { ...soa, type: 'CNAME', rdata: 'www.example.org.' };
  for (const answer of [
    good,
    { ...good, authority: [ns], additional: [ns] },
    { ...good, answers: [alias, soa] },
  ])
    assert.equal(soaSerial(encodeMessage(answer), query), 4_294_967_295);
});

test('an owner name in capitals, which the server did not compress', () => {
  const octets = encodeMessage(good);
  const at = query.length;
  const name = Buffer.from(query.subarray(12, -4).toString('latin1').toUpperCase(), 'latin1');
  assert.equal(octets.readUInt16BE(at), 0xc00c);
  const changed = Buffer.concat([octets.subarray(0, at), name, octets.subarray(at + 2)]);
  assert.equal(soaSerial(changed, query), 4_294_967_295);
});

test('no serial from an answer that proves nothing', () => {
  for (const [why, answer] of Object.entries({
    'not authoritative': { ...good, flags: { ...good.flags, aa: false } },
    'no answer': { ...good, flags: { ...good.flags, qr: false } },
    truncated: { ...good, flags: { ...good.flags, tc: true } },
    refused: { ...good, rcode: rcodes.REFUSED },
    'another opcode': { ...good, opcode: 'notify' as const },
    'another question': { ...good, questions: [{ name: zone, type: 'NS', class: classes.IN }] },
    'no question': { ...good, questions: [] },
    'no record': { ...good, answers: [] },
    'the SOA of a zone above': { ...good, answers: [{ ...soa, name: parseName('org.') }] },
    'the SOA in another section': { ...good, answers: [], authority: [soa] },
    'another class': { ...good, answers: [{ ...soa, class: 3 }] },
  }))
    assert.equal(soaSerial(encodeMessage(answer), query), null, why);
});

test('no serial from an answer that is cut off, wherever', () => {
  const octets = encodeMessage(good);
  // The serial is followed by four numbers of the SOA.
  for (let length = 0; length < octets.length - 16; length += 1)
    assert.equal(soaSerial(octets.subarray(0, length), query), null, String(length));
});

test('no serial from data that end before it', () => {
  const octets = encodeMessage(good);
  const changed = Buffer.from(octets);
  changed.writeUInt16BE(12, query.length + 10);
  assert.equal(soaSerial(changed, query), null);
});
