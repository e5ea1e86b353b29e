/**
 * Tests which answers count as a refused login, which stops all calls for 15 minutes. Other refusals concern
 * only one call.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CentralError } from '../../core/central.ts';
import { parseName } from '../../dns/name.ts';
import { serve, type Sent } from '../../testing/scripted-panel.ts';

const zone = parseName('example.org.');
const ctx = () => ({ signal: AbortSignal.timeout(60_000), operation: '-' });
const session = '<doc func="auth"><auth id="f33b">f33b</auth></doc>';
const wrong = '<doc><error type="auth" object="badpassword"><msg>no</msg></error></doc>';

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'no error';
  } catch (error) {
    assert.ok(error instanceof CentralError, String(error));
    return error.code;
  }
}

function typed(type: string): string {
  return `<doc><error type="${type}" object="x"><msg>no</msg></error></doc>`;
}

for (const login of ['authinfo', 'session'] as const) {
  for (const type of ['author', 'password_policy', 'loginshell', 'Authority']) {
    test(`${login}: ${type}, from a call about a record, is no refused login`, async (t) => {
      const answer = ({ func = '' }: Sent): string => {
        if (func === 'auth') return session;
        return func === 'domain'
          ? '<doc func="domain"><elem><name>example.org</name></elem></doc>'
          : typed(type);
      };
      const { central } = await serve(t, answer, { login });
      assert.equal(await codeOf(central.readZone(zone, [], ctx())), 'central.refused');
      assert.equal(await codeOf(central.listZones([], ctx())), 'no error');
    });
  }

  test(`${login}: a refused login by another name is one when the login itself is refused`, async (t) => {
    const { central, calls } = await serve(t, () => typed('badlogin'), { login });
    assert.equal(await codeOf(central.listZones([], ctx())), 'central.login');
    assert.equal(calls.filter(({ func }) => func === 'auth').length, 1);
  });

  test(`${login}: a refused login as it is on record`, async (t) => {
    const { central, calls } = await serve(t, () => wrong, { login });
    assert.equal(await codeOf(central.listZones([], ctx())), 'central.login');
    assert.equal(calls.length, 1);
  });
}

test('session: a call that is refused as if it were the login, right after a login', async (t) => {
  const answer = ({ func = '' }: Sent): string => (func === 'auth' ? session : wrong);
  const { central } = await serve(t, answer, { login: 'session' });
  assert.equal(await codeOf(central.readZone(zone, [], ctx())), 'central.access-denied');
});
