import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workOff } from './work-off.ts';

function queue(...items: readonly number[]): () => number | undefined {
  const left = [...items];
  return () => left.shift();
}

test('issue 17, first comparison: every item is done once, so many at the same time', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await workOff(queue(1, 2, 3, 4, 5), 2, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    done.push(item);
  });
  assert.deepEqual([done, most], [[1, 2, 3, 4, 5], 2]);
});

test('issue 17, first comparison: after a failure nothing more is begun, and what runs is waited for', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    await new Promise((resolve) => setImmediate(resolve));
    if (item === 1) throw new Error('first');
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(item);
  };
  await assert.rejects(workOff(queue(1, 2, 3, 4), 2, work), /first/u);
  assert.deepEqual([begun, ended], [[1, 2], [2]]);
});
