import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { asAlice, makeZone, testSandbox, until } from '../testing.ts';
import type { FaultEffect, Sandbox } from '../index.ts';

const EDIT = { plid: 'example.org', name: 'www', sdtype: 'A', addr: '192.0.2.9', sok: 'ok' };

function has(sandbox: Sandbox): boolean {
  return sandbox.keys('example.org')?.includes('www A  192.0.2.9') === true;
}

/** Waits until the sandbox has the record of `EDIT`. */
async function made(sandbox: Sandbox): Promise<void> {
  await until(() => has(sandbox));
}

async function edit(sandbox: Sandbox): Promise<{ status: number; body: string } | 'cut'> {
  try {
    return await asAlice(sandbox, 'domain.sublist.edit', EDIT);
  } catch (error) {
    assert.ok(error instanceof Error);
    return 'cut';
  }
}

test('each effect: what the caller sees, and whether the change was made', async (t) => {
  const table: [FaultEffect, RegExp | 'cut', boolean][] = [
    ['drop', 'cut', false],
    ['lost', 'cut', true],
    ['refuse', /<error code="6" obj="domain">go away<\/error>/u, false],
    ['bad-gateway', /502 Bad Gateway/u, false],
    ['access-deny', /^access deny$/u, false],
    ['cut', /^<\?xml version="1.0" encoding="UTF-8"\?>\n<doc>$/u, true],
    ['empty', /^$/u, true],
    ['non-utf8', /\ufffd/u, true],
    ['delay-before', /<ok\/>/u, true],
    ['delay-after', /<ok\/>/u, true],
  ];
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  for (const [effect, seen, isMade] of table) {
    sandbox.faults.add({
      func: 'domain.sublist.edit',
      effect,
      code: 6,
      obj: 'domain',
      text: 'go away',
      at: 44,
      ms: 1,
    });
    const answer = await edit(sandbox);
    if (seen === 'cut') assert.equal(answer, 'cut', effect);
    else assert.match(answer === 'cut' ? 'cut' : answer.body, seen, effect);
    if (effect === 'bad-gateway') assert.equal(answer === 'cut' ? 0 : answer.status, 502);
    assert.equal(has(sandbox), isMade, effect);
    assert.equal(sandbox.faults.waiting.length, 0);
    if (isMade)
      await asAlice(sandbox, 'domain.sublist.delete', { plid: 'example.org', elid: 'www A  192.0.2.9' });
  }
});

test('a fault waits for the function, the parameters and the way it names, as often as it says', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  sandbox.faults.add({ func: 'domain', params: { x: '1' }, count: 2, effect: 'access-deny' });
  sandbox.faults.add({ func: 'domain', via: 'mgrctl', effect: 'access-deny' });
  const denied = async (params: Record<string, string>): Promise<boolean> =>
    (await asAlice(sandbox, 'domain', params)).body === 'access deny';
  assert.equal(await denied({}), false);
  assert.equal(await denied({ x: '2' }), false);
  assert.equal(await denied({ x: '1' }), true);
  assert.equal(await denied({ x: '1' }), true);
  assert.equal(await denied({ x: '1' }), false);
  assert.equal(sandbox.faults.waiting.length, 1);
  sandbox.faults.clear();
  sandbox.faults.add({ effect: 'access-deny', count: null });
  for (const x of ['1', '2', '3']) assert.equal(await denied({ x }), true);
});

test('a late change: cut first, made later', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  sandbox.faults.add({ func: 'domain.sublist.edit', effect: 'late', ms: 30 });
  assert.equal(await edit(sandbox), 'cut');
  await made(sandbox);
  const [cut, landed] = sandbox.requests.filter((entry) => entry.func === 'domain.sublist.edit');
  assert.deepEqual([cut?.outcome, landed?.outcome], ['fault late', 'ok']);
  assert.ok((landed?.time ?? 0) - (cut?.time ?? 0) >= 29);
});

test('a caller that gives up during a delay does not stop the change', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  sandbox.faults.add({ func: 'domain.sublist.edit', effect: 'delay-before', ms: 60 });
  const sent = request(`${sandbox.url}/ispmgr`, { method: 'POST' });
  const ended = once(sent, 'error');
  sent.end(new URLSearchParams({ authinfo: 'root:rp', func: 'domain.sublist.edit', ...EDIT }).toString());
  while (sandbox.faults.waiting.length > 0) await setImmediate();
  sent.destroy();
  await ended;
  await made(sandbox);
});

test('expire: the session ends in the middle of a batch', async (t) => {
  const sandbox = await testSandbox(t);
  const login = await sandbox.call('auth', { username: 'alice', password: 'a:p&w=d' });
  const auth = /id="(\d+)"/u.exec(login.body)?.[1] ?? '';
  assert.equal((await sandbox.call('domain', {}, { auth })).error, null);
  sandbox.faults.add({ func: 'domain', effect: 'expire' });
  assert.equal((await sandbox.call('domain', {}, { auth })).error?.code, '100');
});

test('stopping ends delays at once and cancels what had not landed', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  sandbox.faults.add({ func: 'domain.sublist.edit', effect: 'delay-before', ms: 60_000 });
  const waiting = edit(sandbox);
  await until(() => sandbox.faults.waiting.length === 0);
  await sandbox.stop();
  assert.equal(await waiting, 'cut');
  assert.equal(has(sandbox), false);
});
