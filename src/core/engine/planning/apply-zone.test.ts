import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId } from '../../../dns/record.ts';
import { approvalOf, type PlanRequest, type ZonePlan, type ZoneResult } from '../../zone-plan.ts';
import {
  a,
  engineOf,
  given,
  held,
  historyOf,
  put,
  recordState,
  zone,
  zoneState,
} from '../../../testing/simulator/given.ts';
import type { World } from '../../../testing/simulator/world.ts';

const push: PlanRequest = { direction: 'push', removes: false };
const pushAll: PlanRequest = { direction: 'push', removes: true };
const pull: PlanRequest = { direction: 'pull', removes: false };
const pullAll: PlanRequest = { direction: 'pull', removes: true };

async function planOf(world: World, request: PlanRequest): Promise<ZonePlan> {
  return await world.clock.runUntilSettled(engineOf(world).plan(zone, request));
}

async function apply(world: World, plan: ZonePlan): Promise<ZoneResult> {
  return await world.clock.runUntilSettled(engineOf(world).apply(approvalOf(plan)));
}

async function planned(world: World, request: PlanRequest): Promise<ZoneResult> {
  return await apply(world, await planOf(world, request));
}

test('issue 17, apply: a zone that only the panel has is made with its content, and follows from then on', async () => {
  const world = await given({ panel: [a('www', 1), a('ftp', 1)], central: null });
  assert.equal(await zoneState(world), 'panel-only');
  const plan = await planOf(world, push);
  assert.equal(plan.whole, 'create');
  assert.deepEqual(
    plan.steps.map(({ action, why }) => `${action} ${why}`),
    ['add one-sided', 'add one-sided'],
  );
  const result = await apply(world, plan);
  assert.ok(result.kind === 'done' && result.refused.length === 0);
  assert.ok(held(world, 'central', a('www', 1)) && held(world, 'central', a('ftp', 1)));
  assert.equal(await zoneState(world), 'synced');
  assert.equal(await recordState(world, a('www', 1)), 'synced');
  const [newest] = await historyOf(world, 1);
  assert.deepEqual([newest?.id, newest?.source, newest?.state], [result.operation, 'push', 'confirmed']);
});

test('issue 17, apply: a push adds, and removes only where that was asked for', async () => {
  const world = await given({ panel: [a('www', 1), a('new', 1)], central: [a('www', 9), a('old', 9)] });
  assert.equal((await planned(world, push)).kind, 'done');
  assert.ok(held(world, 'central', a('new', 1)) && held(world, 'central', a('old', 9)));
  assert.ok(held(world, 'central', a('www', 9)) && !held(world, 'central', a('www', 1)));
  assert.equal((await planned(world, pushAll)).kind, 'done');
  assert.ok(held(world, 'central', a('www', 1)) && !held(world, 'central', a('www', 9)));
  assert.equal(held(world, 'central', a('old', 9)), false);
  assert.equal(await recordState(world, a('www', 1)), 'synced');
  assert.equal(await recordState(world, a('old', 9)), undefined);
});

test('issue 17, apply: a pull brings the panel to what the central has, and removes where that was asked for', async () => {
  const world = await given({ panel: [a('www', 1), a('old', 1)], central: [a('www', 9), a('new', 9)] });
  assert.equal((await planned(world, pull)).kind, 'under-way');
  await world.clock.runUntil(world.clock.now() + 120_000);
  assert.ok(held(world, 'panel', a('new', 9)) && held(world, 'panel', a('old', 1)));
  assert.ok(held(world, 'panel', a('www', 1)) && !held(world, 'panel', a('www', 9)));
  await planned(world, pullAll);
  await world.clock.runUntil(world.clock.now() + 120_000);
  assert.ok(held(world, 'panel', a('www', 9)) && !held(world, 'panel', a('www', 1)));
  assert.equal(held(world, 'panel', a('old', 1)), false);
  assert.ok(held(world, 'central', a('www', 9)) && held(world, 'central', a('new', 9)));
  assert.equal(await recordState(world, a('www', 9)), 'synced');
});

test('issue 17, apply: what changed since the plan is told, and nothing is done', async () => {
  const world = await given({ panel: [a('new', 1)], central: [] });
  const plan = await planOf(world, push);
  put(world, 'panel', [a('new', 1), a('other', 1)]);
  const result = await apply(world, plan);
  assert.ok(result.kind === 'changed');
  assert.deepEqual(
    result.now.steps.map(({ record }) => record.name),
    [a('new', 1).name, a('other', 1).name],
  );
  assert.equal(held(world, 'central', a('new', 1)), false);
});

test('issue 17, apply: what is done already, or no longer needed, is left out', async () => {
  const world = await given({ panel: [a('one', 1), a('two', 1)], central: [] });
  const plan = await planOf(world, push);
  put(world, 'central', [a('one', 1)]);
  put(world, 'panel', [a('one', 1)]);
  const result = await apply(world, plan);
  assert.deepEqual(result, { kind: 'done', refused: [], operation: null });
  assert.equal(held(world, 'central', a('two', 1)), false);
});

test('issue 17, apply: twice does nothing the second time', async () => {
  const world = await given({ panel: [a('www', 1)], central: null });
  const plan = await planOf(world, push);
  await apply(world, plan);
  assert.deepEqual(await apply(world, plan), { kind: 'done', refused: [], operation: null });
});

test('issue 17, apply: a zone that the panel lost is deleted only where that was asked for', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  put(world, 'panel', null);
  assert.equal((await planOf(world, push)).hindrance, 'gone-from-panel');
  assert.equal((await planned(world, pushAll)).kind, 'under-way');
  await world.clock.runUntil(world.clock.now() + 120_000);
  assert.equal(world.central.zones.has(zone), false);
});

test('issue 17, apply: a zone that the panel never had is not deleted', async () => {
  const world = await given({ panel: null, central: [a('www', 1)] });
  assert.equal((await planOf(world, pushAll)).hindrance, 'gone-from-panel');
  assert.equal((await planOf(world, pull)).hindrance, 'not-in-panel');
});

test('issue 17, apply: a central out of reach is an error, and nothing was begun', async () => {
  const world = await given({ panel: [a('www', 1)], central: [] });
  const plan = await planOf(world, push);
  world.centralDown = true;
  world.applyOutages();
  await assert.rejects(apply(world, plan), { name: 'CentralError', code: 'central.unreachable' });
  assert.equal((await historyOf(world, 1)).length, 0);
});

test('issue 17, apply: what was begun and failed is brought to its end in the background', async () => {
  for (const fault of ['down', 'lost-answer', 'partial'] as const) {
    for (const central of [[], null]) {
      const world = await given({ panel: [a('www', 1), a('ftp', 1)], central });
      const plan = await planOf(world, push);
      world.chooseFault = () => fault;
      const result = await apply(world, plan);
      assert.equal(result.kind, 'under-way', fault);
      world.chooseFault = () => null;
      await world.clock.runUntil(world.clock.now() + 1_000_000);
      assert.ok(held(world, 'central', a('www', 1)) && held(world, 'central', a('ftp', 1)), fault);
      assert.equal(await recordState(world, a('www', 1)), 'synced', fault);
    }
  }
});

test('issue 17, apply: what the central refuses is told and passed over', async () => {
  for (const central of [[], null]) {
    const world = await given({ panel: [a('www', 1)], central });
    const plan = await planOf(world, push);
    world.chooseFault = () => 'refuse';
    const result = await apply(world, plan);
    if (central === null)
      assert.deepEqual(result.kind === 'refused' && result.problems.map(({ code }) => code), [
        'central.refused',
      ]);
    else assert.ok(result.kind === 'done' && result.refused.length === 1);
    world.chooseFault = () => null;
    await world.clock.runUntil(world.clock.now() + 200_000);
    assert.equal(held(world, 'central', a('www', 1)), false);
  }
});

test('issue 17, exclude: a record is left alone until it is included again', async () => {
  const world = await given({ panel: [a('www', 1)], central: [] });
  const only = { name: a('www', 1).name, type: null };
  const set = async (excluded: boolean): Promise<unknown> =>
    await world.clock.runUntilSettled(engineOf(world).setExclusion({ zone, only, excluded }));
  assert.deepEqual(await set(true), { kind: 'done', count: 1 });
  assert.equal(await recordState(world, a('www', 1)), 'excluded');
  assert.deepEqual((await planOf(world, push)).steps, []);
  assert.deepEqual(await set(false), { kind: 'done', count: 1 });
  assert.equal(await recordState(world, a('www', 1)), 'panel-only');
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.equal(held(world, 'central', a('www', 1)), false, 'including writes to neither side');
  assert.deepEqual(
    (await planOf(world, push)).steps.map(({ record }) => recordId(record)),
    [recordId(a('www', 1))],
  );
});

test('issue 17, exclude: a zone is left alone until it is included again', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1), a('old', 9)] });
  const set = async (excluded: boolean): Promise<unknown> =>
    await world.clock.runUntilSettled(engineOf(world).setExclusion({ zone, only: null, excluded }));
  assert.deepEqual(await set(true), { kind: 'done', count: 1 });
  assert.equal((await planOf(world, pushAll)).hindrance, 'excluded');
  put(world, 'panel', [a('www', 2)]);
  assert.deepEqual(await set(false), { kind: 'done', count: 1 });
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.equal(await zoneState(world), 'synced');
  assert.ok(held(world, 'central', a('www', 1)) && held(world, 'central', a('old', 9)));
  assert.equal(await recordState(world, a('www', 2)), 'conflict');
});

test('issue 17, plan: a zone that is new on both sides is not written by being planned', async () => {
  const world = await given({ panel: null, central: null });
  put(world, 'panel', [a('www', 1), a('new', 1)]);
  put(world, 'central', [a('www', 1)]);
  const plan = await planOf(world, push);
  assert.deepEqual(
    plan.steps.map(({ record, why }) => [record.name, why]),
    [[a('new', 1).name, 'one-sided']],
  );
  assert.equal(held(world, 'central', a('new', 1)), false);
  assert.equal((await apply(world, plan)).kind, 'done');
  assert.ok(held(world, 'central', a('new', 1)));
  assert.equal(await zoneState(world), 'synced');
  assert.equal(await recordState(world, a('www', 1)), 'synced');
});
