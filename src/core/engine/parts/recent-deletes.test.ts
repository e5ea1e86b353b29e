import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import { RecentDeletes } from './recent-deletes.ts';

const zones = Array.from({ length: 1_001 }, (_, at) => parseName(`z${at}.example.`));
const [one, two] = zones;
assert.ok(one !== undefined && two !== undefined);

test('a delete is recent for a while, or until the zone is made again', () => {
  let now = 0;
  const recent = new RecentDeletes(() => now, 90);
  assert.equal(recent.has(one), false);
  recent.deleted(one);
  now = 50;
  recent.deleted(two);
  assert.deepEqual([recent.has(one), recent.has(two)], [true, true]);
  now = 90;
  assert.deepEqual([recent.has(one), recent.has(two)], [false, true]);
  recent.heard({ kind: 'zone-delete', zone: one });
  recent.heard({ kind: 'zone-create', zone: two });
  assert.deepEqual([recent.has(one), recent.has(two)], [true, false]);
  recent.heard({ kind: 'records', zone: one });
  assert.equal(recent.has(one), true);
});

test('of very many deletes the oldest are forgotten', () => {
  const recent = new RecentDeletes(() => 0, 90);
  for (const zone of zones) recent.deleted(zone);
  assert.deepEqual(
    [zones[0], zones[1], zones[1_000]].map((zone) => zone !== undefined && recent.has(zone)),
    [false, true, true],
  );
});
