/**
 * Tests a zone whose ledger is damaged: its edits are refused until an administrator asks for a new baseline
 * (issue 14). Other zones are not affected.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryJournal } from '../../../testing/memory-journal.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import {
  a,
  engineOf,
  given,
  held,
  put,
  recordState,
  statusOf,
  zone,
  zoneState,
} from '../../../testing/simulator/given.ts';
import { administrator, recordsEvent } from '../../../testing/simulator/edits.ts';
import type { World } from '../../../testing/simulator/world.ts';
import type { EditEvent } from '../../panel.ts';

const smoothly = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };

async function play(
  world: World,
  event: (stage: 'before' | 'after') => EditEvent,
  carryOut: () => boolean,
): Promise<string[]> {
  const { verdict } = await world.clock.runUntilSettled(world.edit(event, carryOut, smoothly));
  await world.clock.runUntil(world.clock.now() + 60_000);
  return verdict.kind === 'accept' ? [] : verdict.problems.map(({ code }) => code);
}

async function add(world: World, record: ResourceRecord): Promise<string[]> {
  const carryOut = (): boolean => {
    world.panel.zones.get(zone)?.set(recordId(record), record);
    return true;
  };
  return await play(world, (stage) => recordsEvent(zone, [{ remove: null, add: record }], stage), carryOut);
}

function deleteEvent(stage: 'before' | 'after'): EditEvent {
  return { kind: 'zone-delete', stage, zone, fingerprint: 'x', actor: administrator, echo: null };
}

async function givenDamaged(journal = new MemoryJournal()): Promise<World> {
  const world = await given(
    { panel: [a('www', 1), a('old', 1)], central: [a('www', 1), a('old', 1)] },
    undefined,
    journal,
  );
  journal.damage(zone);
  return world;
}

async function askedFor(world: World): Promise<void> {
  // Another comparison of the zone is due already. The administrator's request must not be lost because of
  // it.
  engineOf(world).compare(zone, 'periodic', 'limited');
  engineOf(world).compare(zone, 'asked');
  await world.clock.runUntil(world.clock.now() + 60_000);
}

test('issue 14: edits of a frozen zone are refused, and nothing of it is changed by itself', async () => {
  const world = await givenDamaged();
  assert.deepEqual(await add(world, a('new', 1)), ['journal.zone-damaged']);
  assert.deepEqual(await play(world, deleteEvent, () => world.panel.zones.delete(zone)), [
    'journal.zone-damaged',
  ]);
  put(world, 'panel', [a('www', 1)]);
  engineOf(world).compare(zone, 'periodic', 'limited');
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.equal(held(world, 'central', a('old', 1)), true);
  assert.equal(held(world, 'central', a('new', 1)), false);
  const { frozen, notes } = await statusOf(world);
  assert.deepEqual([frozen, notes], [1, 1]);
});

test('issue 14: a new baseline joins what is equal, changes neither side, and lists the rest', async () => {
  const world = await givenDamaged();
  put(world, 'panel', [a('www', 1), a('here', 1)]);
  await askedFor(world);
  assert.equal((await statusOf(world)).frozen, 0);
  assert.equal(await zoneState(world), 'synced');
  assert.deepEqual(
    await Promise.all([a('www', 1), a('here', 1), a('old', 1)].map((record) => recordState(world, record))),
    ['synced', 'panel-only', 'central-only'],
  );
  assert.equal(held(world, 'central', a('here', 1)), false);
  assert.equal(held(world, 'central', a('old', 1)), true);
  assert.deepEqual(await add(world, a('new', 1)), []);
  assert.equal(held(world, 'central', a('new', 1)), true);
});

test('a frozen zone that the central has lost is listed, also when a person asks for it', async () => {
  const journal = new MemoryJournal();
  const world = await givenDamaged(journal);
  put(world, 'central', null);
  await askedFor(world);
  assert.equal((await journal.zone(zone))?.note, 'note.missing-at-central');
});

test('a delete that the panel refuses is given up, also in a zone that is frozen meanwhile', async () => {
  const journal = new MemoryJournal();
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] }, undefined, journal);
  const refused = { ...smoothly, refuses: true };
  const deleting = world.edit(deleteEvent, () => false, refused);
  assert.equal((await world.clock.runUntilSettled(deleting)).verdict.kind, 'accept');
  journal.damage(zone);
  await world.clock.runUntil(world.clock.now() + 120_000);
  assert.equal((await statusOf(world)).open, 0);
  assert.equal(held(world, 'central', a('www', 1)), true);
});
