/** Tests how long the engine waits for the panel, and what two equal reads prove (issue 13). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../testing/virtual-clock.ts';
import { Patience } from './patience.ts';

function setUp(): { readonly clock: VirtualClock; readonly patience: Patience } {
  const clock = new VirtualClock();
  return { clock, patience: new Patience(() => clock.now()) };
}

test('looks that show the same count from the first of them; another sight, or a look that proves nothing, begins anew', () => {
  const { patience } = setUp();
  assert.deepEqual(
    [
      patience.seen('a', 'gone', 100),
      patience.seen('a', 'gone', 200),
      patience.seen('b', 'gone', 250),
      patience.seen('a', 'kept', 300),
      patience.seen('a', 'gone', 400),
      patience.seen('a', null, 500),
      patience.seen('a', 'gone', 600),
      patience.seen('a', 'gone', 700),
    ],
    [100, 100, 250, 300, 400, null, 600, 600],
  );
});

test('a look without a time is one of now', async () => {
  const { clock, patience } = setUp();
  await clock.runUntil(70);
  assert.equal(patience.seen('a', 'gone'), 70);
});

test('patience begins with the first question, or when the panel speaks; only the latter makes earlier looks void', async () => {
  const { clock, patience } = setUp();
  await clock.runUntil(10);
  assert.equal(patience.since('a'), 10);
  await clock.runUntil(20);
  assert.equal(patience.since('a'), 10);
  patience.seen('a', 'gone', 20);
  patience.begin('a');
  assert.deepEqual([patience.since('a'), patience.seen('a', 'gone', 25)], [20, 20]);
  await clock.runUntil(30);
  patience.heard('a');
  assert.deepEqual([patience.since('a'), patience.seen('a', 'gone', 35)], [30, 35]);
});

test('of an operation that is over nothing is remembered', async () => {
  const { clock, patience } = setUp();
  patience.begin('a');
  patience.seen('a', 'gone', 0);
  await clock.runUntil(50);
  patience.forget('a');
  assert.deepEqual([patience.since('a'), patience.seen('a', 'gone', 50)], [50, 50]);
});
