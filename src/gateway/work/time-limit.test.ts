import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeLimit } from './time-limit.ts';

test('the time of a request is over too if only the wall clock says so, as after a suspension', () => {
  let wall = 1_000;
  const demandTime = timeLimit(
    () => wall,
    () => 0,
    60_000,
  );
  wall += 59_999;
  demandTime();
  wall += 1;
  assert.throws(demandTime, { name: 'CentralError', code: 'central.unreachable', state: 'untouched' });
});

test('the time of a request is over too if the wall clock was set back', () => {
  let now = 1_000;
  const demandTime = timeLimit(
    () => 0,
    () => now,
    60_000,
  );
  demandTime();
  now += 60_000;
  assert.throws(demandTime, { code: 'central.unreachable' });
});
