/** Tests comparisons by serials: which zones a periodic comparison reads, and which zones it skips. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId } from '../../../dns/record.ts';
import { CentralError } from '../../central.ts';
import { changedCentral } from '../../../testing/changed-central.ts';
import { MemoryJournal } from '../../../testing/memory-journal.ts';
import { a, engineOf, put, recordState, zone } from '../../../testing/simulator/given.ts';
import { Random } from '../../../testing/simulator/random.ts';
import { World } from '../../../testing/simulator/world.ts';
import type { EngineSettings } from '../settings.ts';

const every = 120_000;
const [www, ftp, later] = [a('www', 1), a('ftp', 1), a('later', 1)];

/**
 * Makes a world in which both sides agree. After the first comparison, this many periodic comparisons were
 * made.
 */
async function inStep(
  rounds: number,
  settings: Partial<EngineSettings> = {},
  prepare: (world: World) => void = () => undefined,
): Promise<World> {
  const given = { compareEvery: every, serialsEvery: 1e9, ...settings };
  const world = new World(new MemoryJournal(), new Random(1), given);
  world.showsSerials = true;
  prepare(world);
  for (const side of ['panel', 'central'] as const) put(world, side, [www, ftp]);
  await world.clock.runUntilSettled(world.start());
  await world.clock.runUntil(world.clock.now() + rounds * every + every / 2);
  return world;
}

/** How many times the next periodic comparison reads the zone from the panel. */
async function readsOfNext(world: World): Promise<number> {
  const before = world.panel.reads.length;
  await world.clock.runUntil(world.clock.now() + every);
  return world.panel.reads.slice(before).filter((what) => what === zone).length;
}

function violations(world: World): readonly unknown[] {
  return world.sides.flatMap(({ judgement }) => judgement.violations);
}

test('issue 17: from the third comparison on, a zone in step is left out', async () => {
  assert.equal(await readsOfNext(await inStep(1)), 1);
  const world = await inStep(2);
  for (let round = 0; round < 5; round += 1) assert.equal(await readsOfNext(world), 0);
  assert.deepEqual(violations(world), []);
});

test('issue 17: a change that nobody reported is found by the next comparison', async () => {
  for (const side of ['panel', 'central'] as const) {
    const world = await inStep(3);
    world[side].zones.get(zone)?.set(recordId(later), later);
    assert.equal(await readsOfNext(world), 1);
    assert.equal(await recordState(world, later), side === 'panel' ? 'synced' : 'central-only');
    assert.deepEqual(violations(world), []);
  }
});

test('issue 17: a zone with a conflict is compared each time', async () => {
  const world = await inStep(3);
  world.central.zones.get(zone)?.delete(recordId(ftp));
  for (let round = 0; round < 3; round += 1) assert.equal(await readsOfNext(world), 1);
  assert.equal(await recordState(world, ftp), 'conflict');
});

test('issue 17: a zone that a list lacks is compared, whatever its name server says', async () => {
  const world = await inStep(3);
  world.panel.hidden.add(zone);
  assert.equal(await readsOfNext(world), 1);
});

test('issue 17: a comparison that somebody asked for reads every zone', async () => {
  const world = await inStep(3);
  const before = world.panel.reads.length;
  engineOf(world).compare('all', 'asked');
  await world.clock.runUntil(world.clock.now() + 5_000);
  assert.ok(world.panel.reads.slice(before).includes(zone));
});

test('issue 17: no serials are read if the settings say so', async () => {
  assert.equal(await readsOfNext(await inStep(3, { serialsEvery: 0 })), 1);
});

test('issue 17: without serials of the central every zone is compared', async () => {
  const failing = await inStep(3, {}, (world) => {
    world.wrap = (central) =>
      changedCentral(central, {
        listSerials: async () =>
          await Promise.reject(new CentralError('central.garbled', { state: 'untouched', retry: 'later' })),
      });
  });
  assert.equal(await readsOfNext(failing), 1);
});

test('issue 17: the law sees that a zone was left out of which the ledger knows less', async () => {
  const world = await inStep(3);
  world.sides[0]?.witness.committed({ rows: [{ zone, drop: [ftp] }] }, world.clock.now());
  assert.equal(await readsOfNext(world), 0);
  assert.ok(JSON.stringify(violations(world)).includes('serials.changed'));
});
