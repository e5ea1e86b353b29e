/** Tests that nothing is undone right after a start or a step of the clock (issue 13). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import type { Log } from '../../log.ts';
import { VirtualClock } from '../../../testing/virtual-clock.ts';
import { defaultEngineSettings } from '../settings.ts';
import { Grace } from './grace.ts';
import { Moved } from './store.ts';

const zone = parseName('example.org.');
const { grace: length, clockStep } = defaultEngineSettings;

interface Scene {
  readonly clock: VirtualClock;
  readonly grace: Grace;
  readonly steps: readonly unknown[];
  readonly isOver: () => boolean;
}

function started(): Scene {
  const clock = new VirtualClock();
  const steps: unknown[] = [];
  const log: Log = (_level, event, fields) => void steps.push([event, fields?.['milliseconds']]);
  const grace = new Grace({ clock, settings: defaultEngineSettings, log });
  grace.begin();
  const isOver = (): boolean => {
    try {
      grace.mustBeOver(zone);
      return true;
    } catch (error) {
      assert.ok(error instanceof Moved);
      return false;
    }
  };
  return { clock, grace, steps, isOver };
}

test('a start has its grace, to the last millisecond, and no step of the clock', async () => {
  const { clock, isOver, steps } = started();
  await clock.runUntil(length - 1);
  assert.equal(isOver(), false);
  await clock.runUntil(length);
  assert.equal(isOver(), true);
  assert.deepEqual(steps, []);
});

for (const [step, isNoticed] of [
  [clockStep, true],
  [-clockStep, true],
  [clockStep - 1, false],
  [1 - clockStep, false],
] as const) {
  test(`a step of ${step} ms ${isNoticed ? 'begins a grace of its own' : 'is drift'}`, async () => {
    const { clock, isOver, steps } = started();
    await clock.runUntil(2 * length);
    clock.stepWall(step);
    assert.equal(isOver(), !isNoticed);
    await clock.runUntil(3 * length);
    assert.equal(isOver(), true, 'the same step is noticed once');
    assert.deepEqual(steps, isNoticed ? [['clock.step', step]] : []);
  });
}

test('a step in the grace of the start makes it longer', async () => {
  const { clock, grace } = started();
  const began = grace.endsAt();
  await clock.runUntil(1_000);
  clock.stepWall(-clockStep);
  assert.equal(grace.endsAt(), began + 1_000);
  assert.equal(grace.endsAt(), began + 1_000, 'the same step is noticed once');
});
