/** Tests when a roll back may report that nothing is left, and which work it leaves to background steps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleCreate, sampleDelete, sampleOperation } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import type { Operation, RecordsOperation } from '../../operation.ts';
import { rollBack } from './roll-back.ts';

const old = a('www', 1);
const changed = a('www', 2);

const nothing = { until: 2e12, added: [], removed: [] };
const endedAs: readonly (readonly [string, Operation | null, 'nothing' | 'unknown'])[] = [
  ['was never journalled', null, 'unknown'],
  ['was confirmed', sampleOperation('0', { state: 'confirmed' }), 'unknown'],
  ['was refused', sampleOperation('0', { state: 'refused' }), 'nothing'],
  ['was undone', sampleOperation('0', { state: 'reverted' }), 'nothing'],
  ['is on watch for nothing', sampleOperation('0', { state: 'reverted', watch: nothing }), 'nothing'],
  [
    'may still add',
    sampleOperation('0', { state: 'reverted', watch: { ...nothing, added: [old] } }),
    'unknown',
  ],
  [
    'may still remove',
    sampleOperation('0', { state: 'reverted', watch: { ...nothing, removed: [old] } }),
    'unknown',
  ],
  [
    'may still replace',
    sampleOperation('0', { state: 'refused', watch: { ...nothing, added: [changed], removed: [old] } }),
    'unknown',
  ],
  ['was a create that may still land', sampleCreate('0', { state: 'refused', requested: true }), 'unknown'],
  ['was a create that may not', sampleCreate('0', { state: 'reverted' }), 'nothing'],
  ['is a delete that was not sent', sampleDelete('0', { state: 'prepared' }), 'nothing'],
  ['is a delete that the panel reported', sampleDelete('0', { state: 'kept', afterSeen: true }), 'unknown'],
  ['is an edit that the panel reported', sampleOperation('0', { state: 'kept', afterSeen: true }), 'unknown'],
];

for (const [what, operation, answer] of endedAs) {
  test(`rolling back what ${what} proves ${answer}`, async () => {
    const bench = engineBench();
    bench.central.store.putZone(zone, [old]);
    if (operation !== null) await bench.journal.commit({ operations: [operation], zones: [entryOf(zone)] });
    assert.equal(await bench.run(rollBack(bench.runtime, ['0'], [])), answer);
    assert.equal(bench.runtime.inFlight.size, 0);
    assert.deepEqual(
      bench.central.store.records(zone)?.map(({ rdata }) => rdata),
      [old.rdata],
    );
  });
}

test('of several operations each is rolled back, and one that cannot be proved makes the whole uncertain', async () => {
  const bench = engineBench();
  bench.central.store.putZone(zone, [changed]);
  const items = [{ remove: null, add: changed, mirrored: true, note: null }];
  const written = sampleOperation('0', { state: 'applied', items, added: [changed] });
  const confirmed = sampleOperation('1', { state: 'confirmed', items: [], added: [] });
  await bench.journal.commit({ operations: [written, confirmed], zones: [entryOf(zone)] });
  assert.equal(await bench.run(rollBack(bench.runtime, ['0', '1'], [])), 'unknown');
  assert.deepEqual(bench.central.store.records(zone), []);
  const ended = await bench.stored(written);
  assert.deepEqual([ended?.state, ended?.kind === 'records' ? ended.added : null], ['reverted', []]);
  await bench.wait(60_000);
  assert.deepEqual(bench.woken, ['5000 operations']);
});

/** An item that replaces one record by another. Null for `remove` or `add`: it removes or adds nothing. */
function item(remove: typeof old | null, add: typeof old | null): RecordsOperation['items'][number] {
  return { remove, add, mirrored: true, note: null };
}

test('issue 14, roll backs: what stays for an edit that the panel has not reported is not called nothing', async () => {
  for (const afterSeen of [false, true]) {
    const bench = engineBench();
    bench.central.store.putZone(zone, [changed]);
    const moved = sampleOperation('0', {
      state: 'applied',
      items: [item(old, changed)],
      removed: [old],
      added: [changed],
    });
    const deletes = sampleOperation('1', {
      state: afterSeen ? 'kept' : 'applied',
      afterSeen,
      items: [item(old, null)],
      removed: [],
      added: [],
    });
    await bench.journal.commit({ operations: [moved, deletes], zones: [entryOf(zone)] });
    const said = await bench.run(rollBack(bench.runtime, ['0'], []));
    assert.equal(said, afterSeen ? 'nothing' : 'unknown');
    assert.deepEqual(bench.central.store.records(zone), []);
    const heir = await bench.stored(deletes);
    assert.deepEqual(heir?.kind === 'records' && heir.removed, [old]);
  }
});

test('issue 14, roll backs: a record that is again as it was before an edit that is being undone stays so', async () => {
  const cases: readonly (readonly [string, Partial<RecordsOperation>, 'before' | 'after', boolean])[] = [
    ['removed it', { removed: [old], added: [changed] }, 'before', true],
    ['removed it, and is newer', { removed: [old], added: [changed] }, 'after', false],
    ['did not touch it', { removed: [], added: [changed] }, 'before', false],
    ['changed its TTL', { removed: [old], added: [old] }, 'before', false],
  ];
  for (const [what, evidence, order, stays] of cases) {
    const bench = engineBench();
    bench.central.store.putZone(zone, [old]);
    const facts = { items: [item(null, old)], removed: [], added: [old] };
    const adds = sampleOperation('5', { state: 'applied', ...facts });
    const id = order === 'before' ? '0' : '9';
    const undone = sampleOperation(id, { state: 'reverting', items: [item(old, changed)], ...evidence });
    await bench.journal.commit({ operations: [adds, undone], zones: [entryOf(zone)] });
    assert.equal(await bench.run(rollBack(bench.runtime, ['5'], [])), 'nothing', what);
    assert.equal(bench.central.store.records(zone)?.length, stays ? 1 : 0, what);
  }
});

test('issue 14, roll backs: a record that an edit being undone had added is not put back', async () => {
  const bench = engineBench();
  bench.central.store.putZone(zone, []);
  const undone = sampleOperation('0', {
    state: 'reverting',
    items: [item(null, old)],
    removed: [],
    added: [old],
  });
  const removes = sampleOperation('5', {
    state: 'applied',
    items: [item(old, null)],
    removed: [old],
    added: [],
  });
  await bench.journal.commit({ operations: [undone, removes], zones: [entryOf(zone)] });
  assert.equal(await bench.run(rollBack(bench.runtime, ['5'], [])), 'nothing');
  assert.deepEqual(bench.central.store.records(zone), []);
});
