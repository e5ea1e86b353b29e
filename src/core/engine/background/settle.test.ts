/** Tests edits that the panel carries out differently from what the call asked for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import {
  a,
  engineOf,
  given,
  held,
  historyOf,
  put,
  recordState,
  statusOf,
  zone,
} from '../../../testing/simulator/given.ts';
import { recordsEvent } from '../../../testing/simulator/edits.ts';
import type { World } from '../../../testing/simulator/world.ts';
import type { EditItem } from '../../panel.ts';

const smoothly = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };

/**
 * Makes one edit that the panel carries out in its own way, then waits until the engine has settled it.
 * @param shown the records that the panel has after the edit
 */
async function edit(world: World, item: EditItem, shown: readonly ResourceRecord[]): Promise<void> {
  const carryOut = (): boolean => {
    put(world, 'panel', shown);
    return true;
  };
  const { verdict } = await world.clock.runUntilSettled(
    world.edit((stage) => recordsEvent(zone, [item], stage), carryOut, smoothly),
  );
  assert.equal(verdict.kind, 'accept');
  await world.clock.runUntil(world.clock.now() + 60_000);
}

const timed = (record: ResourceRecord, ttl: number | null): ResourceRecord => ({ ...record, ttl });

function ttlAtCentral(world: World, record: ResourceRecord): number | null | undefined {
  return world.central.zones.get(zone)?.get(recordId(record))?.ttl;
}

test('a TTL that the edit left open is the panel’s, also at the central', async () => {
  const old = timed(a('www', 1), 600);
  const world = await given({ panel: [old], central: [old] });
  await edit(world, { remove: old, add: timed(old, null) }, [timed(old, 3_600)]);
  assert.equal(ttlAtCentral(world, old), 3_600);
  const other = a('www', 2);
  await edit(world, { remove: timed(old, 3_600), add: other }, [timed(other, 86_400)]);
  assert.equal(ttlAtCentral(world, other), 86_400);
  assert.equal(await recordState(world, other), 'synced');
});

test('a TTL changed before the panel was asked for the old one', async () => {
  const old = timed(a('www', 1), 3_600);
  const world = await given({ panel: [old], central: [old] });
  await edit(world, { remove: timed(old, null), add: timed(old, 600) }, [timed(old, 600)]);
  assert.equal(ttlAtCentral(world, old), 600);
});

test('a TTL left open is not taken for one of a record that somebody else put there', async () => {
  const theirs = timed(a('www', 1), 600);
  const world = await given({ panel: [], central: [theirs] });
  await edit(world, { remove: null, add: timed(theirs, null) }, [timed(theirs, 3_600)]);
  assert.equal(ttlAtCentral(world, theirs), 600);
});

test('issue 13: a record that somebody took away at the central does not come back for its open TTL', async () => {
  const old = timed(a('www', 1), 600);
  const world = await given({ panel: [old], central: [old] });
  const carryOut = (): boolean => {
    put(world, 'panel', [timed(old, 3_600)]);
    put(world, 'central', []);
    world.otherWrote();
    return true;
  };
  const item = { remove: old, add: timed(old, null) };
  await world.clock.runUntilSettled(
    world.edit((stage) => recordsEvent(zone, [item], stage), carryOut, smoothly),
  );
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.ok(!held(world, 'central', old));
});

test('a panel that says it was put back and never shows it is asked ever later, then a person is', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  world.chooseFault = () => 'refuse';
  put(world, 'panel', [a('www', 1), a('ftp', 1)]);
  world.panel.stale.set(zone, new Map(world.panel.zones.get(zone)));
  const event = recordsEvent(zone, [{ remove: null, add: a('ftp', 1) }], 'after');
  const engine = engineOf(world);
  const verdict = await world.clock.runUntilSettled(
    engine.answer({ kind: 'edits', edits: [event] }, new AbortController().signal),
  );
  assert.equal(verdict.kind, 'refuse');
  await world.clock.runUntil(world.clock.now() + 10_000);
  const [restoring] = await historyOf(world, 1);
  assert.equal(restoring?.state, 'reverting');
  assert.ok(restoring.attempts >= 2 && restoring.attempts <= 5, String(restoring.attempts));
  await world.clock.runUntil(world.clock.now() + 120_000);
  assert.equal((await statusOf(world)).stuck.length, 1);
});

test('what the panel made of an edit, other than its call said, follows without waiting for the hour', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  await edit(world, { remove: a('www', 1), add: a('www', 2) }, [a('www', 3)]);
  assert.ok(held(world, 'central', a('www', 3)));
  assert.ok(!held(world, 'central', a('www', 2)) && !held(world, 'central', a('www', 1)));
  assert.equal(await recordState(world, a('www', 3)), 'synced');
});

test('issue 12.1: an undo that finds something else in place of ours is not clean, and it is listed', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  // The central stores another value than it was sent, and its answer is lost.
  world.chooseFault = () => {
    world.chooseFault = () => null;
    put(world, 'central', [a('www', 1), a('www', 9)]);
    return 'late';
  };
  const item = { remove: null, add: a('www', 2) };
  const { verdict } = await world.clock.runUntilSettled(
    world.edit(
      (stage) => recordsEvent(zone, [item], stage),
      () => true,
      smoothly,
    ),
  );
  assert.ok(verdict.kind === 'refuse' && verdict.changed === 'unknown');
  const [operation] = await historyOf(world, 1);
  assert.equal(operation?.state, 'reverting');
  await world.clock.runUntil(world.clock.now() + 200_000);
  assert.ok(!held(world, 'central', a('www', 2)));
  assert.equal(await recordState(world, a('www', 9)), 'central-only');
});
