/** Tests of a zone that the central has and cannot serve. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import { changedCentral } from '../../testing/changed-central.ts';
import { a, engineOf, given, held, put, viewOf, zone, zoneState } from '../../testing/simulator/given.ts';
import type { World } from '../../testing/simulator/world.ts';
import { CentralError, type Central, type CentralErrorCode } from '../central.ts';
import { JournalError } from '../journal.ts';

const minute = 60_000;
const other = parseName('example.net.');

/** A world whose sides share two zones. The central cannot serve one of them until `mended` is true. */
async function failingWorld(
  state: { mended: boolean; listed?: boolean },
  code: CentralErrorCode = 'central.zone-failing',
): Promise<World> {
  const refuse = (): void => {
    if (state.mended) return;
    throw new CentralError(code, { state: 'untouched', retry: code === 'zone.copy' ? 'never' : 'later' });
  };
  const wrap = (central: Central): Central =>
    changedCentral(central, {
      listZones: async (asked, ctx) =>
        (await central.listZones(asked, ctx)).filter(
          (one) => state.mended || state.listed === true || one !== zone,
        ),
      readZone: async (of, known, ctx) => {
        if (of === zone) refuse();
        return await central.readZone(of, known, ctx);
      },
      readNames: async (of, ...rest) => {
        if (of === zone) refuse();
        return await central.readNames(of, ...rest);
      },
    });
  return await given({ panel: [a('www', 1)], central: [a('www', 1)] }, (world) => {
    world.wrap = wrap;
    for (const side of [world.panel, world.central])
      side.zones.set(other, new Map([a('www', 1)].map((one) => [recordId(one), one])));
  });
}

async function stateOf(world: World, of: typeof zone): Promise<string | undefined> {
  return (await viewOf(world, of)).entry?.state;
}

for (const code of ['central.zone-failing', 'central.query-refused'] as const) {
  it(`${code} (issue 12.8): holds up the first comparison some minutes, not for ever, and is synced when it is served`, async () => {
    const state = { mended: false };
    const world = await failingWorld(state, code);
    assert.equal(await stateOf(world, other), undefined);
    await world.clock.runUntil(world.clock.now() + 15 * minute);
    assert.equal(await stateOf(world, other), 'synced');
    const { entry } = await viewOf(world, zone);
    assert.deepEqual([entry?.state, entry?.note], ['panel-only', code]);
    state.mended = true;
    put(world, 'panel', [a('www', 1), a('new', 2)]);
    await world.clock.runUntil(world.clock.now() + 70 * minute);
    assert.equal(await zoneState(world), 'synced');
    assert.equal(held(world, 'central', a('new', 2)), false);
  });
}

it('that is served in time takes part in the first comparison', async () => {
  const state = { mended: false };
  const world = await failingWorld(state);
  await world.clock.runUntil(world.clock.now() + minute);
  state.mended = true;
  await world.clock.runUntil(world.clock.now() + 2 * minute);
  assert.equal(await zoneState(world), 'synced');
});

it('that the central lists does not hold up the comparison of the others (issue 12.9)', async () => {
  const state = { mended: false, listed: true };
  const world = await failingWorld(state);
  await world.clock.runUntil(world.clock.now() + minute);
  assert.equal(await stateOf(world, other), 'synced');
  assert.equal(await stateOf(world, zone), undefined);
  await world.clock.runUntil(world.clock.now() + 15 * minute);
  const { entry } = await viewOf(world, zone);
  assert.deepEqual([entry?.state, entry?.note], ['panel-only', 'central.zone-failing']);
  state.mended = true;
  await world.clock.runUntil(world.clock.now() + 70 * minute);
  assert.equal(await zoneState(world), 'synced');
});

it('that is a copy of another server’s is noted at once, and synced when it is primary (issue 12.10)', async () => {
  const state = { mended: false };
  const world = await failingWorld(state, 'zone.copy');
  await world.clock.runUntil(world.clock.now() + minute);
  assert.equal(await stateOf(world, other), 'synced');
  const { entry } = await viewOf(world, zone);
  assert.deepEqual([entry?.state, entry?.note], ['panel-only', 'zone.copy']);
  state.mended = true;
  await world.clock.runUntil(world.clock.now() + 70 * minute);
  assert.equal(await zoneState(world), 'synced');
});

it('that was synced is noted while it cannot be read, and no longer when it can (issue 12.9)', async () => {
  const state = { mended: true };
  const world = await failingWorld(state);
  assert.equal(await zoneState(world), 'synced');
  const seen = async (): Promise<readonly unknown[]> => {
    const { entry } = await viewOf(world, zone);
    return [entry?.state, entry?.note];
  };
  state.mended = false;
  await world.clock.runUntil(world.clock.now() + 70 * minute);
  assert.deepEqual(await seen(), ['synced', 'central.zone-failing']);
  state.mended = true;
  await world.clock.runUntil(world.clock.now() + 70 * minute);
  assert.deepEqual(await seen(), ['synced', null]);
});

it('that became a copy is noted soon also where the journal fails at that moment (issue 13)', async () => {
  const state = { mended: true };
  const world = await failingWorld(state, 'zone.copy');
  const journal = world.sides[0]?.disk.file;
  assert.ok(journal !== undefined);
  const commit = journal.commit.bind(journal);
  let failures = 0;
  journal.commit = async (batch) => {
    const isNoted = batch.zones?.some(({ note }) => note === 'zone.copy') === true;
    if (!isNoted || failures > 0) return await commit(batch);
    failures += 1;
    throw new JournalError('journal.write-failed', { path: 'x' });
  };
  state.mended = false;
  engineOf(world).compare(zone, 'asked');
  await world.clock.runUntil(world.clock.now() + 5 * minute);
  assert.equal(failures, 1);
  const { entry } = await viewOf(world, zone);
  assert.deepEqual([entry?.state, entry?.note], ['synced', 'zone.copy']);
});
