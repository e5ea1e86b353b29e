/**
 * Tests a create or delete that the panel made late, although two reads had suggested that it was refused.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  sampleCreate,
  sampleDelete,
  sampleOperation,
  sampleWatch,
} from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import type { ZoneEntry } from '../../ledger.ts';
import type { Operation } from '../../operation.ts';
import { findLateZones } from './late-zones.ts';

const watch = sampleWatch(1_700_000_600_000);
const create = sampleCreate('0', { state: 'reverted', watch });
const remove = sampleDelete('0', { state: 'reverted', watch, fingerprint: 'del', actor: 'bob' });

interface Given {
  readonly operation: Operation;
  /** Whether the panel has the zone. */
  readonly shown: boolean;
  readonly entry?: ZoneEntry | null;
}

async function given({ operation, shown, entry = entryOf(zone) }: Given): Promise<Bench> {
  const bench = engineBench();
  if (shown) bench.panel.zones.set(zone, [a('www', 1)]);
  await bench.journal.commit({ operations: [operation], zones: entry === null ? [] : [entry] });
  return bench;
}

async function find(bench: Bench, operation: Operation): Promise<void> {
  await bench.run(findLateZones(bench.runtime, zone, [operation]));
}

/** Whether the step finds that the panel made the edit late. */
async function isFollowed(what: Given): Promise<boolean> {
  const bench = await given(what);
  await find(bench, what.operation);
  return bench.logged.includes('late-edit');
}

test('a create that the panel shows after all is answered, and the zone is compared', async () => {
  const bench = await given({ operation: create, shown: true, entry: null });
  await find(bench, create);
  const now = await bench.stored(create);
  assert.deepEqual([now?.state, now?.afterSeen], ['reverted', true]);
  assert.deepEqual(bench.logged, ['late-edit']);
  await bench.wait(1_000);
  assert.deepEqual(bench.woken, ['200 comparison late-edit no']);
});

test('a delete that the panel has carried out after all is made by an operation of its own', async () => {
  const bench = await given({ operation: remove, shown: false, entry: entryOf(zone, { incarnation: 4 }) });
  await find(bench, remove);
  const [again, ended] = await bench.journal.operations({ latest: 2 });
  assert.deepEqual([ended?.state, ended?.afterSeen], ['reverted', true]);
  assert.ok(again?.kind === 'zone-delete');
  const { class: group, state, incarnation, fingerprint, actor, afterSeen } = again;
  assert.deepEqual(
    [group, state, incarnation, fingerprint, actor, afterSeen],
    ['compensate', 'kept', 4, 'del', 'bob', true],
  );
  assert.equal((await bench.journal.zone(zone))?.state, 'deleting');
  await bench.wait(1_000);
  assert.deepEqual(bench.woken, ['200 operations']);
});

test('the panel has to show it, and a zone is missing only by a quiet read', async () => {
  assert.equal(await isFollowed({ operation: create, shown: true }), true);
  assert.equal(await isFollowed({ operation: create, shown: false }), false);
  assert.equal(await isFollowed({ operation: remove, shown: false }), true);
  assert.equal(await isFollowed({ operation: remove, shown: true }), false);
  for (const [operation, shown] of [
    [remove, false],
    [create, true],
  ] as const) {
    const bench = await given({ operation, shown });
    bench.panel.onRead = async () => await bench.runtime.gate.during([zone], async () => Promise.resolve());
    await find(bench, operation);
    assert.equal(bench.logged.includes('late-edit'), operation === create);
  }
});

test('it concerns zones that were asked about and undone, and whose after is missing', async () => {
  const cases: readonly (readonly [string, Given, boolean])[] = [
    ['a create in the list', { operation: { ...create, class: 'compensate' }, shown: true }, false],
    ['a create that was refused', { operation: { ...create, state: 'refused' }, shown: true }, false],
    ['a create with its after', { operation: { ...create, afterSeen: true }, shown: true }, false],
    ['a delete with its after', { operation: { ...remove, afterSeen: true }, shown: false }, true],
    ['a delete of a comparison', { operation: { ...remove, class: 'follow' }, shown: false }, false],
    ['a delete that was confirmed', { operation: { ...remove, state: 'confirmed' }, shown: false }, false],
    [
      'an edit of records',
      { operation: sampleOperation('0', { state: 'reverted', watch }), shown: true },
      false,
    ],
  ];
  for (const [what, scene, followed] of cases) assert.equal(await isFollowed(scene), followed, what);
});

test('where none of them is on watch the panel is not read', async () => {
  const bench = await given({ operation: { ...create, afterSeen: true }, shown: true });
  let reads = 0;
  bench.panel.onRead = () => void (reads += 1);
  await find(bench, { ...create, afterSeen: true });
  assert.equal(reads, 0);
});

test('a delete of a zone that is on its way out, or is not synced, is not made again', async () => {
  for (const entry of [entryOf(zone, { state: 'deleting' }), entryOf(zone, { state: 'panel-only' }), null]) {
    assert.equal(await isFollowed({ operation: remove, shown: false, entry }), false);
    assert.equal(await isFollowed({ operation: create, shown: true, entry }), true);
  }
});
