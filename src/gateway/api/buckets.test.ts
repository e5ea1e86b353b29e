import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Buckets } from './buckets.ts';

test('in no time span more calls than the bucket holds and the span refills', () => {
  const runs = fc.array(fc.record({ pause: fc.nat(3_000), key: fc.constantFrom('a', 'b') }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 100, max: 5_000 }),
      runs,
      (most, window, steps) => {
        let now = 0;
        const buckets = new Buckets({ name: 'x', most, window }, () => now);
        const taken: Record<string, number[]> = { a: [], b: [] };
        for (const { pause, key } of steps) {
          now += pause;
          const before = buckets.level(key);
          const { wait } = buckets.take(key);
          assert.equal(wait > 0, before.wait > 0);
          if (wait === 0) taken[key]?.push(now);
        }
        for (const times of Object.values(taken))
          times.forEach((from, first) => {
            times.slice(first).forEach((to, count) => {
              assert.ok(count + 1 <= most + ((to - from) * most) / window + 1e-6);
            });
          });
      },
    ),
  );
});

test('after the wait that was told, and not before, a call is taken again', () => {
  let now = 0;
  const buckets = new Buckets({ name: 'x', most: 2, window: 60_000 }, () => now);
  assert.deepEqual([buckets.take('a').wait, buckets.take('a').wait], [0, 0]);
  const { wait, left, full } = buckets.take('a');
  assert.deepEqual([wait, left, full], [30_000, 0, 60_000]);
  now += wait - 1;
  assert.ok(buckets.take('a').wait > 0);
  now += 1;
  assert.equal(buckets.take('a').wait, 0);
  assert.equal(buckets.take('b').left, 1);
});

test('memory is bounded: the key that was used longest ago is forgotten', () => {
  const buckets = new Buckets({ name: 'x', most: 2, window: 60_000 }, () => 0, 10);
  for (let at = 0; at < 1_000; at += 1) {
    buckets.take('kept');
    buckets.take(`key ${at}`);
    assert.ok(buckets.size <= 10);
  }
  assert.ok(buckets.take('kept').wait > 0);
  assert.equal(buckets.take('key 1').wait, 0);
});
