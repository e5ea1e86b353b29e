/** Tests of a panel that takes longer for its part of an edit than we wait. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId } from '../../dns/record.ts';
import { a, given, held, zone } from '../../testing/simulator/given.ts';
import type { CentralFault } from '../../testing/simulator/sim-central.ts';
import { administrator, recordsEvent } from '../../testing/simulator/edits.ts';
import type { World } from '../../testing/simulator/world.ts';
import type { EditEvent } from '../panel.ts';

async function wait(world: World, ms: number): Promise<void> {
  await world.clock.runUntil(world.clock.now() + ms);
}

test('its `after` comes while the undo is under way, and reads show it late: both sides keep the edit', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  await wait(world, 60_000);
  const items = [{ remove: a('www', 1), add: a('www', 2) }];
  const carryOut = (): boolean => {
    const records = world.panel.zones.get(zone);
    records?.delete(recordId(a('www', 1)));
    records?.set(recordId(a('www', 2)), a('www', 2));
    return true;
  };
  const local = { refuses: false, takes: 13_000, afterLost: false, visibleAfter: 12_000 };
  const editing = world.edit((stage) => recordsEvent(zone, items, stage), carryOut, local);
  await wait(world, 8_000);
  assert.ok(held(world, 'central', a('www', 2)));
  // The engine begins to undo the edit. The central carries out the first write of the undo and fails all
  // later ones.
  let writes = 0;
  world.chooseFault = () => ((writes += 1) === 1 ? null : 'down');
  await wait(world, 4_500);
  const { lostAfter } = await world.clock.runUntilSettled(editing);
  assert.equal(lostAfter, false);
  world.chooseFault = () => null;
  await wait(world, 120_000);
  for (const side of ['panel', 'central'] as const) {
    assert.ok(held(world, side, a('www', 2)), side);
    assert.ok(!held(world, side, a('www', 1)), side);
  }
});

test('a record that a refused edit of ours wrote late is not taken for somebody else’s', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  const faults: CentralFault[] = ['late'];
  world.chooseFault = () => faults.shift() ?? null;
  const late = [{ remove: null, add: a('www', 9) }];
  const smoothly = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };
  const refused = await world.clock.runUntilSettled(
    world.edit(
      (stage) => recordsEvent(zone, late, stage),
      () => true,
      smoothly,
    ),
  );
  assert.equal(refused.verdict.kind, 'refuse');
  // The refused edit's record takes effect now. At the same time, the record that the next edit changes
  // disappears at the central.
  world.central.zones.get(zone)?.set(recordId(a('www', 9)), a('www', 9));
  world.central.zones.get(zone)?.delete(recordId(a('www', 1)));
  const items = [{ remove: a('www', 1), add: a('www', 2) }];
  const carryOut = (): boolean => {
    const records = world.panel.zones.get(zone);
    records?.delete(recordId(a('www', 1)));
    records?.set(recordId(a('www', 2)), a('www', 2));
    return true;
  };
  const kept = await world.clock.runUntilSettled(
    world.edit((stage) => recordsEvent(zone, items, stage), carryOut, smoothly),
  );
  assert.equal(kept.verdict.kind, 'accept');
  assert.ok(held(world, 'central', a('www', 2)));
});

test('issue 13: a delete that the panel reported and shows later than our patience is followed when it shows', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  await wait(world, 60_000);
  const local = { refuses: false, takes: 10, afterLost: false, visibleAfter: 60_000 };
  const deleting = world.edit(
    (stage): EditEvent => ({
      kind: 'zone-delete',
      stage,
      zone,
      fingerprint: 'delete',
      actor: administrator,
      echo: null,
    }),
    () => world.panel.zones.delete(zone),
    local,
  );
  assert.equal((await world.clock.runUntilSettled(deleting)).verdict.kind, 'accept');
  await wait(world, 300_000);
  assert.equal(world.central.zones.has(zone), false);
});
