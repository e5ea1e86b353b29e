import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { withDeadline } from './deadline.ts';

/** Resolves with the reason of the signal's abort. */
async function reasonOf(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  return signal.reason;
}

describe('a deadline', () => {
  test('its signal aborts when the time is over', async () => {
    // The timer of the deadline does not keep the process alive, so this test does.
    const alive = setInterval(() => undefined, 1_000);
    const reason = await withDeadline(1, [], reasonOf).finally(() => clearInterval(alive));
    assert.match(String(reason), /deadline/);
  });

  test('its signal aborts with the reason of a given signal', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const reason = withDeadline(100_000, [one.signal, other.signal], reasonOf);
    other.abort('stop');
    assert.equal(await reason, 'stop');
  });

  test('its signal is aborted from the start if a given one is', async () => {
    assert.equal(await withDeadline(100_000, [AbortSignal.abort('early')], reasonOf), 'early');
  });

  test('one that never comes, or only after months, does not come at once', async () => {
    for (const ms of [Infinity, 2 ** 31, 1e12]) {
      const seen = await withDeadline(ms, [], async (signal) => {
        await setTimeout(20);
        return signal.aborted;
      });
      assert.equal(seen, false, String(ms));
    }
  });

  test('one that is over already aborts before the work begins', async () => {
    for (const ms of [0, -1])
      assert.equal(await withDeadline(ms, [], async (signal) => await Promise.resolve(signal.aborted)), true);
  });

  test('it leaves no listener at the given signals', async () => {
    const { signal } = new AbortController();
    assert.equal(await withDeadline(100_000, [signal], () => Promise.resolve(1)), 1);
    await assert.rejects(
      withDeadline(100_000, [signal], () => Promise.reject(new Error('failed'))),
      /failed/,
    );
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });
});
