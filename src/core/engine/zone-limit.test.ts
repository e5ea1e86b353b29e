/**
 * Tests that the hourly limit of zone deletes does not depend on the operations in the journal (issue 14).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { sampleOperation } from '../../testing/contracts/journal.ts';
import { a, given, engineOf, zone } from '../../testing/simulator/given.ts';
import { fill } from '../../testing/simulator/set-up.ts';
import { defaultRecords } from '../../testing/simulator/new-zones.ts';
import type { World } from '../../testing/simulator/world.ts';

const other = parseName('other.example.');

async function goesFromPanel(world: World, gone: DnsName): Promise<void> {
  world.panel.zones.delete(gone);
  engineOf(world).compare(gone, 'user.delete', 'named');
  await world.clock.runUntil(world.clock.now() + 120_000);
}

test('issue 14: a zone deleted within the hour counts, however many operations came since', async () => {
  const journal = new MemoryJournal();
  const both = [a('www', 1)];
  const prepare = (world: World): void => {
    for (const side of [world.panel, world.central]) fill(world, side, other, defaultRecords(other, 'panel'));
  };
  const world = await given({ panel: both, central: both }, prepare, journal);
  await world.clock.runUntil(world.clock.now() + 60_000);
  await goesFromPanel(world, zone);
  assert.equal(world.central.zones.has(zone), false);
  const many = Array.from({ length: 1_100 }, (_, at) => {
    const createdAt = world.clock.wall();
    return sampleOperation(`zzz${at}`, { state: 'confirmed', createdAt, changedAt: createdAt });
  });
  await journal.commit({ operations: many });
  await goesFromPanel(world, other);
  assert.equal(world.central.zones.has(other), true);
  assert.equal((await journal.zone(other))?.note, 'note.gone-from-panel');
  await world.clock.runUntil(world.clock.now() + 3_600_000);
  await goesFromPanel(world, other);
  assert.equal(world.central.zones.has(other), false);
});
