import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleOperation, sampleWatch } from '../testing/contracts/journal.ts';
import { parseName } from '../dns/name.ts';
import { LiveOperations } from './live-operations.ts';

const day = 86_400_000;
const other = parseName('other.example.');

function put(live: LiveOperations, ...operations: ReturnType<typeof sampleOperation>[]): void {
  for (const operation of operations) live.stage(operation.id, { operation, octets: 1 });
  live.commit();
}

test('issue 14: what is open or on watch is told from memory; what was forgotten is not called absent', () => {
  const now = Date.now();
  const live = new LiveOperations(now, () => [{ operation: sampleOperation('b'), octets: 1 }]);
  put(
    live,
    sampleOperation('c', { zone: other, state: 'confirmed', watch: sampleWatch(now + 5) }),
    sampleOperation('a', { state: 'stuck' }),
    sampleOperation('d', { state: 'confirmed', watch: sampleWatch(now - 2 * day) }),
  );
  const ids = (wall: number, zone = parseName('example.org.')): string[] | undefined =>
    live.openAt(wall, zone)?.map(({ id }) => id);
  assert.deepEqual(ids(now), ['a', 'b']);
  assert.deepEqual(ids(now, other), ['c']);
  assert.deepEqual(ids(now + 5, other), []);
  assert.deepEqual(
    live.openAt(now)?.map(({ id }) => id),
    ['a', 'b', 'c'],
  );
  // Memory does not have operations of that time any more, so the answer has to be read from the file.
  assert.equal(live.openAt(now - 2 * day), null);
  assert.equal(live.get('d')?.operation.id, 'd');
  live.stage('a', null);
  live.forget();
  assert.equal(live.get('a')?.operation.state, 'stuck');
  live.stage('a', null);
  live.commit();
  assert.deepEqual([live.get('a'), ids(now)], [null, ['b']]);
});

test('issue 14: memory does not grow with what has ended', () => {
  const live = new LiveOperations(0, () => []);
  const ended = (at: number, until: number): ReturnType<typeof sampleOperation> =>
    sampleOperation(String(at).padStart(6, '0'), { state: 'confirmed', watch: sampleWatch(until) });
  put(live, ...Array.from({ length: 3_000 }, (_, at) => ended(at, at % 2 === 0 ? 0 : 1_000)));
  const kept = Array.from({ length: 3_000 }, (_, at) => live.get(ended(at, 0).id)).filter(
    (one) => one !== null,
  );
  assert.ok(kept.length <= 500, `${kept.length} are kept`);
});
