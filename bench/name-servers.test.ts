import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atEachOf } from './name-servers.ts';

test('issue 17, speed: a failure at one server loses none of the figures that are known', async () => {
  const figures = await atEachOf(
    ['absent', 'broken', 'good'],
    (one) => (one === 'absent' ? 'not installed' : false),
    async (one, note) => {
      note({ early_ms: 1 });
      if (one === 'broken') throw new Error('POST: 500 Internal Server Error');
      return await Promise.resolve({ late_ms: 2 });
    },
  );
  assert.deepEqual(figures, { broken_early_ms: 1, broken_failed: 1, good_early_ms: 1, good_late_ms: 2 });
});
