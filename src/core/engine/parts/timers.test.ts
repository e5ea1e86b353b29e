/** Tests the alarms, deadlines, pauses and ids of an engine (issue 13). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../testing/virtual-clock.ts';
import { defaultEngineSettings } from '../settings.ts';
import { DeadlinePassed, Timers } from './timers.ts';

const { retryFirst, retryMost, stepTimeout } = defaultEngineSettings;

function setUp(random = 0): { readonly clock: VirtualClock; readonly timers: Timers } {
  const clock = new VirtualClock();
  return { clock, timers: new Timers({ clock, settings: defaultEngineSettings, random: () => random }) };
}

test('an alarm rings once at its time; cancelled, or once the engine stops, it does not', async () => {
  const { clock, timers } = setUp();
  const heard: string[] = [];
  const ring = (name: string): [() => void, () => void] => [
    () => heard.push(`${name} rings`),
    () => heard.push(`${name} stops`),
  ];
  timers.alarm(100, ...ring('first'));
  const cancel = timers.alarm(100, ...ring('cancelled'));
  timers.alarm(200, ...ring('late'));
  cancel();
  await clock.runUntil(99);
  assert.deepEqual(heard, []);
  await clock.runUntil(150);
  assert.deepEqual(heard, ['first rings']);
  timers.stopping.abort(new Error('stopping'));
  timers.alarm(10, ...ring('after the stop'));
  await clock.runUntil(1_000);
  assert.deepEqual(heard, ['first rings', 'late stops', 'after the stop stops']);
});

test('a pause ends at its time, or at the stop', async () => {
  const { clock, timers } = setUp();
  const ended: boolean[] = [];
  for (const ms of [100, 300]) void timers.pause(ms).then((hasPassed) => ended.push(hasPassed));
  await clock.runUntil(99);
  assert.deepEqual(ended, []);
  await clock.runUntil(150);
  assert.deepEqual(ended, [true]);
  timers.stopping.abort(new Error('stopping'));
  assert.equal(await timers.pause(10), false);
  assert.deepEqual(ended, [true, false]);
});

test('a deadline aborts at its time with a reason of its own, at the stop with that of the stop, and not once it is done', async () => {
  const { clock, timers } = setUp();
  const passed = timers.deadline(100);
  const done = timers.deadline(100);
  const stopped = timers.deadline(300);
  done.done();
  await clock.runUntil(200);
  assert.ok(passed.signal.reason instanceof DeadlinePassed);
  assert.equal(done.signal.aborted, false);
  assert.equal(stopped.signal.aborted, false);
  const reason = new Error('stopping');
  timers.stopping.abort(reason);
  assert.equal(stopped.signal.reason, reason);
  assert.equal(done.signal.aborted, false);
  assert.equal(timers.deadline(100).signal.reason, reason);
});

test('a step has the usual time unless it is given another, and none after it has failed', async () => {
  const { clock, timers } = setUp();
  const signals: AbortSignal[] = [];
  const hang = (ms?: number): void =>
    void timers.step(
      'id',
      async ({ signal, operation }) => {
        assert.equal(operation, 'id');
        signals.push(signal);
        await clock.sleep(10 * stepTimeout);
      },
      ms,
    );
  hang();
  hang(500);
  await assert.rejects(
    timers.step('id', ({ signal }) => {
      signals.push(signal);
      return Promise.reject(new Error('failed'));
    }),
    /failed/u,
  );
  await clock.runUntil(500);
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [false, true, false],
  );
  await clock.runUntil(stepTimeout);
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true, false],
  );
});

test('the pause between tries doubles from the first one up to the longest, half of it by chance', () => {
  const least = [0, 1, 2, 3, 30].map((attempts) => setUp(0).timers.backoff(attempts));
  assert.deepEqual(least, [retryFirst / 2, retryFirst, 2 * retryFirst, 4 * retryFirst, retryMost / 2]);
  assert.equal(setUp(0.5).timers.backoff(0), 0.75 * retryFirst);
});

test('ids are in order: within one millisecond, after the clock was set back, and after those of an earlier process', async () => {
  const { clock, timers } = setUp();
  const ids = Array.from({ length: 100_000 }, () => timers.newId());
  clock.stepWall(-3_600_000);
  ids.push(timers.newId());
  await clock.runUntil(10);
  ids.push(timers.newId());
  const [last = ''] = ids.slice(-1);
  const next = setUp();
  next.clock.stepWall(-7_200_000);
  assert.deepEqual([timers.newestId, next.timers.newestId], [last, '']);
  next.timers.idsAfter(last);
  assert.equal(next.timers.newestId, last);
  ids.push(next.timers.newId());
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(new Set(ids).size, ids.length);
});
