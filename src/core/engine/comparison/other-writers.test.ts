/**
 * Tests that another writer at the central is noticed, for example a second panel with the same account
 * (issue 12.13).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { a, given, held, put, viewOf, zone } from '../../../testing/simulator/given.ts';
import { administrator, recordsEvent } from '../../../testing/simulator/edits.ts';
import type { World } from '../../../testing/simulator/world.ts';
import type { EditEvent, EditItem } from '../../panel.ts';
import { MemoryJournal } from '../../../testing/memory-journal.ts';

const hour = 3_600_000;
const smoothly = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };

async function noteOf(world: World): Promise<string | null | undefined> {
  return (await viewOf(world, zone)).entry?.note;
}

/** Waits until the next hourly comparison has ended. */
async function compared(world: World): Promise<void> {
  await world.clock.runUntil(world.clock.now() + hour + 60_000);
}

/** Adds a record at the central as another writer would, or removes it. */
function foreign(world: World, record: ResourceRecord, present = true): void {
  const records = world.central.zones.get(zone);
  if (present) records?.set(recordId(record), record);
  else records?.delete(recordId(record));
}

async function edit(world: World, record: ResourceRecord, what: 'add' | 'remove' = 'add'): Promise<void> {
  const items: EditItem[] = [what === 'add' ? { remove: null, add: record } : { remove: record, add: null }];
  const carryOut = (): boolean => {
    const records = world.panel.zones.get(zone);
    if (what === 'add') records?.set(recordId(record), record);
    else records?.delete(recordId(record));
    return true;
  };
  const playing = world.edit((stage) => recordsEvent(zone, items, stage), carryOut, smoothly);
  assert.equal((await world.clock.runUntilSettled(playing)).verdict.kind, 'accept');
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.equal(held(world, 'central', record), what === 'add');
}

test('issue 12.13: changes that are none of ours, in three comparisons, are noted until a week has passed', async () => {
  const journal = new MemoryJournal();
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] }, () => undefined, journal);
  for (const last of [1, 2, 3]) {
    assert.equal(await noteOf(world), null);
    foreign(world, a('theirs', last));
    await compared(world);
    // A comparison that finds no change of another writer is not counted.
    await compared(world);
  }
  assert.equal(await noteOf(world), 'note.other-writer');
  await compared(world);
  assert.equal(await noteOf(world), 'note.other-writer');
  await world.clock.runUntil(world.clock.now() + 8 * 24 * hour);
  assert.equal(await noteOf(world), null);
  assert.equal(await journal.fact(`other-writer ${zone}`), null);
});

test('issue 12.13: a zone that is deleted and made again begins anew', async () => {
  const journal = new MemoryJournal();
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] }, () => undefined, journal);
  foreign(world, a('theirs', 1));
  await compared(world);
  assert.notEqual(await journal.fact(`other-writer ${zone}`), null);
  const event = (stage: 'before' | 'after'): EditEvent => {
    return { stage, kind: 'zone-delete', zone, fingerprint: 'delete', actor: administrator, echo: null };
  };
  const carryOut = (): boolean => world.panel.zones.delete(zone);
  await world.clock.runUntilSettled(world.edit(event, carryOut, smoothly));
  await compared(world);
  assert.equal(world.central.zones.has(zone), false);
  assert.equal(await journal.fact(`other-writer ${zone}`), null);
});

test('issue 12.13: records of ours that somebody removes count as well', async () => {
  const own = [1, 2, 3].map((last) => a('www', last));
  const world = await given({ panel: own, central: own });
  for (const record of own) {
    foreign(world, record, false);
    await compared(world);
  }
  assert.equal(await noteOf(world), 'note.other-writer');
});

test('issue 12.13: changes that lie more than a week apart, or in a future that a clock step made, do not add up', async () => {
  for (const pass of [
    async (world: World) => await world.clock.runUntil(world.clock.now() + 3.75 * 24 * hour),
    async (world: World) => await Promise.resolve(world.clock.stepWall(-10 * 24 * hour)),
  ]) {
    const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
    for (const last of [1, 2, 3]) {
      foreign(world, a('theirs', last));
      await compared(world);
      assert.equal(await noteOf(world), null);
      await pass(world);
    }
  }
});

test('issue 12.13: what a write of ours brings back late is no second writer', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  for (const last of [1, 2, 3]) {
    const record = a(`late${last}`, 1);
    await edit(world, record);
    await edit(world, record, 'remove');
    foreign(world, record);
    await compared(world);
    assert.ok(held(world, 'central', record));
  }
  assert.equal(await noteOf(world), null);
});

test('issue 12.13: ordinary differences are no second writer', async () => {
  const world = await given({
    panel: [a('www', 1), a('mine', 1), a('odd', 1)],
    central: [a('www', 1), a('theirs', 1), a('odd', 2)],
  });
  // The provider changes several records by hand: once many at the same time, and once more.
  for (const last of [1, 2, 3, 4]) foreign(world, a('many', last));
  await compared(world);
  foreign(world, a('many', 4), false);
  foreign(world, a('www', 1), false);
  await compared(world);
  // An edit in the panel, a record that the panel adds without an event, and one that it loses are not
  // changes of another writer.
  for (const last of [1, 2, 3]) {
    await edit(world, a(`edited${last}`, 1));
    const silent = a(`silent${last}`, 1);
    world.panel.zones.get(zone)?.set(recordId(silent), silent);
    world.panel.zones.get(zone)?.delete(recordId(a(`edited${last - 1}`, 1)));
    await compared(world);
    assert.ok(held(world, 'central', silent));
    assert.equal(await noteOf(world), null);
  }
  put(world, 'panel', [a('www', 1)]);
  await compared(world);
  assert.equal(await noteOf(world), null);
});
