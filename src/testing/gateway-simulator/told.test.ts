/** Single requests to simulated gateways, written by hand: what they do, and that no law is broken. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { TapeChances } from '../simulator/chances.ts';
import { GatewayWorld, type TokenName } from './gateway-world.ts';
import { judgeWorld } from './laws/index.ts';
import type { Answer, Asked } from './requests.ts';

const zone = zoneName('alpha.test');
const added = makeRecord({ name: 'new', type: 'A', rdata: '192.0.2.7', ttl: 300 }, zone);
const edit: Asked = { kind: 'change', zone, key: 'key00001', remove: [], add: [added], expect: null };

/** A world in which nothing goes wrong by chance, with gateways that listen. */
async function quietWorld(gateways: 1 | 2): Promise<GatewayWorld> {
  const world = new GatewayWorld(new TapeChances({}), gateways);
  await world.setUp();
  for (const host of world.hosts) world.start(host);
  await world.clock.runUntil(1_000);
  return world;
}

async function assertLawful(world: GatewayWorld): Promise<void> {
  assert.deepEqual(await world.clock.runUntilSettled(judgeWorld(world)), []);
}

test('an edit is carried out, and the same key at the other gateway gets the same answer', async () => {
  const world = await quietWorld(2);
  const first = await world.clock.runUntilSettled(
    world.ask('g1', 'a-panel', edit)?.answered ?? Promise.reject(),
  );
  const again = await world.clock.runUntilSettled(
    world.ask('g2', 'a-panel', edit)?.answered ?? Promise.reject(),
  );
  assert.deepEqual(first, { kind: 'outcome', outcome: { kind: 'done', removed: [], added: [added] } });
  assert.deepEqual(again, first);
  assert.equal(world.server.sends.length, 1);
  await assertLawful(world);
});

test('a zone that is given away while its records are counted is not written', async () => {
  const world = await quietWorld(1);
  const asked = world.ask('g1', 'a-panel', edit);
  assert.ok(asked !== null);
  const { reads } = asked.request;
  // The second read counts the records. The zone moves as soon as it is there.
  while (reads.length < 2) await world.clock.runUntil(world.clock.now() + 1);
  const given = world.order(
    'transfer',
    async (operator) => await operator.transfer('operator', zone, 'b', true),
  );
  const answer = await world.clock.runUntilSettled(asked.answered);
  await world.clock.runUntilSettled(given);
  assert.ok(answer.kind === 'refused');
  assert.deepEqual([answer.status, answer.state], [404, 'untouched']);
  assert.equal(world.server.sends.length, 0);
  await assertLawful(world);
});

test('a name that was deleted stays reserved if its next create is broken off', async () => {
  const world = await quietWorld(1);
  const fresh = zoneName('fresh.test');
  const create: Asked = { kind: 'create', zone: fresh, content: [] };
  const ask = async (token: TokenName, asked: Asked): Promise<Answer> =>
    await world.clock.runUntilSettled(world.ask('g1', token, asked)?.answered ?? Promise.reject());
  await ask('a-panel', create);
  await ask('a-panel', { kind: 'delete', zone: fresh });
  world.ask('g1', 'a-panel', create);
  const isClaimed = (): boolean => world.witness.commits.at(-1)?.owners.get(fresh)?.isPending === true;
  while (!isClaimed()) await world.clock.runUntil(world.clock.now() + 1);
  world.kill('g1');
  for (const host of world.hosts) world.start(host);
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.ok(!isClaimed());
  const other = await ask('b-panel', create);
  assert.ok(other.kind === 'refused');
  assert.equal(other.code, 'zone.foreign');
  assert.deepEqual(await ask('a-panel', create), { kind: 'said', said: 'created' });
  await assertLawful(world);
});
