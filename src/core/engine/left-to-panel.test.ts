/** Tests that an edit which the engine leaves to the panel comes with the reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { a, engineOf, given, historyOf, zone } from '../../testing/simulator/given.ts';
import { administrator, recordsEvent } from '../../testing/simulator/edits.ts';
import type { World } from '../../testing/simulator/world.ts';
import { outcomeOf } from '../outcome.ts';
import type { Actor, EditEvent, Verdict } from '../panel.ts';

const shop = a('shop', 1);
const signal = AbortSignal.any([]);

function edit(stage: 'before' | 'after' = 'before', actor: Actor = administrator): EditEvent {
  return recordsEvent(zone, [{ remove: null, add: shop }], stage, actor);
}

async function answer(world: World, event: EditEvent): Promise<Verdict> {
  return await world.clock.runUntilSettled(engineOf(world).answer({ kind: 'edits', edits: [event] }, signal));
}

test('an edit of a zone that only the panel has, its delete and its `after`', async () => {
  const world = await given({ panel: [], central: null });
  const event = edit();
  const left = [{ event, why: 'note.left-panel-only' }];
  assert.deepEqual(await answer(world, event), { kind: 'accept', left });
  const gone: EditEvent = {
    kind: 'zone-delete',
    stage: 'before',
    zone,
    fingerprint: 'f',
    actor: administrator,
    echo: null,
  };
  assert.deepEqual(await answer(world, gone), {
    kind: 'accept',
    left: [{ event: gone, why: 'note.left-panel-only' }],
  });
  assert.deepEqual(await answer(world, edit('after')), { kind: 'accept' });
});

test('an edit of an account without a known right to the zone', async () => {
  const world = await given({ panel: [], central: [] }, ({ panel }) => {
    panel.owners.set(zone, ['bob']);
  });
  for (const [actor, why] of [
    [{ name: 'eve', rank: 'user' }, 'note.left-no-right'],
    [{ name: '', rank: 'nobody' }, 'note.left-owner-unknown'],
  ] as const) {
    const event = edit('before', actor);
    assert.deepEqual(await answer(world, event), { kind: 'accept', left: [{ event, why }] });
  }
});

test('an edit that is sent comes without one, and keeps function, address and times', async () => {
  const world = await given({ panel: [], central: [] });
  const event = { ...edit(), origin: { func: 'domain.record.edit', address: '192.0.2.7' } };
  assert.deepEqual(await answer(world, event), { kind: 'accept' });
  await world.clock.runUntil(world.clock.now() + 700);
  world.panel.zones.get(zone)?.set('shop', shop);
  assert.deepEqual(await answer(world, edit('after')), { kind: 'accept' });
  await world.clock.runUntil(world.clock.now() + 60_000);
  const [operation] = await historyOf(world, 1);
  assert.ok(operation !== undefined);
  assert.deepEqual([operation.func, operation.address], ['domain.record.edit', '192.0.2.7']);
  assert.equal(outcomeOf(operation).kind, 'both-sides');
  const { after = 0, confirm = 0 } = operation.took ?? {};
  assert.ok(after >= 700 && confirm > 0, JSON.stringify(operation.took));
});
