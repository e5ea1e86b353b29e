import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleDelete, sampleRow, sampleWatch } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import type { ZoneState } from '../../ledger.ts';
import { Moved } from '../parts/store.ts';
import { giveUpDelete } from './give-up-delete.ts';

const waiting = sampleDelete('0', { state: 'kept', incarnation: 3, afterSeen: true });

async function givenUp(
  deleting = waiting,
  { state = 'deleting' }: { state?: ZoneState | null } = {},
): Promise<Bench> {
  const bench = engineBench();
  await bench.journal.commit({
    operations: [deleting],
    zones: state === null ? [] : [entryOf(zone, { state, incarnation: 3 })],
    rows: [{ zone, put: [sampleRow(1)] }],
  });
  await bench.run(bench.runtime.store.transact((tx) => giveUpDelete(bench.runtime, tx, deleting)));
  await bench.wait(60_000);
  return bench;
}

test('a delete that is given up leaves the zone synced and compared, and is on watch: the panel may be slow', async () => {
  const { journal, clock, woken } = await givenUp();
  const ended = await journal.operation('0');
  assert.equal(ended?.state, 'reverted');
  assert.equal(ended.watch?.until, clock.wall() - 60_000 + 600_000);
  assert.equal((await journal.zone(zone))?.state, 'synced');
  assert.equal(await journal.fact(`follow-due ${zone}`), `${clock.wall() - 60_000} kept-delete`);
  assert.equal((await journal.operations({})).length, 1);
  assert.deepEqual(woken, ['200 comparison kept-delete limited']);
});

test('issue 14: a delete that is given up tells the watch whether a request may still land', async () => {
  const failed = { ...waiting, attempts: 2 };
  for (const [deleting, attempts] of [
    [failed, 0],
    [{ ...failed, watch: sampleWatch(Infinity) }, 2],
  ] as const) {
    const ended = await (await givenUp(deleting)).journal.operation('0');
    assert.deepEqual([ended?.state, ended?.attempts], ['reverted', attempts]);
  }
});

test('issue 14: a zone whose delete was given up is compared again once reads show what the panel reported before', async () => {
  const bench = await givenUp();
  await bench.wait(29_999);
  assert.equal(bench.woken.length, 1);
  await bench.wait(1_000);
  assert.deepEqual(bench.woken.slice(1), ['90200 comparison kept-delete limited']);
});

test('a zone that is not in the ledger any more stays out of it', async () => {
  const { journal, woken } = await givenUp(waiting, { state: null });
  const ended = await journal.operation('0');
  assert.deepEqual([ended?.state, ended?.watch], ['reverted', null]);
  assert.equal(await journal.zone(zone), null);
  assert.deepEqual(woken, []);
});

test('a create that was undone and came true after all is filled again, by an operation of its own', async () => {
  const formerlyOurs = [a('www', 1)];
  const { journal, woken } = await givenUp({ ...waiting, formerlyOurs });
  const [again, ended] = await journal.operations({ latest: 2 });
  assert.ok(again?.kind === 'zone-create' && ended?.state === 'reverted');
  const { class: group, state, incarnation, snapshot, afterSeen, created } = again;
  assert.deepEqual(
    { group, state, incarnation, snapshot, afterSeen, created },
    {
      group: 'follow',
      state: 'kept',
      incarnation: 3,
      snapshot: formerlyOurs,
      afterSeen: true,
      created: false,
    },
  );
  assert.equal((await journal.zone(zone))?.state, 'creating');
  assert.equal(await journal.fact(`follow-due ${zone}`), null);
  assert.deepEqual(woken, ['0 operations']);
});

test('a delete that was heard of meanwhile is not given up', async () => {
  const bench = engineBench();
  await bench.journal.commit({ operations: [waiting], zones: [entryOf(zone, { state: 'deleting' })] });
  const judged = { ...waiting, afterSeen: false };
  await assert.rejects(
    bench.run(bench.runtime.store.transact((tx) => giveUpDelete(bench.runtime, tx, judged))),
    Moved,
  );
  assert.deepEqual(await bench.stored(waiting), waiting);
});
