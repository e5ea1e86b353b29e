/** Tests, step by step, how an edit is undone in the panel after the central has refused it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord, type ResourceRecord } from '../../../dns/record.ts';
import type { Change } from '../../../dns/zone.ts';
import { sampleCreate, sampleOperation, sampleRow } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, viewOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, apex, zone } from '../../../testing/simulator/given.ts';
import type { LedgerRow } from '../../ledger.ts';
import type { CreateOperation, Operation, OperationState, RecordsOperation } from '../../operation.ts';
import type { PanelView } from '../knowledge/panel-view.ts';
import { restorePanel } from './restore.ts';
import { restoreZone } from './restore-zone.ts';

const [old, next, other] = [a('www', 1), a('www', 2), a('www', 3)] as const;
const start = 1_700_000_000_000;

function edit(
  id: string,
  remove: ResourceRecord | null,
  add: ResourceRecord | null,
  parts: Partial<RecordsOperation> = {},
): RecordsOperation {
  const items = [{ remove, add, mirrored: true, note: null }];
  const base = { class: 'compensate', state: 'reverting', afterSeen: true, items, added: [] } as const;
  return sampleOperation(id, { ...base, createdAt: start, changedAt: start, ...parts });
}

const changed = edit('5', old, next);

interface Given {
  readonly bench: Bench;
  /** All writes into the panel. During each of them exactly one echo token is valid. */
  readonly written: Change[];
}

async function given(operations: readonly Operation[], rows: readonly LedgerRow[] = []): Promise<Given> {
  const bench = engineBench();
  const written: Change[] = [];
  bench.panel.write = async (change) => {
    assert.equal(bench.runtime.echoTokens.size, 1);
    written.push(change);
    await Promise.resolve();
  };
  await bench.journal.commit({ operations, rows: [{ zone, put: rows }], zones: [entryOf(zone)] });
  bench.journal.takes = 10;
  return { bench, written };
}

function shown(records: readonly ResourceRecord[] | null, readAt = 0): PanelView {
  return viewOf(records, { readAt });
}

/**
 * Restores an operation while the panel shows these records.
 * @returns the values that were removed, and those that were added
 */
async function writtenFor(
  operation: RecordsOperation,
  records: readonly ResourceRecord[],
  { others = [], rows = [] }: { others?: readonly Operation[]; rows?: readonly LedgerRow[] } = {},
): Promise<unknown> {
  const { bench, written } = await given([operation, ...others], rows);
  await bench.run(restorePanel(bench.runtime, operation, shown(records)));
  const values = (list: readonly ResourceRecord[]): string[] =>
    list.map(({ rdata, ttl }) => rdata.slice(-1) + (ttl === null ? '' : ` ${ttl}`)).sort();
  return written.map(({ remove, add }) => [values(remove), values(add)]);
}

test('what the edit made goes, and what it removed comes back; the panel is looked at soon after', async () => {
  const { bench, written } = await given([changed]);
  await bench.run(restorePanel(bench.runtime, changed, shown([next])));
  assert.deepEqual(written, [{ zone, remove: [next], add: [old] }]);
  const operation = await bench.stored(changed);
  assert.deepEqual([operation?.state, operation?.attempts], ['reverting', 1]);
  await bench.wait(1_000);
  assert.deepEqual(bench.woken, ['210 operations']);
});

test('a cut restoration is completed', async () => {
  assert.deepEqual(await writtenFor(changed, [old, next]), [[['2'], []]]);
  assert.deepEqual(await writtenFor(changed, [other]), [[[], ['1']]]);
});

test('of an edit of two records the one that is restored already is not written again', async () => {
  const [mail, ftp] = [a('mail', 4), a('ftp', 5)];
  const items = [changed.items, edit('', mail, ftp).items].flat();
  assert.deepEqual(await writtenFor({ ...changed, items }, [next, mail]), [[['2'], ['1']]]);
});

test('the panel is not written again before the pause is over', async () => {
  const again = { ...changed, attempts: 2 };
  const { bench, written } = await given([again]);
  await bench.run(restorePanel(bench.runtime, again, shown([next])));
  await bench.wait(1_999);
  await bench.run(restorePanel(bench.runtime, again, shown([next])));
  assert.deepEqual([written, bench.woken], [[], []]);
  await bench.wait(1);
  assert.deepEqual(bench.woken, ['2000 operations']);
  await bench.run(restorePanel(bench.runtime, again, shown([next])));
  assert.equal(written.length, 1);
});

test('what both sides agree on, or another edit that counts wants, stays', async () => {
  const agreed = [sampleRow(1, { record: next })];
  assert.deepEqual(await writtenFor(changed, [next], { rows: agreed }), [[[], ['1']]]);
  const listed = [sampleRow(1, { record: next, state: 'conflict' })];
  assert.deepEqual(await writtenFor(changed, [next], { rows: listed }), [[['2'], ['1']]]);
  const states: readonly (readonly [OperationState, boolean])[] = [
    ['applied', true],
    ['kept', true],
    ['prepared', false],
    ['reverting', false],
    ['stuck', false],
    ['confirmed', false],
  ];
  for (const [state, stays] of states) {
    const others = [edit('6', null, next, { state })];
    assert.deepEqual(await writtenFor(changed, [next], { others }), [[stays ? [] : ['2'], ['1']]], state);
  }
});

test('what another edit removes, or a later one has removed, does not come back', async () => {
  const cases: readonly (readonly [RecordsOperation, boolean])[] = [
    [edit('6', old, null, { state: 'kept' }), false],
    [edit('4', old, null, { state: 'applied' }), false],
    [edit('6', old, null, { state: 'confirmed' }), false],
    [edit('4', old, null, { state: 'confirmed' }), true],
    [edit('6', old, null, { state: 'refused' }), true],
    [edit('6', null, other, { state: 'kept' }), true],
    // This edit changes only the TTL.
    [edit('6', old, { ...old, ttl: 60 }, { state: 'kept' }), true],
  ];
  for (const [one, comes] of cases) {
    const what = `${one.id} ${one.state}`;
    assert.deepEqual(
      await writtenFor(changed, [next], { others: [one] }),
      [[['2'], comes ? ['1'] : []]],
      what,
    );
  }
});

test('a later edit is found among fifty of the zone, not further back', async () => {
  const removal = edit('06', old, null, { state: 'confirmed' });
  const more = Array.from({ length: 49 }, (_, at) =>
    edit(`1${String(at).padStart(2, '0')}`, null, other, { state: 'confirmed' }),
  );
  const operation = { ...changed, id: '05' };
  assert.deepEqual(await writtenFor(operation, [next], { others: [removal, ...more] }), [[['2'], []]]);
  const last = edit('200', null, other, { state: 'confirmed' });
  assert.deepEqual(await writtenFor(operation, [next], { others: [removal, ...more, last] }), [
    [['2'], ['1']],
  ]);
});

test('a TTL is put back while the panel shows that of the edit and nobody else wants it', async () => {
  const [slow, fast] = [
    { ...old, ttl: 3_600 },
    { ...old, ttl: 60 },
  ];
  const retimed = edit('5', slow, fast);
  const back = [[['1 60'], ['1 3600']]];
  assert.deepEqual(await writtenFor(retimed, [fast]), back);
  assert.deepEqual(await writtenFor(retimed, [{ ...old, ttl: 7 }]), []);
  assert.deepEqual(await writtenFor(retimed, [fast], { rows: [sampleRow(1, { record: fast })] }), []);
  assert.deepEqual(await writtenFor(retimed, [fast], { rows: [sampleRow(1, { record: slow })] }), back);
  const others = [edit('6', null, fast, { state: 'kept' })];
  assert.deepEqual(await writtenFor(retimed, [fast], { others }), []);
});

test('a record does not come back beside an alias that was added since', async () => {
  const alias = makeRecord({ name: 'www', type: 'CNAME', rdata: 'x.example.net.' }, zone);
  assert.deepEqual(await writtenFor(changed, [alias]), []);
});

test('what shows restored in two reads ends; a comparison does the rest', async () => {
  const { bench, written } = await given([changed]);
  bench.runtime.patience.heard('5');
  await bench.run(restorePanel(bench.runtime, changed, shown([old], 89_999)));
  assert.equal((await bench.stored(changed))?.state, 'reverting');
  await bench.run(restorePanel(bench.runtime, changed, shown([old], 90_000)));
  await bench.run(restorePanel(bench.runtime, changed, shown([old], 94_999)));
  assert.equal((await bench.stored(changed))?.state, 'reverting');
  await bench.run(restorePanel(bench.runtime, changed, shown([old], 95_000)));
  const ended = await bench.stored(changed);
  assert.deepEqual([ended?.state, ended?.watch, written], ['reverted', null, []]);
  await bench.wait(30_000);
  assert.ok(bench.woken.includes('210 comparison restored no'), bench.woken.join());
});

test('issue 14: after a read that showed the edit, the panel counts as put back sooner', async () => {
  for (const [first, readsAt, state] of [
    [[next], [15_000, 20_000], 'reverted'],
    [[next], [14_999, 20_000], 'reverting'],
    [[old], [15_000, 20_000], 'reverting'],
  ] as const) {
    const { bench } = await given([changed]);
    bench.runtime.patience.heard('5');
    await bench.run(restorePanel(bench.runtime, changed, shown(first, 0)));
    const now = await bench.stored(changed);
    assert.ok(now?.kind === 'records');
    for (const readAt of readsAt) await bench.run(restorePanel(bench.runtime, now, shown([old], readAt)));
    assert.equal((await bench.stored(changed))?.state, state);
  }
});

test('what was changed otherwise meanwhile, or is gone with its zone, ends as well, and is watched', async () => {
  const rows = [sampleRow(1, { record: next })];
  const removal = edit('6', old, null, { state: 'kept' });
  for (const records of [null, [next]]) {
    const { bench, written } = await given([changed, removal], rows);
    bench.runtime.patience.heard('5');
    for (const readAt of [90_000, 95_000])
      await bench.run(restorePanel(bench.runtime, changed, shown(records, readAt)));
    const ended = await bench.stored(changed);
    assert.deepEqual([ended?.state, ended?.watch?.until, written], ['reverted', start + 600_000, []]);
  }
});

test('so does an edit of which only one record shows restored', async () => {
  const [mail, ftp] = [a('mail', 4), a('ftp', 5)];
  const items = [changed.items, edit('', mail, ftp).items].flat();
  const operation = { ...changed, items };
  const removal = edit('6', mail, null, { state: 'kept' });
  const { bench, written } = await given([operation, removal], [sampleRow(1, { record: ftp })]);
  bench.runtime.patience.heard('5');
  for (const readAt of [90_000, 95_000])
    await bench.run(restorePanel(bench.runtime, operation, shown([old, ftp], readAt)));
  const ended = await bench.stored(operation);
  assert.deepEqual([ended?.state, ended?.watch?.until, written], ['reverted', start + 600_000, []]);
});

const create = sampleCreate('5', {
  class: 'compensate',
  state: 'reverting',
  createdAt: start,
  changedAt: start,
  refusedContent: [old],
});

interface GivenZone {
  readonly bench: Bench;
  /** Returns how many times the zone was deleted in the panel. */
  readonly deletes: () => number;
}

async function givenZone(operation: CreateOperation, others: readonly Operation[] = []): Promise<GivenZone> {
  const bench = engineBench();
  let count = 0;
  bench.panel.deleteZone = async (which) => {
    assert.equal(which, zone);
    assert.equal(bench.runtime.echoTokens.size, 1);
    count += 1;
    await Promise.resolve();
  };
  await bench.journal.commit({ operations: [operation, ...others], zones: [entryOf(zone)] });
  bench.journal.takes = 10;
  return { bench, deletes: () => count };
}

test('a zone that is as it was made is deleted in the panel; it is looked at soon after', async () => {
  const { bench, deletes } = await givenZone(create);
  await bench.run(restoreZone(bench.runtime, create, shown([apex, old])));
  assert.equal(deletes(), 1);
  const operation = await bench.stored(create);
  assert.deepEqual([operation?.state, operation?.attempts], ['reverting', 1]);
  await bench.wait(1_000);
  assert.deepEqual(bench.woken, ['210 operations']);
});

test('it is not deleted again before the pause is over', async () => {
  const again = { ...create, attempts: 2 };
  const { bench, deletes } = await givenZone(again);
  await bench.run(restoreZone(bench.runtime, again, shown([old])));
  await bench.wait(1_999);
  await bench.run(restoreZone(bench.runtime, again, shown([old])));
  assert.deepEqual([deletes(), bench.woken], [0, []]);
  await bench.wait(1);
  assert.deepEqual(bench.woken, ['2000 operations']);
  await bench.run(restoreZone(bench.runtime, again, shown([old])));
  assert.equal(deletes(), 1);
});

test('a zone that two reads do not find has been deleted', async () => {
  const { bench, deletes } = await givenZone(create);
  await bench.run(restoreZone(bench.runtime, create, shown(null, 0)));
  assert.equal((await bench.stored(create))?.state, 'reverting');
  await bench.run(restoreZone(bench.runtime, create, shown(null, 5_000)));
  assert.equal((await bench.stored(create))?.state, 'reverted');
  assert.equal(deletes(), 0);
});

test('a zone that was changed, edited, or made long ago stays, and is for an administrator', async () => {
  const now = { createdAt: start, changedAt: start };
  const cases: readonly (readonly [string, CreateOperation, readonly ResourceRecord[], Operation[]])[] = [
    ['one record more', create, [old, next], []],
    ['one record less', create, [], []],
    ['another record', create, [next], []],
    ['made ten minutes ago', { ...create, createdAt: start - 600_001 }, [old], []],
    ['an edit on its way', create, [old], [edit('6', null, next, { ...now, state: 'applied' })]],
    ['an edit that was made', create, [old], [edit('6', null, next, { ...now, state: 'confirmed' })]],
  ];
  for (const [what, operation, records, others] of cases) {
    const { bench, deletes } = await givenZone(operation, others);
    await bench.run(restoreZone(bench.runtime, operation, shown(records)));
    const stuck = await bench.stored(operation);
    assert.deepEqual([stuck?.state, deletes()], ['stuck', 0], what);
    const codes = stuck?.problems.map(({ code }) => code);
    assert.deepEqual(codes, ['zone.create-refused', 'central.refused'], what);
    assert.ok(bench.logged.includes('operation.stuck'), what);
  }
});

test('an edit from before the create, or one that was refused, does not keep the zone', async () => {
  const others = [
    edit('4', null, next, { state: 'confirmed', createdAt: start - 1 }),
    edit('6', null, next, { state: 'refused' }),
  ];
  const { bench, deletes } = await givenZone({ ...create, createdAt: start }, others);
  await bench.run(restoreZone(bench.runtime, create, shown([old])));
  assert.equal(deletes(), 1);
});
