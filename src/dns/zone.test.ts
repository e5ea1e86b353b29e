import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from './name.ts';
import { makeRecord, type ResourceRecord } from './record.ts';
import { changeNames, invert, isEmptyChange, zoneProblems } from './zone.ts';

const zone = parseName('example.org.');

test('names of a change', () => {
  const records = ['1', '2'].map((last) =>
    makeRecord({ name: 'www', type: 'A', rdata: `192.0.2.${last}` }, zone),
  );
  assert.equal(isEmptyChange({ zone, remove: records, add: [] }), false);
  assert.equal(isEmptyChange({ zone, remove: [], add: [] }), true);
  assert.deepEqual(invert({ zone, remove: records, add: [] }), { zone, remove: [], add: records });
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
