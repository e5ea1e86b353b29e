/** Tests the answer to an edit that is undone because another central refused it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId } from '../../../dns/record.ts';
import { a, given, engineOf, held, recordState, zone } from '../../../testing/simulator/given.ts';
import { recordsEvent } from '../../../testing/simulator/edits.ts';
import type { World } from '../../../testing/simulator/world.ts';

const www = a('www', 1);
const items = [{ remove: www, add: null }];

async function wait(world: World, ms: number): Promise<void> {
  await world.clock.runUntil(world.clock.now() + ms);
}

test('issue 13: "nothing was changed" is not said of what is left to an edit that is itself being undone', async () => {
  const world = await given({ panel: [www], central: [www] });
  await wait(world, 60_000);
  // The panel refuses its part. The engine's undo lands at the central, but the answer to it is lost.
  const refused = { refuses: true, takes: 10, afterLost: false, visibleAfter: 0 };
  const first = world.edit(
    (stage) => recordsEvent(zone, items, stage),
    () => false,
    refused,
  );
  await world.clock.runUntilSettled(first);
  assert.ok(!held(world, 'central', www));
  world.chooseFault = () => 'lost-answer';
  while (!held(world, 'central', www)) await wait(world, 100);
  world.chooseFault = () => null;
  // The user makes the same edit again, and another central refuses it.
  const edits = [recordsEvent(zone, items, 'before')];
  const { signal } = new AbortController();
  const answer = await world.clock.runUntilSettled(engineOf(world).carryOut(edits, signal));
  assert.ok(answer.kind === 'accept');
  assert.ok(!held(world, 'central', www));
  const changed = await world.clock.runUntilSettled(engineOf(world).rollBack(answer.begun, []));
  assert.deepEqual(
    [changed, held(world, 'central', www)],
    changed === 'nothing' ? ['nothing', true] : ['unknown', false],
  );
  await wait(world, 5 * 60_000);
  assert.ok(held(world, 'central', www));
});

test('issue 13: of a call whose later edit is refused nothing is left when "nothing was changed" is said', async () => {
  const ftp = a('ftp', 1);
  for (const undoFails of [false, true]) {
    const world = await given({ panel: [www, ftp], central: [www, ftp] });
    await wait(world, 60_000);
    let writes = 0;
    world.chooseFault = () => {
      writes += 1;
      if (writes === 2) return 'refuse';
      return writes === 3 && undoFails ? 'down' : null;
    };
    const edits = [www, ftp].map((remove) => recordsEvent(zone, [{ remove, add: null }], 'before'));
    const { signal } = new AbortController();
    const verdict = await world.clock.runUntilSettled(
      engineOf(world).answer({ kind: 'edits', edits }, signal),
    );
    assert.deepEqual(
      [verdict.kind === 'refuse' && verdict.changed, held(world, 'central', www)],
      undoFails ? ['unknown', false] : ['nothing', true],
    );
    await wait(world, 5 * 60_000);
    assert.ok(held(world, 'central', www) && held(world, 'central', ftp));
  }
});

test('issue 14: a roll back for another central leaves what a later edit, confirmed since, has as well', async () => {
  const [old, wanted] = [a('www', 2), a('www', 3)];
  const world = await given({ panel: [old], central: [old] });
  await wait(world, 60_000);
  const edits = [recordsEvent(zone, [{ remove: null, add: wanted }], 'before')];
  const { signal } = new AbortController();
  const answer = await world.clock.runUntilSettled(engineOf(world).carryOut(edits, signal));
  assert.ok(answer.kind === 'accept');
  assert.ok(held(world, 'central', wanted));
  // A second edit adds the same record, which the central already has. The edit is confirmed within a second.
  const later = world.edit(
    (stage) => recordsEvent(zone, [{ remove: old, add: wanted }], stage),
    () => {
      world.panel.zones.get(zone)?.delete(recordId(old));
      world.panel.zones.get(zone)?.set(recordId(wanted), wanted);
      return true;
    },
    { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 },
  );
  await world.clock.runUntilSettled(later);
  await wait(world, 1_500);
  assert.equal(await recordState(world, wanted), 'synced');
  // The first edit has ended too, because the panel shows its result together with that of the second edit.
  const changed = await world.clock.runUntilSettled(engineOf(world).rollBack(answer.begun, []));
  assert.equal(changed, 'unknown');
  assert.ok(held(world, 'central', wanted));
  assert.deepEqual(world.defects, []);
});
