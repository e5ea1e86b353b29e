import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import { recordId } from '../../../dns/record.ts';
import {
  approvalOf,
  type Consent,
  type PlanRequest,
  type ZonePlan,
  type ZoneResult,
} from '../../zone-plan.ts';
import {
  a,
  apex,
  engineOf,
  given,
  held,
  historyOf,
  put,
  recordState,
  zone,
  zoneState,
} from '../../../testing/simulator/given.ts';
import { changedCentral } from '../../../testing/changed-central.ts';
import { defaultRecords } from '../../../testing/simulator/new-zones.ts';
import { recordsEvent } from '../../../testing/simulator/edits.ts';
import type { World } from '../../../testing/simulator/world.ts';

const other = parseName('example.net.');
const push: PlanRequest = { direction: 'push', removes: false };
const pushAll: PlanRequest = { direction: 'push', removes: true };
const pull: PlanRequest = { direction: 'pull', removes: false };
const pullAll: PlanRequest = { direction: 'pull', removes: true };

async function planOf(world: World, request: PlanRequest): Promise<ZonePlan> {
  return await world.clock.runUntilSettled(engineOf(world).plan(zone, request));
}

async function apply(world: World, plan: ZonePlan, consent: Consent = {}): Promise<ZoneResult> {
  return await world.clock.runUntilSettled(engineOf(world).apply({ ...approvalOf(plan), ...consent }));
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

test('issue 17, first send: a create is in the journal before its request, and nothing is read after it', async () => {
  const calls: string[] = [];
  const panel = [a('www', 1), ...defaultRecords(zone, 'central')];
  const world = await given({ panel, central: null }, (fresh) => {
    fresh.wrap = (central) =>
      changedCentral(central, {
        createZone: async (...call) => {
          calls.push('create');
          return await central.createZone(...call);
        },
        readZone: async (...call) => {
          calls.push('read');
          return await central.readZone(...call);
        },
      });
  });
  const plan = await planOf(world, push);
  const journal = world.sides[0]?.disk.file;
  assert.ok(journal !== undefined);
  const commit = journal.commit.bind(journal);
  journal.commit = async (batch) => {
    for (const operation of batch.operations ?? []) {
      assert.ok(operation.kind === 'zone-create');
      const { state, created, requested, watch } = operation;
      const isWatched = watch?.added.some((record) => recordId(record) === recordId(a('www', 1))) ?? null;
      calls.push(JSON.stringify([state, created, requested, isWatched]));
    }
    await commit(batch);
  };
  calls.length = 0;
  assert.equal((await apply(world, plan)).kind, 'done');
  assert.deepEqual(calls, ['read', '["kept",false,true,true]', 'create', '["confirmed",true,false,null]']);
});

test('issue 17, plan: names the name servers that the zone has at the central, as far as they can be read', async () => {
  const odd = { ...apex, rdata: String.raw`\# 1 ff` };
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  world.central.zones.set(zone, new Map([apex, odd].map((record) => [recordId(record), record])));
  assert.deepEqual((await planOf(world, push)).nameServers, ['ns1.example.net.']);
  world.central.zones.set(zone, new Map([[recordId(odd), odd]]));
  assert.equal((await planOf(world, push)).nameServers, undefined);
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

function codesOf(result: ZoneResult): readonly string[] {
  return result.kind === 'refused' ? result.problems.map(({ code }) => code) : [result.kind];
}

test('issue 17, limits: a push that removes too much needs a reason, which stays in the history', async () => {
  const many = Array.from({ length: 10 }, (_, at) => a(`h${at}`, 1));
  const world = await given({ panel: many.slice(4), central: many });
  const plan = await planOf(world, pushAll);
  assert.deepEqual(plan.limit, { kind: 'records', removed: 4, all: 10 });
  assert.deepEqual(codesOf(await apply(world, plan)), ['plan.limited']);
  assert.ok(held(world, 'central', a('h0', 1)));
  assert.equal((await historyOf(world, 1)).length, 0);
  const result = await apply(world, plan, { operator: 'anna', force: 'ticket 4711' });
  assert.equal(result.kind, 'done');
  assert.equal(held(world, 'central', a('h0', 1)), false);
  const [newest] = await historyOf(world, 1);
  assert.deepEqual([newest?.actor, newest?.force, newest?.source], ['anna', 'ticket 4711', 'push']);
});

test('issue 17, limits: a pull has them too, and they count what the panel has', async () => {
  const many = Array.from({ length: 10 }, (_, at) => a(`h${at}`, 1));
  const world = await given({ panel: many, central: many.slice(4) });
  const plan = await planOf(world, pullAll);
  assert.deepEqual(codesOf(await apply(world, plan)), ['plan.limited']);
  await apply(world, plan, { operator: 'anna', force: 'ticket 4711' });
  await world.clock.runUntil(world.clock.now() + 120_000);
  assert.equal(held(world, 'panel', a('h0', 1)), false);
  const [newest] = await historyOf(world, 1);
  assert.deepEqual([newest?.actor, newest?.force, newest?.source], ['anna', 'ticket 4711', 'pull']);
});

test('issue 17, limits: the last record of a zone is all of it; what replaces it is no loss', async () => {
  const emptied = await given({ panel: [], central: [a('www', 1)] });
  assert.deepEqual((await planOf(emptied, pushAll)).limit, { kind: 'records', removed: 1, all: 1 });
  const replaced = await given({ panel: [a('www', 2)], central: [a('www', 1)] });
  assert.equal((await planOf(replaced, pushAll)).limit, null);
  const added = await given({ panel: [a('www', 2)], central: [] });
  assert.equal((await planOf(added, push)).limit, null);
});

test('issue 17, limits: the zones that an operator deletes count within the hour', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] }, (one) => {
    for (const side of ['panel', 'central'] as const) one[side].zones.set(other, new Map());
  });
  put(world, 'panel', null);
  const plan = await planOf(world, pushAll);
  assert.deepEqual(plan.limit, { kind: 'zones', left: 1 });
  assert.equal((await apply(world, plan)).kind, 'under-way');
  await world.clock.runUntil(world.clock.now() + 120_000);
  world.panel.zones.delete(other);
  const next = await world.clock.runUntilSettled(engineOf(world).plan(other, pushAll));
  assert.deepEqual([next.whole, next.limit], ['delete', { kind: 'zones', left: 0 }]);
  assert.deepEqual(codesOf(await apply(world, next)), ['plan.zones-limited']);
  assert.equal((await apply(world, next, { force: 'the customer left' })).kind, 'under-way');
});

test('issue 17, dnssec: a signed zone is deleted only if the operator says so', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  world.central.signed.add(zone);
  put(world, 'panel', null);
  const plan = await planOf(world, pushAll);
  assert.deepEqual([plan.whole, plan.signed], ['delete', true]);
  assert.deepEqual(codesOf(await apply(world, plan)), ['plan.signed']);
  assert.equal((await apply(world, plan, { despiteDnssec: true })).kind, 'under-way');
  await world.clock.runUntil(world.clock.now() + 120_000);
  assert.equal(world.central.zones.has(zone), false);
});

test('issue 17, dnssec: a delete that waits for a yes gets it from a push', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  put(world, 'panel', null);
  await apply(world, await planOf(world, pushAll));
  // The zone is signed only after the delete was approved.
  world.central.signed.add(zone);
  await world.clock.runUntil(world.clock.now() + 120_000);
  const [stuck] = await historyOf(world, 1);
  assert.deepEqual([stuck?.state, stuck?.problems[0]?.code], ['stuck', 'zone.signed-waiting']);
  assert.equal((await planOf(world, push)).hindrance, 'stuck');
  const plan = await planOf(world, pushAll);
  assert.deepEqual([plan.whole, plan.signed], ['delete', true]);
  assert.deepEqual(codesOf(await apply(world, plan)), ['plan.signed']);
  const result = await apply(world, plan, { despiteDnssec: true });
  assert.deepEqual(result, { kind: 'under-way', operation: stuck?.id });
  await world.clock.runUntil(world.clock.now() + 120_000);
  assert.equal(world.central.zones.has(zone), false);
});

test('issue 17, dnssec: a zone below a signed one is created only if the operator says so', async () => {
  const world = await given({ panel: [], central: [] });
  world.central.signed.add(zone);
  const below = parseName('sub', zone);
  world.panel.zones.set(below, new Map());
  const plan = await world.clock.runUntilSettled(engineOf(world).plan(below, push));
  assert.equal(plan.whole, 'create');
  assert.deepEqual(codesOf(await apply(world, plan)), ['plan.signed-above']);
  assert.equal(world.central.zones.has(below), false);
  assert.equal((await apply(world, plan, { despiteDnssec: true })).kind, 'done');
  assert.ok(world.central.zones.has(below));
});

test('issue 17, apply: an edit that comes after the read of the panel is not overlooked', async () => {
  // Only the panel has the zone, so edits of the zone get no operation.
  const world = await given({ panel: [a('www', 1), a('ftp', 1)], central: null });
  const plan = await planOf(world, push);
  const reads = world.panel.looks.length;
  const applied = engineOf(world).apply(approvalOf(plan));
  while (world.panel.looks.length === reads) await world.clock.runUntil(world.clock.now() + 1);
  const items = [{ remove: a('www', 1), add: null }];
  const edited = world.edit(
    (stage) => recordsEvent(zone, items, stage),
    () => world.panel.zones.get(zone)?.delete(recordId(a('www', 1))) === true,
    { refuses: false, takes: 0, afterLost: false, visibleAfter: 0 },
    items,
  );
  await world.clock.runUntilSettled(edited);
  const result = await world.clock.runUntilSettled(applied);
  assert.equal(result.kind, 'done');
  assert.ok(held(world, 'central', a('ftp', 1)));
  assert.equal(held(world, 'central', a('www', 1)), false);
});

test('issue 17, apply: a step that an open edit, an exclusion or another account forbids is not said to be done', async () => {
  const world = await given({ panel: [a('www', 1)], central: [] });
  const plan = await planOf(world, push);
  const only = { name: a('www', 1).name, type: null };
  await world.clock.runUntilSettled(engineOf(world).setExclusion({ zone, only, excluded: true }));
  const excluded = await apply(world, plan);
  assert.ok(excluded.kind === 'changed');
  assert.deepEqual(
    excluded.now.left.map(({ why }) => why),
    ['excluded'],
  );
  await world.clock.runUntilSettled(engineOf(world).setExclusion({ zone, only: null, excluded: true }));
  const hindered = await apply(world, plan);
  assert.equal(hindered.kind === 'changed' && hindered.now.hindrance, 'excluded');
  assert.equal(held(world, 'central', a('www', 1)), false);
});

test('issue 17, apply: a journal that fails after the first commit does not make it undone', async () => {
  for (const central of [[], null]) {
    const world = await given({ panel: [a('www', 1)], central });
    const plan = await planOf(world, push);
    let commits = 0;
    world.chooseJournalFault = (call) => {
      if (call !== 'read') commits += 1;
      return commits > 1 ? 'read-only' : null;
    };
    const result = await apply(world, plan);
    assert.equal(result.kind, 'under-way');
    world.chooseJournalFault = () => null;
    await world.clock.runUntil(world.clock.now() + 1_000_000);
    assert.ok(held(world, 'central', a('www', 1)));
    assert.equal(await recordState(world, a('www', 1)), 'synced');
  }
});

test('issue 17, exclude: an edit of an excluded record does not end its exclusion', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  const only = { name: a('www', 1).name, type: null };
  await world.clock.runUntilSettled(engineOf(world).setExclusion({ zone, only, excluded: true }));
  const items = [{ remove: a('www', 1), add: a('www', 2) }];
  await world.clock.runUntilSettled(
    world.edit(
      (stage) => recordsEvent(zone, items, stage),
      () => {
        put(world, 'panel', [a('www', 2)]);
        return true;
      },
      { refuses: false, takes: 0, afterLost: false, visibleAfter: 0 },
      items,
    ),
  );
  await world.clock.runUntil(world.clock.now() + 120_000);
  assert.equal(await recordState(world, a('www', 1)), 'excluded');
  assert.equal(await recordState(world, a('www', 2)), 'excluded');
  assert.deepEqual((await planOf(world, pushAll)).steps, []);
  assert.ok(held(world, 'central', a('www', 1)));
});

test('issue 17, exclude: while an edit of the record is open, nothing is excluded', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  const items = [{ remove: a('www', 1), add: a('www', 2) }];
  const local = { refuses: false, takes: 5_000, afterLost: false, visibleAfter: 0 };
  const edited = world.edit(
    (stage) => recordsEvent(zone, items, stage),
    () => {
      put(world, 'panel', [a('www', 2)]);
      return true;
    },
    local,
    items,
  );
  await world.clock.runUntil(world.clock.now() + 1_000);
  const only = { name: a('www', 1).name, type: null };
  const excluded = engineOf(world).setExclusion({ zone, only, excluded: true });
  assert.deepEqual(await world.clock.runUntilSettled(excluded), { kind: 'under-way' });
  await world.clock.runUntilSettled(edited);
});

test('issue 17, apply: a pull removes from the panel what the central has lost since the last comparison', async () => {
  const world = await given({
    panel: [a('www', 1), a('ftp', 1), a('api', 1)],
    central: [a('www', 1), a('ftp', 1), a('api', 1)],
  });
  put(world, 'central', [a('ftp', 1), a('api', 1)]);
  await planned(world, pullAll);
  await world.clock.runUntil(world.clock.now() + 120_000);
  assert.equal(held(world, 'panel', a('www', 1)), false);
  assert.ok(held(world, 'panel', a('ftp', 1)));
  assert.equal((await historyOf(world, 1))[0]?.problems.length, 0);
});

test('issue 17, exclude: a record stays excluded when its zone is included again and pushed at once', async () => {
  const world = await given({ panel: [a('www', 1), a('new', 1)], central: [a('www', 9)] });
  const set = async (only: PlanRequest['only'] | null, excluded: boolean): Promise<unknown> =>
    await world.clock.runUntilSettled(engineOf(world).setExclusion({ zone, only, excluded }));
  assert.deepEqual(await set({ name: a('www', 1).name, type: null }, true), { kind: 'done', count: 2 });
  await set(null, true);
  await set(null, false);
  const plan = await planOf(world, pushAll);
  assert.deepEqual(
    plan.steps.map(({ record }) => record.name),
    [a('new', 1).name],
  );
  assert.equal((await apply(world, plan)).kind, 'done');
  assert.ok(held(world, 'central', a('www', 9)) && !held(world, 'central', a('www', 1)));
  assert.equal(await recordState(world, a('www', 1)), 'excluded');
  assert.equal(await recordState(world, a('www', 9)), 'excluded');
});
