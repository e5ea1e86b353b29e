/**
 * Tests of an `after` call that comes while a background step of the same zone waits for the central (issue
 * 13).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { a, engineOf, given, held, historyOf, put, zone } from '../../testing/simulator/given.ts';
import { administrator, recordsEvent } from '../../testing/simulator/edits.ts';
import { defaultRecords } from '../../testing/simulator/new-zones.ts';
import type { LocalPart, World } from '../../testing/simulator/world.ts';
import { CentralError, type Central } from '../central.ts';
import type { Operation } from '../operation.ts';
import type { EditEvent } from '../panel.ts';
import { approvalOf } from '../zone-plan.ts';

const minute = 60_000;
const lost: LocalPart = { refuses: false, takes: 10, afterLost: true, visibleAfter: 0 };

function event(of: DnsName, kind: 'zone-create' | 'zone-delete', stage: 'before' | 'after'): EditEvent {
  const base = { stage, zone: of, fingerprint: `${kind} ${of}`, actor: administrator, echo: null };
  return kind === 'zone-delete'
    ? { ...base, kind }
    : { ...base, kind, seed: { addresses: [], nameServers: [], mailServers: [] } };
}

async function wait(world: World, ms: number): Promise<void> {
  await world.clock.runUntil(world.clock.now() + ms);
}

async function hearAfter(world: World, of: DnsName, kind: 'zone-create' | 'zone-delete'): Promise<void> {
  const { engine } = world;
  assert.ok(engine !== null);
  await engine.answer({ kind: 'edits', edits: [event(of, kind, 'after')] }, new AbortController().signal);
}

/**
 * Makes the next call of `method` at the central run `meanwhile` first. If `meanwhile` returns an error, the
 * call throws it.
 * @returns a function that switches this on; calls of `method` before that are not affected
 */
function during(
  world: World,
  method: 'deleteZone' | 'readZone' | 'createZone',
  meanwhile: () => Promise<CentralError | null>,
): () => void {
  let isArmed = false;
  const first = async (): Promise<void> => {
    const error = isArmed ? await disarm() : null;
    if (error !== null) throw error;
  };
  const disarm = async (): Promise<CentralError | null> => {
    isArmed = false;
    return await meanwhile();
  };
  world.wrap = (central) => {
    const [deleteZone, readZone, createZone] = [
      central.deleteZone.bind(central),
      central.readZone.bind(central),
      central.createZone.bind(central),
    ];
    return Object.assign(central, {
      deleteZone: async (...call: Parameters<Central['deleteZone']>) => {
        if (method === 'deleteZone') await first();
        return await deleteZone(...call);
      },
      readZone: async (...call: Parameters<Central['readZone']>) => {
        if (method === 'readZone') await first();
        return await readZone(...call);
      },
      createZone: async (...call: Parameters<Central['createZone']>) => {
        if (method === 'createZone') await first();
        return await createZone(...call);
      },
    });
  };
  return () => (isArmed = true);
}

async function newest(world: World): Promise<Operation> {
  const [operation] = await historyOf(world, 1);
  assert.ok(operation !== undefined);
  return operation;
}

async function restarted(world: World): Promise<void> {
  world.kill();
  await world.clock.runUntilSettled(world.start());
  await wait(world, minute);
}

async function deleteInPanel(world: World): Promise<void> {
  const editing = world.edit(
    (stage) => event(zone, 'zone-delete', stage),
    () => world.panel.zones.delete(zone),
    lost,
  );
  await world.clock.runUntilSettled(editing);
}

test('issue 13: a delete of unknown outcome is watched, though its `after` came while it was sent', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  const arm = during(world, 'deleteZone', async () => {
    await hearAfter(world, zone, 'zone-delete');
    return new CentralError('central.unreachable', { state: 'unknown', retry: 'later' });
  });
  await restarted(world);
  arm();
  await deleteInPanel(world);
  await wait(world, minute);
  assert.deepEqual(world.defects, []);
  const operation = await newest(world);
  assert.deepEqual(
    [operation.state, operation.afterSeen, operation.watch !== null, world.central.zones.has(zone)],
    ['confirmed', true, true, false],
  );
});

test('issue 13: the next delete of a zone is heard, though `after` of the last came while it was sent', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  const arm = during(world, 'deleteZone', async () => {
    await hearAfter(world, zone, 'zone-delete');
    return null;
  });
  await restarted(world);
  arm();
  await deleteInPanel(world);
  await wait(world, minute);
  assert.ok(!world.central.zones.has(zone));
  assert.equal((await newest(world)).afterSeen, true);
  // The zone is created again. Then the user deletes it, and the `before` call of this delete does not reach
  // the agent.
  const make = (): boolean => {
    const records = defaultRecords(zone, 'panel').map((one): [string, ResourceRecord] => [
      recordId(one),
      one,
    ]);
    world.panel.zones.set(zone, new Map(records));
    return true;
  };
  const creating = world.edit((stage) => event(zone, 'zone-create', stage), make, {
    ...lost,
    afterLost: false,
  });
  await world.clock.runUntilSettled(creating);
  await wait(world, minute);
  assert.ok(world.central.zones.has(zone));
  world.panel.zones.delete(zone);
  await world.clock.runUntilSettled(hearAfter(world, zone, 'zone-delete'));
  await wait(world, minute);
  assert.ok(!world.central.zones.has(zone));
});

for (const method of ['readZone', 'createZone'] as const)
  test(`issue 13: a create is done once, though its \`after\` came during ${method}`, async () => {
    const sub = parseName('sub', zone);
    const above = [makeRecord({ name: '*', type: 'A', rdata: '192.0.2.9' }, zone)];
    const world = await given({ panel: above, central: above });
    await wait(world, minute);
    const arm = during(world, method, async () => {
      await hearAfter(world, sub, 'zone-create');
      return null;
    });
    await restarted(world);
    const make = (): boolean => {
      const records = defaultRecords(sub, 'panel').map((one): [string, ResourceRecord] => [
        recordId(one),
        one,
      ]);
      world.panel.zones.set(sub, new Map(records));
      return true;
    };
    const creating = world.edit((stage) => event(sub, 'zone-create', stage), make, {
      ...lost,
      takes: 400,
    });
    // By now `before` has made its reads at the central.
    await wait(world, 300);
    arm();
    await world.clock.runUntilSettled(creating);
    await wait(world, minute);
    assert.deepEqual(world.defects, []);
    const operation = await newest(world);
    assert.deepEqual([operation.state, operation.afterSeen], ['confirmed', true]);
    assert.deepEqual(
      [...(world.central.zones.get(sub)?.keys() ?? [])].sort(),
      [...(world.panel.zones.get(sub)?.keys() ?? [])].sort(),
    );
  });

test('issue 14: an agent that is killed when the central has refused what the panel has puts the panel back', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  world.wrap = (central) =>
    Object.assign(central, {
      apply: async () => {
        await Promise.resolve();
        throw new CentralError('central.refused', { state: 'untouched', retry: 'never' });
      },
    });
  await restarted(world);
  const [side] = world.sides;
  assert.ok(side !== undefined);
  const { onCommit } = side.witness;
  side.witness.onCommit = (batch) => {
    onCommit(batch);
    const isRefused = batch.operations?.some(({ problems }) => problems[0]?.code === 'central.refused');
    if (isRefused === true) world.kill();
  };
  const made = a('new', 2);
  put(world, 'panel', [a('www', 1), made]);
  // This call never gets an answer, because the agent is killed during it.
  void engineOf(world).answer(
    { kind: 'edits', edits: [recordsEvent(zone, [{ remove: null, add: made }], 'after')] },
    new AbortController().signal,
  );
  await wait(world, minute);
  assert.equal(world.engine, null);
  side.witness.onCommit = onCommit;
  await restarted(world);
  await wait(world, 2 * minute);
  assert.deepEqual([held(world, 'panel', made), world.defects], [false, []]);
});

test('issue 14: a push does not make a zone whose delete was reported while reads may still show it', async () => {
  const world = await given({ panel: [a('www', 1)], central: null });
  const push = async (): Promise<string> => {
    const plan = await engineOf(world).plan(zone, { direction: 'push', removes: false });
    return (await engineOf(world).apply(approvalOf(plan))).kind;
  };
  await world.clock.runUntilSettled(hearAfter(world, zone, 'zone-delete'));
  assert.equal(await world.clock.runUntilSettled(push()), 'busy');
  assert.equal(held(world, 'central', a('www', 1)), false);
  await world.clock.runUntilSettled(hearAfter(world, zone, 'zone-create'));
  assert.equal(await world.clock.runUntilSettled(push()), 'done');
});
