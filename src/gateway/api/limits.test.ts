import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiRefusal } from '../api-refusal.ts';
import { clientAddress, clientNetwork } from './address.ts';
import { LoginLimits, RequestLimits, type ApiLimits } from './limits.ts';

const limits: ApiLimits = {
  requests: 3,
  writes: 2,
  atOnce: 2,
  logins: 3,
  connections: 1,
  connectionsByAddress: 1,
  sending: 1,
  idle: 1,
};
const ok = async (): Promise<string> => await Promise.resolve('done');
const wrong = async (): Promise<string> => await Promise.reject(new ApiRefusal(401, 'central.login'));

test('an IPv6 client is its network of 64 bits, an IPv4 client its address', () => {
  assert.equal(clientAddress('::ffff:192.0.2.7'), '192.0.2.7');
  assert.deepEqual([clientAddress(undefined), clientAddress('nonsense')], ['::', '::']);
  for (const [address, network] of [
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ] as const)
    assert.equal(clientNetwork(address), network, address);
});

test('wrong tokens of an address lock out neither other addresses nor tokens that it has used before', async () => {
  let now = 0;
  const logins = new LoginLimits(limits, () => now);
  assert.equal(await logins.run('here', 'good', ok), 'done');
  for (let at = 0; at < limits.logins; at += 1)
    await assert.rejects(logins.run('here', `bad ${at}`, wrong), { status: 401 });
  let tried = 0;
  const counted = async (): Promise<string> => {
    tried += 1;
    return await ok();
  };
  await assert.rejects(logins.run('here', 'another', counted), { status: 429, code: 'central.busy' });
  assert.equal(tried, 0, 'no token is looked up');
  assert.equal(await logins.run('here', 'good', ok), 'done');
  assert.equal(await logins.run('there', 'another', ok), 'done');
  now += 20_000;
  assert.equal(await logins.run('here', 'another', ok), 'done');
});

test('a token that was good and is no longer counts as wrong', async () => {
  const logins = new LoginLimits({ ...limits, logins: 1 }, () => 0);
  await logins.run('here', 'token', ok);
  await assert.rejects(logins.run('here', 'token', wrong), { status: 401 });
  await assert.rejects(logins.run('here', 'token', ok), { status: 429 });
});

test('what is wrong with a request otherwise is no failed login', async () => {
  const logins = new LoginLimits({ ...limits, logins: 1 }, () => 0);
  const failed = async (): Promise<string> =>
    await Promise.reject(new ApiRefusal(503, 'central.unreachable'));
  for (let at = 0; at < 3; at += 1) await assert.rejects(logins.run('here', 'x', failed), { status: 503 });
});

test('reads and writes of a token are counted, and other tokens are not concerned', async () => {
  const requests = new RequestLimits(limits, () => 0);
  for (let at = 0; at < limits.writes; at += 1) await requests.run('a', true, ok);
  await assert.rejects(requests.run('a', true, ok), { status: 429, policy: 'writes', wait: 30_000 });
  await assert.rejects(requests.run('a', false, ok), { status: 429, policy: 'requests', wait: 20_000 });
  assert.equal(await requests.run('b', true, ok), 'done');
  assert.deepEqual(requests.headers('a'), {
    'RateLimit-Policy': '"requests";q=3;w=60, "writes";q=2;w=60',
    RateLimit: '"requests";r=0;t=60, "writes";r=0;t=60',
  });
});

test('requests that run at once are counted until they end, even by an error', async () => {
  const requests = new RequestLimits({ ...limits, requests: 100 }, () => 0);
  const ends: (() => void)[] = [];
  const slow = async (): Promise<string> => await new Promise((resolve) => ends.push(() => resolve('done')));
  const running = [requests.run('a', false, slow), requests.run('a', false, slow)];
  await assert.rejects(requests.run('a', false, ok), { status: 429, policy: 'at-once' });
  for (const end of ends) end();
  await Promise.all(running);
  await assert.rejects(requests.run('a', false, wrong), { status: 401 });
  await assert.rejects(requests.run('a', false, wrong), { status: 401 });
  assert.equal(await requests.run('a', false, ok), 'done');
});
