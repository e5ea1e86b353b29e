import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission } from './admission.ts';

const limit = 10_000;

/** Makes edits that end when the test says so, on a clock of its own. */
function crowd() {
  let now = 0;
  const admission = new Admission(() => now);
  const answers: (() => void)[] = [];
  return {
    wait: (ms: number) => (now += ms),
    /** Makes one edit come. @returns whether the edit was admitted */
    come: (): boolean => {
      if (!admission.admits(limit)) return false;
      void admission.during(() => new Promise<void>((resolve) => answers.push(resolve)));
      return true;
    },
    answer: async (count: number): Promise<void> => {
      for (const resolve of answers.splice(0, count)) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test('issue 19, load: what cannot be answered in time is refused at once, until fewer wait', async () => {
  const { come, wait, answer } = crowd();
  for (let at = 0; at < 100; at += 1) assert.ok(come());
  await answer(1);
  wait(2_500);
  await answer(25);
  // Ten edits are answered a second. With 74 waiting, one more would wait over seven seconds, and half of the
  // limit is five.
  assert.equal(come(), false);
  await answer(26);
  assert.equal(come(), true);
});

test('issue 19, load: a slow central is no reason while all edits are answered in time', async () => {
  const { come, wait, answer } = crowd();
  // Ten edits come each second, and each takes four seconds.
  for (let at = 0; at < 200; at += 1) {
    assert.ok(come(), `edit ${at}`);
    wait(100);
    if (at >= 40) await answer(1);
  }
});

test('issue 19, load: few edits are never refused, however long they take', async () => {
  const { come, wait, answer } = crowd();
  for (let at = 0; at < 31; at += 1) assert.ok(come());
  wait(limit);
  assert.ok(come());
  await answer(32);
  assert.ok(come());
});

test('issue 19, load: no answer for half of the limit is refused, and a later crowd begins anew', async () => {
  const { come, wait, answer } = crowd();
  for (let at = 0; at < 40; at += 1) assert.ok(come());
  wait(limit / 2);
  assert.equal(come(), false);
  await answer(40);
  for (let at = 0; at < 40; at += 1) assert.ok(come());
});
