import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../src/dns/name.ts';
import { recordId } from '../src/dns/record.ts';
import { compared, zoneOf } from './central.ts';

test('a zone has as many records as asked for, each once', () => {
  const { records } = zoneOf(parseName('small.example.'), 70_000);
  assert.equal(records.length, 70_000);
  assert.equal(new Set(records.map(recordId)).size, 70_000);
  assert.deepEqual(
    records.slice(0, 2).map(({ name }) => name),
    ['ours.small.example.', 'raw.small.example.'],
  );
});

test('a pair is compared with edits of the same kind, where there are both', () => {
  assert.deepEqual(compared({ edit_p50_ms: 2, in_a_row_edit_p50_ms: 4, pair_in_a_row_p50_ms: 1_000 }), {
    edit_p50_ms: 2,
    in_a_row_edit_p50_ms: 4,
    pair_in_a_row_p50_ms: 1_000,
    pair_in_a_row_to_edit_ratio: 250,
  });
});
