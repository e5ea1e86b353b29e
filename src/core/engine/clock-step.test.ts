import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../dns/name.ts';
import { makeRecord, recordId } from '../../dns/record.ts';
import { edits as editsOf } from '../operation.ts';
import type { EditEvent, PanelEvent } from '../panel.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { engineOf, historyOf } from '../../testing/simulator/given.ts';
import { Random } from '../../testing/simulator/random.ts';
import { recordsEvent } from '../../testing/simulator/edits.ts';
import { World } from '../../testing/simulator/world.ts';
import { defaultEngineSettings } from './settings.ts';

const zone = parseName('example.org.');
const old = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, zone);
const { grace, afterWait, readGap } = defaultEngineSettings;

const { signal } = new AbortController();

function edits(edit: EditEvent): PanelEvent {
  return { kind: 'edits', edits: [edit] };
}

/**
 * Makes an edit that the engine accepts and the panel refuses, and steps the wall clock before the undo.
 * @param step of the wall clock, milliseconds
 * @returns milliseconds until the edit was undone
 */
async function undoneAfter(step: number): Promise<number> {
  const world = new World(new MemoryJournal(), new Random(1));
  for (const side of [world.panel, world.central]) side.zones.set(zone, new Map([[recordId(old), old]]));
  await world.clock.runUntilSettled(world.start());
  await world.clock.runUntil(world.clock.now() + 2 * grace);
  const refuses = { refuses: true, takes: 1, afterLost: false, visibleAfter: 0 };
  const event = (stage: 'before' | 'after'): ReturnType<typeof recordsEvent> =>
    recordsEvent(zone, [{ remove: old, add: null }], stage);
  await world.clock.runUntilSettled(world.edit(event, () => false, refuses));
  const began = world.clock.now();
  world.clock.stepWall(step);
  while (world.central.zones.get(zone)?.has(recordId(old)) === false) {
    await world.clock.runUntil(world.clock.now() + 100);
    assert.ok(world.clock.now() - began < 10 * grace, 'never undone');
  }
  return world.clock.now() - began;
}

test('an undo waits for two reads, and after a clock step for the grace of a start as well', async () => {
  const usual = await undoneAfter(0);
  assert.ok(usual < afterWait + readGap + 2_000, String(usual));
  for (const step of [3_600_000, -3_600_000]) {
    const stepped = await undoneAfter(step);
    assert.ok(stepped >= grace, `${step}: ${stepped}`);
  }
});

test('issue 14: edits are in the order they came in, also when the clock is set back, before or after a start', async () => {
  const world = new World(new MemoryJournal(), new Random(1));
  for (const side of [world.panel, world.central]) side.zones.set(zone, new Map([[recordId(old), old]]));
  await world.clock.runUntilSettled(world.start());
  await world.clock.runUntil(world.clock.now() + 5_000);
  const values = ['192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'];
  for (const rdata of values) {
    const add = makeRecord({ name: 'www', type: 'A', rdata }, zone);
    const event = (stage: 'before' | 'after'): ReturnType<typeof recordsEvent> =>
      recordsEvent(zone, [{ remove: null, add }], stage);
    await world.clock.runUntilSettled(engineOf(world).answer(edits(event('before')), signal));
    world.clock.stepWall(-3_600_000);
    if (rdata === '192.0.2.3') world.kill();
    if (world.engine === null) await world.clock.runUntilSettled(world.start());
  }
  const known = await historyOf(world, 10);
  const added = editsOf(known).flatMap(({ items }) => items.map(({ add }) => add?.rdata));
  assert.deepEqual(added, values.toReversed());
});
