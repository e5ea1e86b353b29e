/** Tests a background job that is run rarely, however often somebody asks for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineBench, type Bench } from '../../../testing/engine-bench.ts';
import { Seldom } from './seldom.ts';

interface Scene extends Bench {
  readonly seldom: Seldom;
  /** When runs began. */
  readonly began: number[];
  /** How long a run takes (ms), and whether it succeeds. */
  readonly job: { takes: number; succeeds: boolean };
}

function given(gap = 5_000): Scene {
  const bench = engineBench();
  const began: number[] = [];
  const job = { takes: 0, succeeds: true };
  const seldom = new Seldom(bench.runtime, gap, async () => {
    began.push(bench.clock.now());
    const { succeeds } = job;
    await bench.clock.sleep(job.takes);
    return succeeds;
  });
  return { ...bench, seldom, began, job };
}

test('all who ask at the same moment share a run, which ends before the first of them', async () => {
  const { seldom, began, run, wait, clock } = given();
  const first = seldom.ask();
  await Promise.all([seldom.ask(), seldom.ask()]);
  assert.equal(clock.now(), 0);
  await run(first);
  await wait(60_000);
  assert.deepEqual(began, [200]);
});

test('the next run waits for the gap', async () => {
  const { seldom, began, run } = given();
  await run(seldom.ask());
  await run(seldom.ask());
  assert.deepEqual(began, [200, 5_200]);
});

test('a run that is asked for later than the gap waits only for those who ask at the same moment', async () => {
  const { seldom, began, run, wait } = given();
  await run(seldom.ask());
  await wait(20_000);
  await run(seldom.ask());
  assert.deepEqual(began, [200, 20_400]);
});

test('who asks while a run is under way gets another one', async () => {
  const { seldom, began, job, run, wait } = given();
  job.takes = 1_000;
  const first = seldom.ask();
  await wait(500);
  await seldom.ask();
  await run(first);
  await wait(60_000);
  assert.deepEqual(began, [200, 6_200]);
});

test('a run that takes long is followed by a pause four times as long', async () => {
  const { seldom, began, job, run } = given();
  job.takes = 3_000;
  await run(seldom.ask());
  await run(seldom.ask());
  assert.deepEqual(began, [200, 15_200]);
});

test('a failed run is tried again, later each time; after a success the next failure is the first', async () => {
  const { seldom, began, job, run, wait } = given(0);
  job.succeeds = false;
  const first = seldom.ask();
  await wait(5_000);
  job.succeeds = true;
  await run(first);
  const tried = began.slice();
  assert.deepEqual(tried, [200, 700, 1_700, 3_700, 7_700]);
  job.succeeds = false;
  const second = seldom.ask();
  await wait(600);
  job.succeeds = true;
  await run(second);
  assert.deepEqual(
    began.slice(tried.length).map((at) => at - 7_700),
    [200, 700],
  );
});

test('a failed run keeps the gap as well', async () => {
  const { seldom, began, job, run, wait } = given();
  job.succeeds = false;
  const first = seldom.ask();
  await wait(1_000);
  job.succeeds = true;
  await run(first);
  assert.deepEqual(began, [200, 5_200]);
});

test('a stop ends the wait, and nothing runs any more', async () => {
  const { seldom, began, runtime, run, wait } = given();
  const waiting = seldom.ask();
  await wait(100);
  runtime.timers.stopping.abort(new Error('stopping'));
  await run(waiting);
  await run(seldom.ask());
  assert.deepEqual(began, []);
});

test('a defect in the job ends this run, not the next', async () => {
  const { runtime, run } = engineBench();
  let runs = 0;
  const seldom = new Seldom(runtime, 0, async () => {
    runs += 1;
    await Promise.resolve();
    if (runs === 1) throw new TypeError('a defect');
    return true;
  });
  await assert.rejects(run(seldom.ask()), TypeError);
  await run(seldom.ask());
  assert.equal(runs, 2);
});
