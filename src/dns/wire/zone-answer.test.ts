import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zoneName } from '../name.ts';
import { classes, rcodes } from './codes.ts';
import { queryMessage, type DnsMessage } from './message.ts';
import type { WireRecord } from './records.ts';
import { childZoneOver, readZoneAnswer } from './zone-answer.ts';

const zone = zoneName('example.org');
const child = zoneName('child.example.org');
const name = zoneName('www.child.example.org');

function record(owner: string, type: string, rdata: string): WireRecord {
  return { name: zoneName(owner), type, class: classes.IN, ttl: 60, rdata };
}

function answerOf(parts: Partial<Pick<DnsMessage, 'answers' | 'authority'>>, aa = true): DnsMessage {
  const query = queryMessage(name, 'A');
  return { ...query, rcode: rcodes.NOERROR, flags: { ...query.flags, qr: true, aa }, ...parts };
}

const soa = record('child.example.org', 'SOA', 'ns.example.org. host.example.org. 1 2 3 4 5');

test('issue 15: one rule finds the child zone, for the central by keys and for the name servers that are asked', () => {
  assert.equal(childZoneOver(answerOf({ authority: [soa] }), zone, name), child);
  assert.equal(childZoneOver(answerOf({ answers: [soa] }), zone, name), child);
  assert.equal(
    childZoneOver(answerOf({ answers: [record('child.example.org', 'NS', 'ns.example.org.')] }), zone, child),
    child,
  );
  // Because of the CNAME, the negative answer has an answer record beside its SOA.
  const alias = record('www.child.example.org', 'CNAME', 'nothing.child.example.org.');
  assert.equal(childZoneOver(answerOf({ answers: [alias], authority: [soa] }), zone, name), child);
});

test('issue 15: neither the zone itself nor a zone beside the name is a child zone over it', () => {
  assert.equal(childZoneOver(answerOf({ authority: [soa] }), child, name), null);
  assert.equal(childZoneOver(answerOf({ authority: [soa] }), zone, zoneName('www.example.org')), null);
  assert.equal(childZoneOver(answerOf({ authority: [soa] }, false), zone, name), null);
});

test('issue 15: an answer says nothing of records that a signing server makes', () => {
  const a = record('www.child.example.org', 'A', '192.0.2.1');
  const signature = record('www.child.example.org', 'RRSIG', '\\# 1 00');
  const read = readZoneAnswer(answerOf({ answers: [a, signature] }), zone, name);
  assert.deepEqual(read, { kind: 'records', records: [a] });
});
