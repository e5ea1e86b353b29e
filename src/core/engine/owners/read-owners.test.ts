/**
 * Tests the owners that the journal stores and that `domainsync status` reports (issue 11.1;
 * docs/decisions/010-who-may.md).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { a, given, engineOf, zone } from '../../../testing/simulator/given.ts';
import { recordsEvent } from '../../../testing/simulator/edits.ts';
import type { World } from '../../../testing/simulator/world.ts';
import { JournalError } from '../../journal.ts';
import type { Actor } from '../../panel.ts';
import { ownerFacts, type OwnerStatus } from './read-owners.ts';

const minute = 60_000;
const eve: Actor = { name: 'eve', rank: 'user' };
const alice: Actor = { name: 'alice', rank: 'user' };

async function scene(owners: readonly string[] | null): Promise<World> {
  return await given({ panel: [a('www', 1)], central: [a('www', 1)] }, (world) => {
    world.panel.owners.set(zone, owners);
  });
}

function status(world: World): OwnerStatus {
  return engineOf(world).live.owners;
}

async function fact(world: World, name: string): Promise<string | null> {
  const [side] = world.sides;
  assert.ok(side !== undefined);
  return await world.clock.runUntilSettled(side.disk.file.fact(name));
}

async function before(world: World, actor: Actor): Promise<void> {
  const event = recordsEvent(zone, [{ remove: null, add: a('new', 9) }], 'before', actor);
  const edit = { kind: 'edits', edits: [event] } as const;
  await world.clock.runUntilSettled(engineOf(world).answer(edit, new AbortController().signal));
}

test('the way is remembered over a restart, before the list is read again', async () => {
  const world = await scene(['alice']);
  assert.equal(status(world).way, 'column');
  assert.equal(await fact(world, ownerFacts.way), 'column');
  world.kill();
  world.panelFailing = true;
  await world.clock.runUntilSettled(world.start());
  const { way, readAt, zones } = status(world);
  assert.deepEqual([way, readAt, zones], ['column', null, 1]);
});

test('a proof that failed has failed after a restart as well', async () => {
  const world = await scene(['alice']);
  await world.clock.runUntilSettled(engineOf(world).proveAccessCheck(true));
  assert.equal(status(world).check, 'proved');
  assert.notEqual(await fact(world, ownerFacts.proved), null);
  await before(world, eve);
  assert.equal(status(world).check, 'on');
  await world.clock.runUntil(world.clock.now() + minute);
  assert.equal(await fact(world, ownerFacts.proved), null);
});

test('edits left to the panel are counted with the time of the last', async () => {
  const world = await scene(null);
  await before(world, alice);
  const at = world.clock.wall();
  const first = status(world);
  assert.deepEqual([first.undecided, first.undecidedAt, first.foreign, first.foreignAt], [1, at, 0, null]);
  world.panel.owners.set(zone, ['alice']);
  await world.clock.runUntil(world.clock.now() + minute);
  await before(world, eve);
  const second = status(world);
  assert.deepEqual([second.undecided, second.foreign, second.foreignAt], [1, 1, world.clock.wall()]);
});

test('an owner that changes by a function that nobody tells of is found with the next comparison of everything', async () => {
  const world = await scene(['alice']);
  world.panel.owners.set(zone, ['bob']);
  await world.clock.runUntil(world.clock.now() + 70 * minute);
  await before(world, alice);
  assert.equal(status(world).foreign, 1);
});

test('what the journal could not take goes there with the next reading', async () => {
  const world = await scene(['alice']);
  const journal = world.sides[0]?.disk.file;
  assert.ok(journal !== undefined);
  const owners = async (): Promise<unknown> =>
    (await world.clock.runUntilSettled(journal.owners())).get(zone);
  assert.deepEqual(await owners(), ['alice']);
  let full = true;
  const commit = journal.commit.bind(journal);
  journal.commit = async (batch) => {
    if (full && batch.owners !== undefined) throw new JournalError('journal.disk-full');
    await commit(batch);
  };
  world.panel.owners.set(zone, ['bob']);
  await world.clock.runUntilSettled(engineOf(world).forgetOwners());
  await world.clock.runUntil(world.clock.now() + minute);
  assert.deepEqual(await owners(), ['alice']);
  full = false;
  // The next list shows the same owners, so nothing new is stored.
  await world.clock.runUntil(world.clock.now() + 5 * minute);
  assert.deepEqual(await owners(), ['bob']);
});
