import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseName } from './name.ts';
import { makeRecord, recordId, type ResourceRecord } from './record.ts';
import { applyChange, changeNames, diff, groupRRsets, invert, isEmptyChange, zoneProblems } from './zone.ts';
import { formatZoneFile, parseZoneFile } from './zonefile.ts';

const zone = parseName('example.org.');

const record = fc
  .tuple(
    fc.constantFrom('@', 'www', 'a.b', '*', '_x'),
    fc.constantFrom('A', 'TXT', 'MX'),
    fc.integer({ min: 1, max: 9 }),
  )
  .map(([name, type, last]): ResourceRecord => {
    const rdata = { A: `192.0.2.${last}`, TXT: `"text ${last}"`, MX: `${last} mail` }[type];
    return makeRecord({ name, type, rdata }, zone);
  });
const content = fc.array(record, { maxLength: 12 }).map((records) => ({ zone, records }));

function ids({ records }: { readonly records: readonly ResourceRecord[] }): string[] {
  return [...new Set(records.map(recordId))].sort();
}

test('a difference applied leads from one zone to the other, and back again', () => {
  fc.assert(
    fc.property(content, content, (from, to) => {
      const change = diff(from, to);
      assert.deepEqual(ids(applyChange(from, change)), ids(to));
      assert.deepEqual(ids(applyChange(applyChange(from, change), invert(change))), ids(from));
      assert.deepEqual(invert(invert(change)), change);
      assert.equal(isEmptyChange(diff(from, from)), true);
    }),
  );
});

test('a master file leads back to the same records', () => {
  fc.assert(
    fc.property(content, ({ records }) => {
      const read = parseZoneFile(formatZoneFile(zone, records));
      assert.deepEqual(ids(read), ids({ records }));
      assert.equal(read.origin, zone);
    }),
  );
});

test('TTLs count only where both sides know them', () => {
  const lasting = (ttl: number | null): ResourceRecord =>
    makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1', ttl }, zone);
  assert.equal(
    isEmptyChange(diff({ zone, records: [lasting(60)] }, { zone, records: [lasting(null)] })),
    true,
  );
  assert.equal(diff({ zone, records: [lasting(60)] }, { zone, records: [lasting(61)] }).add.length, 1);
});

test('RRsets and names of a change', () => {
  const records = ['1', '2'].map((last) =>
    makeRecord({ name: 'www', type: 'A', rdata: `192.0.2.${last}` }, zone),
  );
  assert.equal(groupRRsets(records).length, 1);
  assert.deepEqual(changeNames({ zone, remove: records, add: [] }), ['www.example.org.']);
});

test('what cannot be in one zone together', () => {
  const make = (name: string, type: string, rdata: string): ResourceRecord =>
    makeRecord({ name, type, rdata }, zone);
  const found = zoneProblems(zone, [
    make('a', 'CNAME', 'x.example.'),
    make('a', 'A', '192.0.2.1'),
    make('b', 'CNAME', 'x.example.'),
    make('b', 'CNAME', 'y.example.'),
    make('elsewhere.example.', 'A', '192.0.2.1'),
  ]);
  assert.deepEqual(found.map(({ code }) => code).toSorted(), [
    'name.out-of-zone',
    'zone.cname-and-other',
    'zone.single-valued',
  ]);
});
