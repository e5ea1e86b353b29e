import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Player } from './player.ts';

const order = { slice: { mode: 'default', seed: 1, runs: 5 }, skip: [], stopAtFirst: false } as const;
const limits = { mostWork: 300, idle: 300, leastWork: 100, lookEvery: 20 };

/** Makes a thread whose `runtime.ts` begins with this statement. */
function started(statement: string): Player {
  return new Player({ file: 'src/core/engine/runtime.ts', start: 0, end: 0, text: `${statement};\n` });
}

test('issue 13, hang: a thread that works without end, and one that waits for nothing, hang', async () => {
  for (const statement of ['for (;;) await null', 'await new Promise(() => setInterval(() => 0, 1_000))']) {
    const player = started(statement);
    const played = player.play(order).catch(() => 'closed');
    assert.equal(await player.hung(new AbortController().signal, limits), true, statement);
    await player.close();
    assert.equal(await played, 'closed');
  }
});

test('issue 13, hang: a thread that answers does not hang, however long the machine takes', async () => {
  const player = new Player();
  const ended = new AbortController();
  const hung = player.hung(ended.signal);
  await player.play(order);
  ended.abort();
  assert.equal(await hung, false);
  await player.close();
});
