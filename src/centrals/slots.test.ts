import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Slots } from './slots.ts';

const never = new AbortController().signal;

test('no more than so many at once for a key, in the order of their coming', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 4 }), fc.boolean()), {
        maxLength: 20,
      }),
      async (atOnce, jobs) => {
        const turns = new Slots(atOnce);
        const running = new Map<string, number>();
        const begun = new Map<string, number[]>();
        const done = jobs.map(async ([key, steps, fails], at) => {
          await turns.take(key, never, async () => {
            begun.set(key, [...(begun.get(key) ?? []), at]);
            running.set(key, (running.get(key) ?? 0) + 1);
            assert.equal((running.get(key) ?? 0) <= atOnce, true);
            for (let step = 0; step < steps; step += 1) await Promise.resolve();
            running.set(key, (running.get(key) ?? 0) - 1);
            if (fails) throw new Error('failed');
          });
        });
        const ends = await Promise.allSettled(done);
        assert.deepEqual(
          ends.map(({ status }) => status === 'rejected'),
          jobs.map(([, , fails]) => fails),
        );
        for (const order of begun.values())
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
          );
      },
    ),
  );
});

test('who gives up waiting is not run, and holds up nobody', async () => {
  const turns = new Slots();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const first = turns.take('a', never, async () => await held);
  const patience = new AbortController();
  let ran = false;
  const second = turns.take('a', patience.signal, async () => {
    ran = true;
    await Promise.resolve();
  });
  const third = turns.take('a', never, async () => await Promise.resolve('third'));
  patience.abort();
  await assert.rejects(second, { code: 'central.unreachable', state: 'untouched' });
  await assert.rejects(
    turns.take('a', AbortSignal.abort(), async () => await Promise.resolve()),
    { code: 'central.unreachable' },
  );
  release();
  await first;
  assert.equal(await third, 'third');
  assert.equal(ran, false);
});

test('the number of calls at once may change', async () => {
  let atOnce = 1;
  const turns = new Slots(() => atOnce);
  const order: string[] = [];
  const releases: (() => void)[] = [];
  const begin = async (name: string): Promise<void> => {
    await turns.take('a', never, async () => {
      order.push(name);
      await new Promise<void>((resolve) => releases.push(resolve));
    });
  };
  const all = ['first', 'second', 'third', 'fourth'].map(begin);
  assert.equal(turns.waiting('a'), 3);
  const settle = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));
  await settle();
  atOnce = 2;
  releases.shift()?.();
  await settle();
  assert.deepEqual(order, ['first', 'second', 'third']);
  atOnce = 1;
  releases.shift()?.();
  await settle();
  assert.equal(order.length, 3);
  releases.shift()?.();
  await settle();
  assert.equal(order.at(-1), 'fourth');
  releases.shift()?.();
  await Promise.all(all);
  assert.equal(turns.waiting('a'), 0);
});

test('who waits too long hears that there are too many, if at least half of those before have ended', async () => {
  const turns = new Slots();
  const gates = [0, 1].map(() => Promise.withResolvers<void>());
  const before = gates.map(async ({ promise }) => await turns.take('a', never, async () => await promise));
  const patience = new AbortController();
  const last = turns.take('a', patience.signal, async () => await Promise.resolve());
  gates[0]?.resolve();
  await before[0];
  patience.abort();
  await assert.rejects(last, { code: 'central.busy', state: 'untouched', retry: 'later' });
  gates[1]?.resolve();
  await before[1];
});
