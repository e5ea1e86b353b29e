/** Tests whether a call counts as the repetition of a refused call, by which the user confirms it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineBench, type Bench } from '../../../testing/engine-bench.ts';
import { askedAt, hearAnswer } from './second-yes.ts';

const minute = 60_000;

/**
 * Makes one call.
 * @returns `yes`; `asked`: the call is refused, and its time is stored; `waits`: it is refused, and the time
 *   of an earlier refusal still counts
 */
async function call(bench: Bench): Promise<string> {
  const answer = await bench.run(hearAnswer(bench.runtime, 'asked'));
  if (answer === 'yes') return answer;
  await bench.journal.commit({ facts: answer });
  return Object.keys(answer).length > 0 ? 'asked' : 'waits';
}

test('the first call is asked about; one that repeats it between 3 s and 15 minutes later confirms it', async () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, 'waits'],
    [2_999, 'waits'],
    [3_000, 'yes'],
    [15 * minute, 'yes'],
    [15 * minute + 1, 'asked'],
  ];
  for (const [later, answer] of cases) {
    const bench = engineBench();
    await bench.wait(1_000);
    assert.equal(await call(bench), 'asked');
    await bench.wait(later);
    assert.equal(await call(bench), answer, `${later} ms later`);
  }
});

test('a call that came too soon does not put off the confirmation', async () => {
  const bench = engineBench();
  await call(bench);
  await bench.wait(2_000);
  assert.equal(await call(bench), 'waits');
  await bench.wait(1_000);
  assert.equal(await call(bench), 'yes');
});

test('a refusal in a future that a clock step made counts for nothing', async () => {
  const bench = engineBench();
  await call(bench);
  bench.clock.stepWall(-1);
  assert.equal(await call(bench), 'asked');
  assert.equal(await bench.run(askedAt(bench.ports.journal, 'asked')), bench.clock.wall());
  assert.equal(await bench.run(askedAt(bench.ports.journal, 'another')), null);
});
