import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CentralError } from '../../core/central.ts';
import { parseName } from '../../dns/name.ts';
import { classes, rcodes } from '../../dns/wire/codes.ts';
import { noFlags, queryMessage, type DnsMessage } from '../../dns/wire/message.ts';
import type { WireRecord } from '../../dns/wire/records.ts';
import { apexSerial } from './answer.ts';

const zone = parseName('example.org.');
const soa = {
  name: zone,
  type: 'SOA',
  class: classes.IN,
  ttl: 300,
  rdata: 'ns1.example.net. hostmaster.example.net. 4294967295 1 2 3 4',
};

function answer(...answers: readonly WireRecord[]): DnsMessage {
  return { ...queryMessage(zone, 'SOA'), flags: { ...noFlags, qr: true, aa: true }, answers };
}

test('the serial of a zone, 0 included', () => {
  assert.equal(apexSerial(answer(soa), zone), 4_294_967_295);
  const zero = { ...soa, rdata: String.raw`. \#.example.net. 0 1 2 3 4` };
  assert.equal(apexSerial(answer(zero), zone), 0);
});

test('answers that do not show the zone', () => {
  const good = answer(soa);
  assert.equal(apexSerial({ ...good, flags: { ...good.flags, aa: false } }, zone), null);
  assert.equal(apexSerial({ ...good, rcode: rcodes.SERVFAIL }, zone), null);
  assert.equal(apexSerial(answer({ ...soa, name: parseName('org.') }), zone), null);
  assert.equal(apexSerial(answer({ ...soa, class: classes.ANY, rdata: null }), zone), null);
});

test('an SOA that cannot be read is an error: the server has the zone, and no serial proves anything', () => {
  for (const rdata of [String.raw`\# 0`, String.raw`\# 1 01`, String.raw`\# 4 0000 0001`])
    assert.throws(
      () => apexSerial(answer({ ...soa, rdata }), zone),
      (error) => error instanceof CentralError && error.code === 'central.garbled',
      rdata,
    );
});
