import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { PauseWatch } from './pause-watch.ts';
import { endPause, pause } from './pause.ts';

interface Scene {
  readonly path: string;
  readonly watch: PauseWatch;
  /** The wall clock, milliseconds since 1970. */
  now: number;
  /** What the watch says: paused, holding. */
  readonly says: () => readonly [boolean, boolean];
}

function scene(t: TestContext): Scene {
  const folder = mkdtempSync(join(tmpdir(), 'pause-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'paused');
  const watch: PauseWatch = new PauseWatch(path, () => here.now);
  const here: Scene = { path, watch, now: 1_000_000, says: () => [watch.isPaused(), watch.isHolding()] };
  return here;
}

test('without a pause nothing is held, and there is no end to take', (t) => {
  const { watch, says } = scene(t);
  assert.deepEqual(says(), [false, false]);
  assert.equal(watch.takeEnd(), false);
});

test('comparisons wait until the end of a pause is taken, which happens once', (t) => {
  const { path, watch, says } = scene(t);
  pause(path, Infinity);
  assert.deepEqual(says(), [true, true]);
  assert.equal(watch.takeEnd(), false);
  endPause(path);
  assert.deepEqual(says(), [false, true]);
  assert.equal(watch.takeEnd(), true);
  assert.deepEqual(says(), [false, false]);
  assert.equal(watch.takeEnd(), false);
});

test('a pause that began and was ended between two looks has an end', (t) => {
  const { path, watch, says } = scene(t);
  pause(path, Infinity);
  endPause(path);
  assert.deepEqual(says(), [false, true]);
  assert.equal(watch.takeEnd(), true);
  assert.deepEqual(says(), [false, false]);
});

test('a pause ends too when its time runs out, or when somebody removes its file', (t) => {
  const here = scene(t);
  pause(here.path, here.now + 5_000);
  assert.deepEqual(here.says(), [true, true]);
  here.now += 5_000;
  assert.deepEqual(here.says(), [false, true]);
  assert.equal(here.watch.takeEnd(), true);
  assert.deepEqual(here.says(), [false, false]);
  assert.equal(here.watch.takeEnd(), false);
  pause(here.path, here.now + 5_000);
  assert.deepEqual(here.says(), [true, true]);
  rmSync(here.path);
  assert.deepEqual(here.says(), [false, true]);
  assert.equal(here.watch.takeEnd(), true);
  assert.deepEqual(here.says(), [false, false]);
});

test('the end of a pause that ran out while no agent ran is taken', (t) => {
  const here = scene(t);
  pause(here.path, here.now - 5_000);
  assert.deepEqual(here.says(), [false, true]);
  assert.equal(here.watch.takeEnd(), true);
  assert.deepEqual(here.says(), [false, false]);
});
