import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRecord } from '../../../dns/record.ts';
import {
  sampleCreate,
  sampleDelete,
  sampleOperation,
  sampleRow,
} from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, viewOf, type Bench } from '../../../testing/engine-bench.ts';
import { quietContext } from '../../../testing/quiet-context.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import type { CentralRecord } from '../../central.ts';
import type { CreateOperation, DeleteOperation, RecordsOperation } from '../../operation.ts';
import type { PanelView } from '../knowledge/panel-view.ts';
import { compareZone } from './compare.ts';
import { unstickZone, unstuckRecords } from './unstick.ts';

const one = a('www', 1);
const two = a('www', 2);
const three = a('ftp', 3);

function stuck(
  remove: ResourceRecord | null,
  add: ResourceRecord | null,
  parts: Partial<RecordsOperation> = {},
) {
  const items = [{ remove, add, mirrored: true, note: null }];
  return sampleOperation('1', { state: 'stuck', items, added: [], removed: [], ...parts });
}

function there(records: readonly ResourceRecord[]): CentralRecord[] {
  return records.map((record, at) => ({ ...record, handle: `#${at}` }));
}

/** The state in which a stuck edit ends if both sides have these records; null: it stays stuck. */
function end(
  operation: RecordsOperation,
  panel: readonly ResourceRecord[],
  central: readonly ResourceRecord[] = panel,
): string | null {
  const [freed, ...others] = unstuckRecords([operation], viewOf(panel), there(central));
  assert.deepEqual(others, []);
  if (freed !== undefined) assert.equal(freed.operation, operation);
  return freed?.to ?? null;
}

test('a stuck edit whose records are alike on both sides ends as they show it', () => {
  const cases: readonly (readonly [RecordsOperation, readonly ResourceRecord[], string])[] = [
    [stuck(one, two), [two], 'confirmed'],
    [stuck(one, two), [one], 'reverted'],
    [stuck(one, two), [one, two], 'reverted'],
    [stuck(one, two), [], 'reverted'],
    [stuck(null, one), [one], 'confirmed'],
    [stuck(null, one), [], 'reverted'],
    [stuck(one, null), [], 'confirmed'],
    [stuck(one, null), [one], 'reverted'],
  ];
  for (const [at, [operation, panel, to]] of cases.entries())
    assert.equal(end(operation, panel), to, `${at}`);
});

test('it stays stuck while one side has what the other lacks, of all it wanted and wrote', () => {
  assert.equal(end(stuck(one, two), [two], [one]), null);
  assert.equal(end(stuck(one, two), [two], [one, two]), null);
  assert.equal(end(stuck(one, two, { added: [three] }), [two], [two, three]), null);
  assert.equal(end(stuck(one, two, { removed: [three] }), [two, three], [two]), null);
  assert.equal(end(stuck(one, two), [two, three], [two]), 'confirmed');
});

test('issue 13, older journals: of a forgotten edit, records that it leaves alone may differ', () => {
  const items = [
    { remove: null, add: one, mirrored: true, note: null },
    { remove: null, add: two, mirrored: false, note: 'note.panel-only' },
  ];
  const forgotten = [{ code: 'journal.forgotten', params: {} }];
  assert.equal(end(stuck(null, one, { items }), [one, two], [one]), null);
  assert.equal(end(stuck(null, one, { items, problems: forgotten }), [one, two], [one]), 'confirmed');
  assert.equal(end(stuck(null, one, { items, problems: forgotten }), [one, two], []), null);
});

test('every item has to be done', () => {
  const items = [stuck(one, two), stuck(null, three)].flatMap((operation) => operation.items);
  assert.equal(end(stuck(null, null, { items }), [two, three]), 'confirmed');
  assert.equal(end(stuck(null, null, { items }), [two]), 'reverted');
});

test('only edits that are stuck are asked about', () => {
  for (const state of ['kept', 'reverting', 'applied'] as const)
    assert.equal(end(stuck(one, two, { state }), [two]), null);
  assert.deepEqual(unstuckRecords([sampleCreate('1', { state: 'stuck' })], viewOf([]), []), []);
});

async function unstuck(
  operation: CreateOperation | DeleteOperation,
  view: PanelView,
  central: readonly ResourceRecord[] | null = null,
): Promise<Bench & { readonly state: string | undefined }> {
  const bench = engineBench();
  if (central !== null) bench.central.store.putZone(zone, central);
  const state = operation.kind === 'zone-create' ? 'creating' : 'deleting';
  await bench.journal.commit({
    operations: [operation],
    zones: [entryOf(zone, { state })],
    rows: [{ zone, put: [sampleRow(1)] }],
    facts: { [`other-writer ${zone}`]: '1' },
  });
  bench.journal.takes = 20;
  await bench.run(unstickZone(bench.runtime, zone, [operation], view, quietContext()));
  const now = await bench.stored(operation);
  await bench.wait(5_000);
  return { ...bench, state: now?.state };
}

const create = sampleCreate('0', { state: 'stuck', requested: true });
const removal = sampleDelete('0', { state: 'stuck' });
const waiting = { ...removal, problems: [{ code: 'zone.signed-waiting', params: {} }] };
const gone = viewOf(null);

test('a zone that neither side has any more is forgotten', async () => {
  for (const [operation, ends] of [
    [create, 'reverted'],
    [removal, 'confirmed'],
    [waiting, 'confirmed'],
  ] as const) {
    const { state, journal, woken } = await unstuck(operation, gone);
    assert.equal(state, ends);
    assert.equal(await journal.zone(zone), null);
    assert.equal(await journal.fact(`other-writer ${zone}`), null);
    assert.deepEqual(woken, []);
  }
});

test('issue 14: a create and a delete that are both stuck end together when neither side has the zone', async () => {
  const later = sampleDelete('1', { state: 'stuck' });
  for (const [states, ends] of [
    [{}, ['reverted', 'confirmed']],
    [{ state: 'kept' }, ['stuck', 'kept']],
  ] as const) {
    const bench = engineBench();
    const operations = [create, { ...later, ...states }];
    await bench.journal.commit({ operations, zones: [entryOf(zone, { state: 'creating' })] });
    await bench.run(compareZone(bench.runtime, zone, { reason: 'periodic', follow: 'no' }));
    const now = await Promise.all(operations.map(async (each) => (await bench.stored(each))?.state));
    assert.deepEqual(now, ends);
    assert.equal((await bench.journal.zone(zone)) === null, ends[0] === 'reverted');
  }
});

test('it stays stuck while the central has the zone, or the panel’s answer proves no absence', async () => {
  for (const operation of [create, removal, waiting]) {
    for (const { state, journal } of [
      await unstuck(operation, gone, [one]),
      await unstuck(operation, viewOf(null, { quiet: false })),
    ]) {
      assert.equal(state, 'stuck');
      assert.notEqual(await journal.zone(zone), null);
    }
  }
});

test('a zone that the panel has again is filled, or kept, and compared', async () => {
  const view = viewOf([one], { quiet: false });
  const again = await unstuck(create, view, [one]);
  assert.equal(again.state, 'kept');
  const operation = await again.stored(create);
  assert.deepEqual([operation?.afterSeen, operation?.problems], [true, []]);
  const kept = await unstuck(waiting, view, [one]);
  assert.equal(kept.state, 'reverted');
  assert.equal((await kept.journal.zone(zone))?.state, 'synced');
  const due = [again, kept].map(({ woken }) => woken.map((entry) => entry.replace(/^\d+ /u, '')));
  assert.deepEqual(due, [['comparison wanted-after-all limited'], ['comparison kept-delete limited']]);
});

test('an operation that is not stuck is left to itself', async () => {
  for (const operation of [{ ...create, state: 'kept' } as const, { ...waiting, state: 'kept' } as const])
    for (const view of [gone, viewOf([one])]) {
      const { state, woken, journal } = await unstuck(operation, view);
      assert.deepEqual([state, woken], ['kept', []]);
      assert.notEqual(await journal.zone(zone), null);
    }
});

test('a stuck create and a stuck delete of one zone end together', async () => {
  const later = { ...removal, id: '1' };
  for (const [view, central, ends] of [
    [gone, null, ['reverted', 'confirmed']],
    [viewOf([one]), [one], ['kept', 'reverted']],
    [gone, [one], ['stuck', 'stuck']],
  ] as const) {
    const bench = engineBench();
    if (central !== null) bench.central.store.putZone(zone, central);
    await bench.journal.commit({
      operations: [create, later],
      zones: [entryOf(zone, { state: 'creating' })],
    });
    await bench.run(unstickZone(bench.runtime, zone, [create, later], view, quietContext()));
    const states = [await bench.stored(create), await bench.stored(later)].map((now) => now?.state);
    assert.deepEqual(states, ends);
    const entry = await bench.journal.zone(zone);
    assert.equal(entry?.state, central === null ? undefined : 'creating');
  }
});

test('a stuck delete waits for a create that is under way', async () => {
  const open = { ...create, state: 'kept' } as const;
  const later = { ...removal, id: '1' };
  for (const view of [gone, viewOf([one])]) {
    const bench = engineBench();
    await bench.journal.commit({
      operations: [open, later],
      zones: [entryOf(zone, { state: 'creating' })],
    });
    await bench.run(unstickZone(bench.runtime, zone, [open, later], view, quietContext()));
    assert.equal((await bench.stored(later))?.state, 'stuck');
    assert.equal((await bench.journal.zone(zone))?.state, 'creating');
  }
});
