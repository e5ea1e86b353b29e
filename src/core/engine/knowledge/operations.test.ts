import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { sampleCreate, sampleDelete, sampleOperation } from '../../../testing/contracts/journal.ts';
import { engineBench, viewOf } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import type { OperationItem } from '../../operation.ts';
import {
  anyRequest,
  isHeard,
  isOnlyAsked,
  keepWatching,
  lateRecords,
  mirroredNames,
  newCreate,
  newDelete,
  newEdit,
  nothingWritten,
  ownRecords,
  retimed,
  showsDone,
  touchedRecords,
  viewItems,
  watchedRecords,
  watching,
  watchOf,
  writtenLate,
} from './operations.ts';

const [one, two, three, four] = [a('www', 1), a('www', 2), a('ftp', 3), a('mail', 4)] as const;
const start = 1_700_000_000_000;

function item(remove: ResourceRecord | null, add: ResourceRecord | null, mirrored = true): OperationItem {
  return { remove, add, mirrored, note: null };
}

test('a create was only asked about while it is prepared, and nothing of it was made or sent', () => {
  const asked = sampleCreate('1');
  assert.equal(isOnlyAsked(asked), true);
  assert.equal(isOnlyAsked({ ...asked, created: true }), false);
  assert.equal(isOnlyAsked({ ...asked, requested: true }), false);
  assert.equal(isOnlyAsked({ ...asked, state: 'kept' }), false);
  assert.equal(isOnlyAsked(sampleOperation('1')), false);
  assert.equal(isOnlyAsked(sampleDelete('1')), false);
});

test('an edit is hearsay while only the panel has decided, and nothing was written for it', () => {
  const heard = sampleOperation('1', { class: 'compensate', afterSeen: true, added: [] });
  assert.equal(isHeard(heard), true);
  assert.equal(isHeard({ ...heard, class: 'veto' }), false);
  assert.equal(isHeard({ ...heard, state: 'applied' }), false);
  assert.equal(isHeard({ ...heard, afterSeen: false }), false);
  assert.equal(isHeard({ ...heard, added: [one] }), false);
  assert.equal(isHeard({ ...heard, removed: [one] }), false);
  assert.equal(isHeard({ ...heard, added: [one], removed: [one] }), false);
});

test('new operations have an id, the time and the state of the beginning; what is said of them counts', () => {
  const { runtime, clock } = engineBench();
  const made = [newEdit, newCreate, newDelete].map((make) =>
    make(runtime, { class: 'veto', zone, actor: 'alice', incarnation: 3 }),
  );
  for (const { state, createdAt, changedAt, afterSeen, incarnation, actor, watch } of made)
    assert.deepEqual(
      { state, createdAt, changedAt, afterSeen, incarnation, actor, watch },
      {
        state: 'prepared',
        createdAt: clock.wall(),
        changedAt: clock.wall(),
        afterSeen: false,
        incarnation: 3,
        actor: 'alice',
        watch: null,
      },
    );
  const ids = made.map(({ id }) => id);
  assert.deepEqual([...new Set(ids)].toSorted(), ids);
  const edit = newEdit(runtime, { class: 'veto', zone });
  assert.deepEqual([edit.items, edit.removed, edit.added], [[], [], []]);
  const create = newCreate(runtime, { class: 'veto', zone });
  assert.deepEqual([create.removed, create.added, create.snapshot], [[], [], []]);
  assert.deepEqual([create.incarnation, create.created, create.requested], [1, false, false]);
  assert.deepEqual([create.attempts, create.actor, create.source], [0, '', '']);
});

test('names are those of the items that are mirrored, each once', () => {
  const items = [item(one, two), item(three, null), item(null, four, false)];
  assert.deepEqual(mirroredNames({ items }), [one.name, three.name]);
  assert.deepEqual(mirroredNames({ items: [item(null, four)] }), [four.name]);
});

const watch = { until: 5, added: [three], removed: [four] };

test('records of an operation: what may land late, what is watched, what is ours, what it has met', () => {
  const edit = sampleOperation('1', {
    items: [item(one, two), item(null, four, false)],
    removed: [one],
    added: [two],
    watch,
  });
  assert.deepEqual(lateRecords(edit), [three, four]);
  assert.deepEqual(lateRecords({ ...edit, watch: null }), []);
  assert.deepEqual(watchedRecords(edit), [one, two, three, four]);
  assert.deepEqual(watchedRecords({ ...edit, watch: null, items: [item(null, two)] }), [two]);
  assert.deepEqual(ownRecords(edit), [two, one, three, four]);
  assert.deepEqual(touchedRecords(edit), [two, one, three, four]);
  const removal = sampleDelete('1', { formerlyOurs: [one], snapshot: [two], watch });
  assert.deepEqual(watchedRecords(removal), [three, four]);
  assert.deepEqual(ownRecords(removal), [one, three, four]);
  assert.deepEqual(touchedRecords(removal), [one, three, four, two]);
  const create = sampleCreate('1', { added: [one], snapshot: [two] });
  assert.deepEqual(touchedRecords(create), [one, two]);
  assert.deepEqual(ownRecords({ ...create, ...nothingWritten }), []);
});

test('only ended operations may have written late what nobody knows of', () => {
  const ended = sampleOperation('1', { state: 'refused', watch });
  assert.deepEqual([...writtenLate([ended])], [recordId(three)]);
  assert.equal(writtenLate([{ ...ended, state: 'kept' }]).size, 0);
  assert.equal(writtenLate([{ ...ended, watch: null }]).size, 0);
});

test('a watch lasts from the last request on; what earlier ones may do stays on it', () => {
  const { runtime } = engineBench({ settings: { watch: 1_000 } });
  const { ports } = runtime;
  const fresh = sampleOperation('1');
  assert.deepEqual(watching(ports, fresh), { until: start + 1_000, added: [], removed: [] });
  assert.deepEqual(watching(ports, { ...fresh, watch }, { add: [one, three], remove: [two] }), {
    until: start + 1_000,
    added: [three, one],
    removed: [four, two],
  });
  const longer = { ...watch, until: start + 5_000 };
  assert.equal(watching(ports, { ...fresh, watch: longer }).until, start + 5_000);
});

test('any request of an edit may add or remove what it wrote; its undo also what it was to replace', () => {
  const edit = sampleOperation('1', {
    state: 'applied',
    items: [item(one, two), item(four, null, false)],
    removed: [],
    added: [two],
  });
  assert.deepEqual(anyRequest(edit), { add: [two], remove: [two] });
  assert.deepEqual(anyRequest({ ...edit, removed: [three] }).add, [two, three]);
  assert.deepEqual(anyRequest({ ...edit, state: 'reverting' }), { add: [two, one], remove: [two, one] });
  const restored = { ...edit, state: 'reverting', class: 'compensate' } as const;
  assert.deepEqual(anyRequest(restored), { add: [two], remove: [two] }, 'it is undone in the panel');
  assert.deepEqual(anyRequest(sampleDelete('1', { formerlyOurs: [one] })), {});
});

test('an edit of which nobody has told how it went ends on watch', () => {
  const { runtime } = engineBench();
  const edit = sampleOperation('1', { state: 'applied', added: [two] });
  assert.equal(watchOf(runtime, edit), null);
  assert.equal(watchOf(runtime, { ...edit, watch }), watch);
  assert.deepEqual(watchOf(runtime, { ...edit, state: 'prepared' })?.added, [two]);
  runtime.unsaid.add('1');
  assert.deepEqual(watchOf(runtime, edit)?.removed, [two]);
});

test('a request of unknown outcome is journalled with the operation as it is by now', async () => {
  const bench = engineBench();
  const edit = sampleOperation('1', { state: 'applied' });
  await bench.journal.commit({ operations: [{ ...edit, afterSeen: true, state: 'kept' }] });
  const now = await bench.run(keepWatching(bench.runtime, edit, { add: [one] }));
  assert.deepEqual([now.state, now.afterSeen, now.watch?.added], ['kept', true, [one]]);
  assert.deepEqual(await bench.stored(edit), now);
});

test('the panel shows an item done, as before, or otherwise', () => {
  const shown = (items: readonly OperationItem[], panel: readonly ResourceRecord[]): string =>
    viewItems({ items }, viewOf(panel)).join();
  assert.equal(shown([item(one, two)], [two]), 'after');
  assert.equal(shown([item(one, two)], [one]), 'before');
  assert.equal(shown([item(one, two)], []), 'other');
  assert.equal(shown([item(one, two)], [one, two]), 'other');
  assert.equal(shown([item(null, two)], [two]), 'after');
  assert.equal(shown([item(null, two)], []), 'before');
  assert.equal(shown([item(one, null)], []), 'after');
  assert.equal(shown([item(one, null)], [one]), 'before');
  assert.equal(shown([item(one, one)], [one]), 'after');
  assert.equal(shown([item(one, one)], []), 'other');
  assert.equal(shown([item(one, two), item(null, three)], [two]), 'after,before');
});

test('the panel shows a change of the TTL alone by the TTL', () => {
  const [slow, fast] = [
    { ...one, ttl: 3_600 },
    { ...one, ttl: 60 },
  ];
  const shown = (panel: readonly ResourceRecord[]): string =>
    viewItems({ items: [item(slow, fast)] }, viewOf(panel)).join();
  assert.equal(shown([fast]), 'after');
  assert.equal(shown([slow]), 'before');
  assert.equal(shown([{ ...one, ttl: 5 }]), 'other');
  assert.equal(shown([]), 'other');
  assert.deepEqual(retimed(item(slow, fast)), { remove: slow, add: fast });
  assert.deepEqual(retimed(item(one, fast)), { remove: one, add: fast });
  for (const other of [
    item(fast, fast),
    item(fast, one),
    item(null, fast),
    item(fast, null),
    item(slow, two),
  ])
    assert.equal(retimed(other), null);
});

test('an edit is shown done when every item is; in a zone that is gone nothing is', () => {
  const removal = sampleOperation('1', { items: [item(one, null), item(two, null)] });
  assert.equal(showsDone(removal, viewOf([])), true);
  assert.equal(showsDone(removal, viewOf([two])), false);
  assert.equal(showsDone(removal, viewOf(null)), false);
});
