import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleOperation } from '../../../testing/contracts/journal.ts';
import { engineBench, type Bench } from '../../../testing/engine-bench.ts';
import { PanelError } from '../../panel.ts';
import { nextTry, writeWithEcho } from './echo.ts';

const restoring = sampleOperation('0', { class: 'compensate', state: 'reverting', changedAt: 1_000 });

test('the panel is written at once first, then ever later', () => {
  const { runtime } = engineBench({ settings: { retryFirst: 1_000, retryMost: 6_000 } });
  const times = [0, 1, 2, 3, 4, 5].map((attempts) => nextTry(runtime, { ...restoring, attempts }));
  assert.deepEqual(times, [0, 2_000, 3_000, 5_000, 7_000, 7_000]);
});

interface Written {
  readonly bench: Bench;
  readonly state: string | undefined;
  readonly attempts: number | undefined;
}

/** @param after milliseconds since the refusal that makes the write into the panel necessary */
async function written(
  attempts: number,
  error: Error | null,
  { isPutOff = false, after = 0 } = {},
): Promise<Written> {
  const bench = engineBench();
  const operation = { ...restoring, attempts };
  bench.runtime.patience.heard('0');
  await bench.wait(after);
  await bench.journal.commit({ operations: [operation] });
  bench.journal.takes = 10;
  const { runtime } = bench;
  const writing = writeWithEcho(runtime, operation, async (echo, ctx) => {
    assert.deepEqual([...runtime.echoTokens], [[echo, { putOff: false }]]);
    assert.match(echo, /^[0-9a-f]{32}$/u);
    assert.equal(ctx.operation, '0');
    await bench.clock.sleep(100);
    const token = runtime.echoTokens.get(echo);
    if (isPutOff && token !== undefined) token.putOff = true;
    if (error !== null) throw error;
  });
  if (error === null) await bench.run(writing);
  else await assert.rejects(bench.run(writing), error);
  assert.equal(runtime.echoTokens.size, 0);
  const now = await bench.stored(operation);
  return { bench, state: now?.state, attempts: now?.attempts };
}

test('a token is valid for one write only; what the panel answers is counted', async () => {
  const { state, attempts, bench } = await written(0, null);
  assert.deepEqual([state, attempts], ['reverting', 1]);
  assert.equal(bench.clock.now(), 110);
});

test('a refusal is counted, unless it was for the sake of another central; no answer is not', async () => {
  const refused = new PanelError('panel.refused');
  assert.equal((await written(2, refused)).attempts, 3);
  assert.equal((await written(2, refused, { isPutOff: true })).attempts, 2);
  assert.equal((await written(2, new PanelError('panel.unreachable'))).attempts, 2);
  assert.equal((await written(2, new TypeError('a defect'))).attempts, 2);
});

test('what was answered more than five times without effect is for an administrator', async () => {
  const after = 90_000;
  assert.equal((await written(4, null, { after })).state, 'reverting');
  assert.equal((await written(5, null, { after })).state, 'stuck');
  assert.equal((await written(5, new PanelError('panel.refused'))).state, 'stuck');
});

test('issue 14: what the panel reported as written may show late', async () => {
  assert.equal((await written(5, null, { after: 89_899 })).state, 'reverting');
  assert.equal((await written(50, null, { after: 89_899 })).state, 'reverting');
  assert.equal((await written(5, null, { after: 89_900 })).state, 'stuck');
});
