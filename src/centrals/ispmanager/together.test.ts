/** Several calls at once: they share a login and a search, and none spoils it for another. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { CentralError, type Central } from '../../core/central.ts';
import { serve } from '../../testing/scripted-panel.ts';

const ctx = (ms = 10_000) => ({ signal: AbortSignal.timeout(ms), operation: '-' });

async function manyLists(central: Central): Promise<string[]> {
  const calls = Array.from({ length: 5 }, async () => await central.listZones([], ctx()));
  return (await Promise.allSettled(calls)).map(({ status }) => status);
}

test('one login for all, at a panel where a login ends the session before it', async (t) => {
  let valid = 'none';
  let logins = 0;
  const answer = async ({ func = '', auth }: Readonly<Record<string, string>>): Promise<string> => {
    await pause(5);
    if (func !== 'auth') {
      return auth === valid
        ? `<doc func="${func}"/>`
        : '<doc><error type="auth"><msg>expired</msg></error></doc>';
    }
    logins += 1;
    valid = `session${logins}`;
    return `<doc func="auth"><auth id="${valid}">${valid}</auth></doc>`;
  };
  const { central } = await serve(t, answer, { login: 'session' });
  const fine = Array.from({ length: 5 }, () => 'fulfilled');
  assert.deepEqual([await manyLists(central), logins], [fine, 1]);
  valid = 'none';
  assert.deepEqual([await manyLists(central), logins], [fine, 2]);
});

for (const first of ['hurried', 'patient'] as const) {
  test(`one search for all, each with its own deadline (${first} first)`, async (t) => {
    const answer = async ({ func = '' }: Readonly<Record<string, string>>): Promise<string> => {
      await pause(400);
      return `<doc func="${func}"/>`;
    };
    const { central, calls } = await serve(t, answer, { kind: 'auto' });
    const began = performance.now();
    const hurry = async (): Promise<string> => {
      const call = central.listZones([], ctx(100));
      return await call.then(String, (error: unknown) => (error instanceof CentralError ? error.code : ''));
    };
    const [hurried, patient] =
      first === 'hurried'
        ? [hurry(), central.listZones([], ctx())]
        : [central.listZones([], ctx()), hurry()].toReversed();
    assert.equal(await hurried, 'central.unreachable');
    assert.ok(performance.now() - began < 350, 'its own deadline counts');
    assert.deepEqual(await patient, []);
    assert.equal(calls.length, 2, 'the search, and the list');
  });
}

test('closed in the middle of a search', async (t) => {
  const { central } = await serve(t, async () => await pause(5_000, '<doc/>'), { kind: 'auto' });
  const call = central.listZones([], ctx()).then(String, String);
  await pause(50);
  const began = performance.now();
  await central.close();
  assert.match(await call, /central\.unreachable/);
  assert.ok(performance.now() - began < 1_000);
});
