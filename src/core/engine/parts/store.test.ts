import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryJournal } from '../../../testing/memory-journal.ts';
import { sampleOperation } from '../../../testing/contracts/journal.ts';
import type { Batch } from '../../journal.ts';
import { wasOver } from '../../operation.ts';
import { VirtualClock } from '../../../testing/virtual-clock.ts';
import { Moved, Store } from './store.ts';

interface Scene {
  readonly store: Store;
  readonly journal: MemoryJournal;
  /** The events that the store reported, in order. */
  readonly told: readonly string[];
}

function scene(journal = new MemoryJournal()): Scene {
  const told: string[] = [];
  const store = new Store(
    { journal, clock: new VirtualClock(), log: () => undefined, newestId: () => 'newest' },
    {
      begun: (id) => told.push(`begun ${id}`),
      heard: (id) => told.push(`heard ${id}`),
      ended: (id) => told.push(`ended ${id}`),
      touched: () => undefined,
      inStep: (zone, began) => told.push(`in step ${zone} ${began}`),
      wake: (zone, delay) => told.push(`wake ${zone} ${delay}`),
    },
  );
  return { store, journal, told };
}

const draft = sampleOperation('one', { state: 'prepared', afterSeen: false });
const entry = {
  zone: draft.zone,
  state: 'synced',
  incarnation: 1,
  baselineAt: 0,
  note: null,
} as const;

test('issue 14: a judgement counts only while the operation is as it was judged', async () => {
  const { store, journal } = scene();
  const judged = await store.create(draft);
  await store.advance(judged, 'applied');
  await assert.rejects(store.advance(judged, 'reverting'), Moved);
  const applied = await journal.operation('one');
  assert.equal(applied?.state, 'applied');
  // The operation's `after` comes.
  await store.transact((tx) => tx.amend(judged, () => ({ afterSeen: true })));
  assert.ok(applied !== null);
  await assert.rejects(store.advance(applied, 'reverting'), Moved);
});

test('issue 14: the end of an operation says which one was the newest then, and no other step does', async () => {
  const { store } = scene();
  const applied = await store.advance(await store.create(draft), 'applied');
  assert.equal(applied.endedAfter, undefined);
  const ended = await store.advance(applied, 'confirmed');
  assert.equal(ended.endedAfter, 'newest');
  for (const [id, isOver] of [
    ['another', false],
    ['newest', false],
    ['newest-1', true],
  ] as const) {
    assert.equal(wasOver(ended, { ...draft, id }), isOver);
    assert.equal(wasOver(applied, { ...draft, id }), false);
  }
});

test('issue 14: what was done is journalled beside what was heard meanwhile', async () => {
  const { store, journal } = scene();
  const begun = await store.create(draft);
  await store.advance(begun, 'kept', { afterSeen: true });
  await store.transact((tx) => tx.record(begun, 'confirmed', () => ({ attempts: 3 })));
  const { state, afterSeen, attempts } = (await journal.operation('one')) ?? draft;
  assert.deepEqual({ state, afterSeen, attempts }, { state: 'confirmed', afterSeen: true, attempts: 3 });
});

test('issue 14: a step that is not allowed is a defect, and writes nothing', async () => {
  const { store, journal } = scene();
  const ended = await store.create(draft, 'confirmed');
  await assert.rejects(store.advance(ended, 'kept'), /may not go from confirmed to kept/);
  assert.equal((await journal.operation('one'))?.state, 'confirmed');
});

test('issue 14: an entry that stands otherwise by now is not overwritten', async () => {
  const { store, journal } = scene();
  await store.transact((tx) => tx.zone(null, entry));
  await store.transact((tx) => tx.zone(entry, { ...entry, state: 'deleting' }));
  await assert.rejects(
    store.transact((tx) => tx.zone(entry, { ...entry, note: 'note.gone-from-panel' })),
    Moved,
  );
  assert.equal((await journal.zone(entry.zone))?.state, 'deleting');
});

test('issue 14: a transaction that fails writes nothing and tells nobody, and the next one runs', async () => {
  const { store, journal, told } = scene();
  const failing = store.transact((tx) => {
    tx.create(draft);
    tx.wake(draft.zone, 5);
    throw new Error('no');
  });
  const next = store.create({ ...draft, id: 'two' });
  await assert.rejects(failing, /no/);
  await next;
  assert.equal(await journal.operation('one'), null);
  assert.deepEqual(told, ['begun two', 'heard two']);
});

test('issue 14: transactions see what those before them wrote', async () => {
  const { store } = scene();
  const begun = await store.create(draft);
  const both = await Promise.allSettled([
    store.advance(begun, 'applied'),
    store.advance(begun, 'refused', { attempts: 1 }),
  ]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
});

test('issue 14: who waits is told what was written: new, spoken of by the panel, ended', async () => {
  const { store, told } = scene();
  const begun = await store.create(draft);
  await store.advance(begun, 'applied');
  const kept = await store.transact(async (tx) => {
    tx.wake(draft.zone, 200);
    const applied = await tx.current(begun);
    return await tx.advance(applied, 'kept', { afterSeen: true });
  });
  await store.advance(kept, 'reverting');
  await store.transact((tx) => tx.record(kept, 'reverted'));
  assert.deepEqual(told, ['begun one', 'heard one', 'heard one', `wake ${draft.zone} 200`, 'ended one']);
});

/**
 * A journal whose commits wait until the test ends them all together. Its `pending` view already contains
 * them.
 */
class GroupingJournal extends MemoryJournal {
  readonly pending = new MemoryJournal();
  readonly #waiting: { readonly batch: Batch; readonly settle: (error?: Error) => void }[] = [];

  override async commit(batch: Batch): Promise<void> {
    await this.pending.commit(batch);
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      this.#waiting.push({ batch, settle });
    });
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  async end(error?: Error): Promise<void> {
    for (const { batch, settle } of this.#waiting.splice(0)) {
      if (error === undefined) await super.commit(batch);
      settle(error);
    }
  }
}

async function untilWaiting(journal: GroupingJournal, count: number): Promise<void> {
  while (journal.waiting < count) await new Promise((resolve) => setImmediate(resolve));
}

for (const fails of [false, true])
  test(`issue 19, group commit: transactions that wait together ${fails ? 'fail' : 'end'} together`, async () => {
    const journal = new GroupingJournal();
    const { store, told } = scene(journal);
    const results = [
      store.create(draft),
      store.create({ ...draft, id: 'two' }),
      // This transaction reads data that is not on disk yet. It writes nothing, but its result must wait for
      // the disk too.
      store.transact(async (tx) => (await tx.journal.operation('one'))?.state),
    ];
    await untilWaiting(journal, 3);
    assert.deepEqual(told, []);
    assert.equal(await journal.operation('one'), null);
    await journal.end(fails ? new Error('no disk') : undefined);
    const settled = await Promise.allSettled(results);
    const expected = fails ? 'rejected' : 'fulfilled';
    assert.deepEqual(
      settled.map(({ status }) => status),
      [expected, expected, expected],
    );
    const begun = ['begun one', 'heard one', 'begun two', 'heard two'];
    assert.deepEqual(told, fails ? [] : begun);
    assert.deepEqual(
      (await journal.operations({})).map(({ id }) => id),
      fails ? [] : ['one', 'two'],
    );
  });
