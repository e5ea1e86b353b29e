/**
 * Tests single steps that settle operations: which comparisons become due, and what remains after a failed
 * undo. Also tests which items that were not sent are sent after all.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRecord } from '../../../dns/record.ts';
import { sampleOperation, sampleRow } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, viewOf, type Bench } from '../../../testing/engine-bench.ts';
import { quietContext } from '../../../testing/quiet-context.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { CentralError } from '../../central.ts';
import type { LedgerRow, RecordState } from '../../ledger.ts';
import type { OperationItem, RecordsOperation } from '../../operation.ts';
import type { PanelView } from '../knowledge/panel-view.ts';
import { applyOrCount, settleRecords } from './settle.ts';

const [old, next, other] = [a('www', 1), a('www', 2), a('www', 3)] as const;

function item(remove: ResourceRecord | null, add: ResourceRecord | null): OperationItem {
  return { remove, add, mirrored: true, note: null };
}

function edit(parts: Partial<RecordsOperation> = {}): RecordsOperation {
  const items = [item(old, next)];
  const base = {
    state: 'kept',
    items,
    removed: [old],
    added: [next],
    afterSeen: true,
    problems: [],
  } as const;
  return sampleOperation('1', { ...base, ...parts });
}

interface Given {
  readonly operation: RecordsOperation;
  readonly view: PanelView;
  readonly central: readonly ResourceRecord[];
  readonly rows?: readonly LedgerRow[];
}

async function settled({ operation, view, central, rows = [] }: Given): Promise<Bench> {
  const bench = engineBench();
  bench.central.store.putZone(zone, central);
  await bench.journal.commit({
    operations: [operation],
    zones: [entryOf(zone)],
    rows: [{ zone, put: rows }],
  });
  await bench.run(settleRecords(bench.runtime, zone, [operation], view));
  await bench.wait(1_000);
  return bench;
}

function atCentral({ central }: Bench): string[] {
  return (central.store.records(zone) ?? []).map(({ rdata }) => rdata.slice(-1)).sort();
}

async function stateIn(bench: Bench): Promise<string | undefined> {
  return (await bench.journal.operation('1'))?.state;
}

const keptOtherwise = ['200 comparison kept-otherwise no'];

test('an edit that the panel shows done is confirmed', async () => {
  const bench = await settled({ operation: edit(), view: viewOf([next]), central: [next] });
  assert.deepEqual([await stateIn(bench), atCentral(bench), bench.woken], ['confirmed', ['2'], []]);
  const [row] = await bench.journal.rows(zone);
  assert.deepEqual([row?.record.rdata, row?.state], [next.rdata, 'synced']);
});

test('issue 13: an edit that was not written is not said to be on both sides, whatever another one wants', async () => {
  const prepared = { class: 'follow', state: 'prepared', items: [item(null, next)] } as const;
  const following = edit({ ...prepared, removed: [], added: [] });
  const removing = {
    ...edit({ state: 'applied', items: [item(next, null)] }),
    id: '2',
    removed: [],
    added: [],
  };
  const bench = engineBench();
  bench.central.store.putZone(zone, [old]);
  await bench.journal.commit({ operations: [following, removing], zones: [entryOf(zone)] });
  await bench.run(settleRecords(bench.runtime, zone, [following], viewOf([old, next])));
  const ended = await bench.stored(following);
  assert.deepEqual([ended?.state, atCentral(bench)], ['confirmed', ['1']]);
  assert.deepEqual(ended?.kind === 'records' && ended.items.map(({ note }) => note), ['note.not-at-central']);
});

test('what the panel reported and shows otherwise is brought to it, and the zone compared', async () => {
  for (const view of [viewOf([old]), viewOf([old, other])]) {
    const bench = await settled({ operation: edit(), view, central: [next] });
    assert.deepEqual([await stateIn(bench), atCentral(bench)], ['reverted', ['1']]);
    assert.deepEqual(bench.woken, keptOtherwise);
  }
});

test('a comparison is not asked for where nothing was reported, or the zone is gone', async () => {
  const unheard = edit({ state: 'applied', afterSeen: false });
  const followed = edit({ class: 'follow' });
  for (const operation of [unheard, followed]) {
    const bench = await settled({ operation, view: viewOf([old]), central: [next] });
    assert.deepEqual([await stateIn(bench), bench.woken], ['reverted', []]);
  }
  const gone = await settled({ operation: edit(), view: viewOf(null), central: [next] });
  assert.deepEqual(gone.woken, []);
  const done = edit({ state: 'reverting', afterSeen: true });
  const bench = await settled({ operation: done, view: viewOf([next]), central: [next] });
  assert.deepEqual([await stateIn(bench), bench.woken], ['confirmed', []]);
});

test('an edit that passed in the panel only is carried out once its old value is synchronised again', async () => {
  const passed = edit({
    state: 'kept',
    items: [{ ...item(old, next), mirrored: false, note: 'note.changed-at-central' }],
    removed: [],
    added: [],
  });
  const after = async (
    state: RecordState,
    central: readonly ResourceRecord[] = [old],
    operation = passed,
  ): Promise<readonly string[]> => {
    const rows = [sampleRow(1, { record: old, state }), sampleRow(3, { record: other })];
    return atCentral(await settled({ operation, view: viewOf([next, other]), central, rows }));
  };
  assert.deepEqual(await after('synced'), ['2']);
  assert.deepEqual(await after('conflict'), ['1']);
  assert.deepEqual(await after('excluded'), ['1']);
  assert.deepEqual(await after('synced', [other]), ['3']);
  const noted = { ...passed, items: [{ ...item(old, next), mirrored: false, note: 'note.panel-only' }] };
  assert.deepEqual(await after('synced', [old], noted), ['1']);
});

test('issue 16: an edit to be carried out after all is not said to be on both sides before the central had it', async () => {
  const items = [{ ...item(old, next), mirrored: true, note: 'note.not-at-central' }];
  const waiting = edit({ state: 'reverting', items, removed: [], added: [] });
  const removing = {
    ...edit({ state: 'applied', items: [item(next, null)] }),
    id: '2',
    removed: [],
    added: [],
  };
  for (const [others, note, central] of [
    [[removing], 'note.not-at-central', []],
    [[], null, ['2']],
  ] as const) {
    const bench = engineBench();
    bench.central.store.putZone(zone);
    await bench.journal.commit({ operations: [waiting, ...others], zones: [entryOf(zone)] });
    await bench.run(settleRecords(bench.runtime, zone, [waiting], viewOf([next])));
    const ended = await bench.stored(waiting);
    assert.ok(ended?.kind === 'records');
    assert.deepEqual([ended.state, ended.items[0]?.note, atCentral(bench)], ['confirmed', note, central]);
  }
});

interface Refusal {
  readonly state: 'untouched' | 'unknown';
  readonly retry: 'never' | 'later';
  readonly attempts?: number;
  readonly parts?: Partial<RecordsOperation>;
}

async function failed({ state, retry, attempts = 0, parts = {} }: Refusal): Promise<Bench> {
  const bench = engineBench();
  const operation = edit({ state: 'reverting', attempts, ...parts });
  bench.central.store.putZone(zone, [next]);
  await bench.journal.commit({ operations: [operation, { ...operation, id: '0', attempts: 0 }] });
  bench.journal.takes = 20;
  bench.central.faults.before = () => {
    throw new CentralError('central.refused', { state, retry });
  };
  const second = { ...operation, id: '0', attempts: 0 };
  const change = { zone, remove: [next], add: [old] };
  const present = bench.central.store.records(zone) ?? [];
  await assert.rejects(
    bench.run(applyOrCount(bench.runtime, [operation, second], change, present, quietContext())),
    CentralError,
  );
  return bench;
}

test('an undo that fails is counted, and tried again while that may help', async () => {
  const bench = await failed({ state: 'untouched', retry: 'later', attempts: 7 });
  for (const id of ['0', '1']) {
    const operation = await bench.journal.operation(id);
    assert.deepEqual([operation?.state, operation?.attempts, operation?.watch], ['reverting', 8, null]);
    assert.deepEqual(
      operation?.problems.map(({ code }) => code),
      ['central.refused'],
    );
  }
  assert.equal(bench.logged.includes('operation.stuck'), false);
});

test('an undo that was refused five times is for a person', async () => {
  for (const [attempts, state] of [
    [3, 'reverting'],
    [4, 'stuck'],
    [5, 'stuck'],
  ] as const) {
    const bench = await failed({ state: 'untouched', retry: 'never', attempts });
    assert.equal(await stateIn(bench), state);
    assert.equal(bench.logged.includes('operation.stuck'), state === 'stuck');
  }
});

test('what an undo of unknown outcome may still do is journalled, and no longer only in memory', async () => {
  const bench = await failed({ state: 'unknown', retry: 'later' });
  const operation = await bench.journal.operation('1');
  assert.deepEqual([operation?.watch?.added, operation?.watch?.removed], [[old], [next]]);
  assert.equal(bench.runtime.unsaid.size, 0);
});

test('what a journal that fails could not take of it stays in memory', async () => {
  const bench = engineBench();
  bench.journal.commit = async () => await Promise.reject(new Error('full'));
  bench.central.faults.before = () => {
    throw new CentralError('central.unreachable', { state: 'unknown', retry: 'later' });
  };
  const change = { zone, remove: [next], add: [] };
  await assert.rejects(
    bench.run(applyOrCount(bench.runtime, [edit({ state: 'reverting' })], change, [], quietContext())),
  );
  assert.deepEqual([...bench.runtime.unsaid], ['1']);
});

test('what the panel has already is not called an undo', async () => {
  const parts = { class: 'compensate', state: 'kept' } as const;
  assert.equal(await stateIn(await failed({ state: 'untouched', retry: 'later', parts })), 'kept');
});
