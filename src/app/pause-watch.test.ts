import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { PauseWatch } from './pause-watch.ts';
import { endPause, pause, pauseFiles } from './pause.ts';

interface Scene {
  readonly path: string;
  readonly watch: PauseWatch;
  /** The wall clock, milliseconds since 1970. */
  now: number;
  /** Whether the watch reports a pause, and whether it makes comparisons wait. */
  readonly says: () => readonly [boolean, boolean];
}

function scene(t: TestContext): Scene {
  const folder = mkdtempSync(join(tmpdir(), 'pause-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'paused');
  const watch: PauseWatch = new PauseWatch(pauseFiles(path), () => here.now);
  const here: Scene = { path, watch, now: 1_000_000, says: () => [watch.isPaused(), watch.isHolding()] };
  return here;
}

test('without a pause nothing is held, and there is no end to take', (t) => {
  const { watch, says } = scene(t);
  assert.deepEqual(says(), [false, false]);
  assert.equal(watch.takeEnd(), null);
});

test('comparisons wait until the end of a pause is taken, which happens once', (t) => {
  const { path, watch, says } = scene(t);
  pause(path, Infinity);
  assert.deepEqual(says(), [true, true]);
  assert.equal(watch.takeEnd(), null);
  endPause(path);
  assert.deepEqual(says(), [false, true]);
  assert.equal(watch.takeEnd(), 'anew');
  assert.deepEqual(says(), [false, false]);
  assert.equal(watch.takeEnd(), null);
});

test('a pause that began and was ended between two looks has an end', (t) => {
  const { path, watch, says } = scene(t);
  pause(path, Infinity);
  endPause(path);
  assert.deepEqual(says(), [false, true]);
  assert.equal(watch.takeEnd(), 'anew');
  assert.deepEqual(says(), [false, false]);
});

test('a pause ends too when its time runs out, or when somebody removes its file', (t) => {
  const here = scene(t);
  pause(here.path, here.now + 5_000);
  assert.deepEqual(here.says(), [true, true]);
  here.now += 5_000;
  assert.deepEqual(here.says(), [false, true]);
  assert.equal(here.watch.takeEnd(), 'anew');
  assert.deepEqual(here.says(), [false, false]);
  assert.equal(here.watch.takeEnd(), null);
  pause(here.path, here.now + 5_000);
  assert.deepEqual(here.says(), [true, true]);
  rmSync(here.path);
  assert.deepEqual(here.says(), [false, true]);
  assert.equal(here.watch.takeEnd(), 'anew');
  assert.deepEqual(here.says(), [false, false]);
});

test('the end of a pause that ran out while no agent ran is taken', (t) => {
  const here = scene(t);
  pause(here.path, here.now - 5_000);
  assert.deepEqual(here.says(), [false, true]);
  assert.equal(here.watch.takeEnd(), 'anew');
  assert.deepEqual(here.says(), [false, false]);
});

const complete = {
  problem: null,
  failingSince: null,
  completeAt: 2_000_000,
  failingZones: 0,
  failingZonesSince: null,
} as const;

test('until the comparison is complete, an agent that starts anew takes the end again', (t) => {
  const here = scene(t);
  const taken = (): string | null => new PauseWatch(pauseFiles(here.path), () => here.now).takeEnd();
  pause(here.path, Infinity);
  endPause(here.path);
  assert.equal(here.watch.isUnsettled, false);
  assert.equal(here.watch.takeEnd(), 'anew');
  here.now += 599_999;
  here.watch.settle([complete]);
  here.now += 1;
  for (const odd of [{ completeAt: null }, { completeAt: 999_999 }, { failingZones: 1 }, { problem: 'x' }])
    here.watch.settle([complete, { ...complete, ...odd }]);
  assert.deepEqual([here.watch.isUnsettled, taken()], [true, 'again']);
  here.watch.settle([complete, complete]);
  assert.deepEqual([here.watch.isUnsettled, taken()], [false, null]);
});

test('a pause whose file was removed while no agent ran has an end', (t) => {
  const here = scene(t);
  pause(here.path, Infinity);
  rmSync(here.path);
  assert.deepEqual(here.says(), [false, true]);
  assert.equal(here.watch.takeEnd(), 'anew');
  assert.deepEqual(here.says(), [false, false]);
});

test('what is settled is the pause whose end was taken, not a later one', (t) => {
  const here = scene(t);
  pause(here.path, Infinity);
  endPause(here.path);
  assert.equal(here.watch.takeEnd(), 'anew');
  pause(here.path, Infinity);
  here.now += 600_000;
  here.watch.settle([complete]);
  endPause(here.path);
  here.watch.settle([complete]);
  assert.deepEqual(here.says(), [false, true]);
  assert.equal(here.watch.takeEnd(), 'anew');
  here.now += 600_000;
  here.watch.settle([complete]);
  assert.deepEqual(here.says(), [false, false]);
  assert.equal(here.watch.takeEnd(), null);
});
