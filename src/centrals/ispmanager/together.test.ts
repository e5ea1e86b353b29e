/**
 * Tests that simultaneous calls share one login and one search for the panel. If one of them fails, the
 * others continue.
 */
import assert from 'node:assert/strict';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { CentralError, type CallContext, type Central } from '../../core/central.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { serve } from '../../testing/scripted-panel.ts';

const until = ({ signal }: AbortController): CallContext => ({ signal, operation: '-' });

async function codeOf(call: Promise<unknown>): Promise<string> {
  return await call.then(String, (error: unknown) => (error instanceof CentralError ? error.code : ''));
}

async function manyLists(central: Central): Promise<string[]> {
  const calls = Array.from({ length: 5 }, async () => await central.listZones([], quietContext()));
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
    const held = Promise.withResolvers<void>();
    const { central, calls } = await serve(
      t,
      async ({ func = '' }) => {
        await held.promise;
        return `<doc func="${func}"/>`;
      },
      { kind: 'auto' },
    );
    const deadline = new AbortController();
    const hurry = async (): Promise<string> => await codeOf(central.listZones([], until(deadline)));
    const [hurried, patient] =
      first === 'hurried'
        ? [hurry(), central.listZones([], quietContext())]
        : [central.listZones([], quietContext()), hurry()].toReversed();
    while (calls.length === 0) await turn();
    deadline.abort();
    // The panel has not answered yet, so it was the call's own deadline that ended the call.
    assert.equal(await hurried, 'central.unreachable');
    held.resolve();
    assert.deepEqual(await patient, []);
    assert.equal(calls.length, 2, 'the search, and the list');
  });
}

test('closed in the middle of a search', async (t) => {
  const held = Promise.withResolvers<string>();
  const { central, calls } = await serve(t, async () => await held.promise, { kind: 'auto' });
  const call = codeOf(central.listZones([], quietContext()));
  while (calls.length === 0) await turn();
  // The panel has not answered yet, so it was `close` that ended the call.
  await central.close();
  assert.equal(await call, 'central.unreachable');
  held.resolve('<doc/>');
});
