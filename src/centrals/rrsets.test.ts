import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CentralRecord } from '../core/central.ts';
import { parseName } from '../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../dns/record.ts';
import type { Change } from '../dns/zone.ts';
import { applyChange } from '../testing/zones.ts';
import { alteredBy, planRRsets, usualTtl } from './rrsets.ts';

const zone = parseName('example.org.');

function a(address: string, ttl: number | null = null, name = 'www'): ResourceRecord {
  return makeRecord({ name, type: 'A', rdata: address, ttl }, zone);
}

function held(...records: readonly ResourceRecord[]): readonly CentralRecord[] {
  return records.map((record) => ({ ...record, handle: recordId(record) }));
}

function plan(
  remove: readonly ResourceRecord[],
  add: readonly ResourceRecord[],
  present: readonly CentralRecord[],
) {
  const change: Change = { zone, remove, add };
  const edits = planRRsets(change, present);
  return { edits, altered: alteredBy(change, edits), ttls: edits.map(({ ttl }) => ttl) };
}

test('a new RRset has the wanted TTL, or the usual one', () => {
  assert.deepEqual(plan([], [a('192.0.2.1', 60)], []).ttls, [60]);
  assert.deepEqual(plan([], [a('192.0.2.1')], []).ttls, [usualTtl]);
});

test('an addition beside others takes their TTL', () => {
  const { edits, altered } = plan([], [a('192.0.2.2', 60)], held(a('192.0.2.1', 900)));
  assert.deepEqual(edits[0]?.after, [a('192.0.2.1', 900), a('192.0.2.2', 900)]);
  assert.deepEqual(altered, { removed: [], added: [a('192.0.2.2', 900)] });
});

test('an edit sets the TTL of its RRset; what it does not name is not told as altered', () => {
  const present = held(a('192.0.2.1', 900), a('192.0.2.2', 900));
  const { edits, altered } = plan([a('192.0.2.1', 900)], [a('192.0.2.1', 60)], present);
  assert.deepEqual(edits[0]?.after, [a('192.0.2.1', 60), a('192.0.2.2', 60)]);
  assert.deepEqual(altered, { removed: [a('192.0.2.1', 900)], added: [a('192.0.2.1', 60)] });
});

test('what is so already is not written', () => {
  const present = held(a('192.0.2.1', 900));
  assert.deepEqual(plan([a('192.0.2.9')], [a('192.0.2.1')], present).edits, []);
  assert.deepEqual(plan([a('192.0.2.1', 60)], [a('192.0.2.1', 900)], present).edits, []);
  assert.deepEqual(plan([], [], present).edits, []);
});

const some = fc
  .tuple(fc.constantFrom('www', 'ftp', '@'), fc.integer({ min: 1, max: 5 }), fc.constantFrom(null, 60, 900))
  .map(([name, last, ttl]) => a(`192.0.2.${last}`, ttl, name));

test('a plan leads to what the change means, and is then done', () => {
  const records = fc.array(some, { maxLength: 6 });
  fc.assert(
    fc.property(records, records, records, (before, remove, add) => {
      const unique = [...new Map(before.map((record) => [recordId(record), record])).values()];
      // All records of an RRset have the same TTL.
      const present = held(...unique.map((record) => ({ ...record, ttl: 300 })));
      const change: Change = { zone, remove, add };
      const edits = planRRsets(change, present);
      const touched = new Set(edits.map(({ name, type }) => `${name} ${type}`));
      const untouched = present.filter(({ name, type }) => !touched.has(`${name} ${type}`));
      const after = held(...untouched, ...edits.flatMap((edit) => edit.after));
      const goal = applyChange({ zone, records: present }, change).records;
      assert.deepEqual(after.map(recordId).toSorted(), goal.map(recordId).toSorted());
      assert.deepEqual(planRRsets(change, after), []);
      for (const edit of edits) assert.equal(new Set(edit.after.map(({ ttl }) => ttl)).size <= 1, true);
    }),
  );
});
