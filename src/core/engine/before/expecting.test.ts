/** Tests edits at a central that carries out a write only if it has the records that the engine expects. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { sampleOperation, sampleRow } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import type { MemoryRequest } from '../../../testing/memory-central/index.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { CentralError } from '../../central.ts';
import type { LedgerRow, RecordState } from '../../ledger.ts';
import type { OperationItem, RecordsOperation } from '../../operation.ts';
import { carryOut } from './carry-out.ts';
import type { Outcome } from './edit-outcome.ts';
import { stepOutcome } from './outcome.ts';
import { knowledgeOf } from './plan.ts';

const [old, next, foreign] = [a('www', 1), a('www', 2), a('www', 9)] as const;
const alias = makeRecord({ name: 'www', type: 'CNAME', rdata: 'elsewhere.example.net.' }, zone);

interface Scene extends Bench {
  /** Requests to the central since the edit began. */
  readonly requests: string[];
  readonly edit: (items?: readonly OperationItem[], facts?: Partial<RecordsOperation>) => Promise<Outcome>;
  readonly operation: () => Promise<RecordsOperation>;
}

function item(remove: ResourceRecord | null, add: ResourceRecord | null): OperationItem {
  return { remove, add, mirrored: true, note: null };
}

function row(record: ResourceRecord, state: RecordState = 'synced', onCentral = true): LedgerRow {
  return sampleRow(1, { record, state, onCentral });
}

/**
 * A central that takes expectations.
 * @param there its records
 * @param rows what the ledger says
 * @param fault called before and after each request, with the number of requests so far
 */
async function scene(
  there: readonly ResourceRecord[],
  rows: readonly LedgerRow[],
  fault: (request: MemoryRequest, when: 'before' | 'after', count: number) => void = () => undefined,
): Promise<Scene> {
  const bench = engineBench({ conditional: true });
  bench.central.store.putZone(zone, there);
  await bench.journal.commit({ zones: [entryOf(zone)], rows: [{ zone, put: rows }] });
  const requests: string[] = [];
  bench.central.faults.before = (request) => {
    requests.push(request.method);
    fault(request, 'before', requests.length);
  };
  bench.central.faults.after = (request) => fault(request, 'after', requests.length);
  const { signal } = new AbortController();
  return {
    ...bench,
    requests,
    edit: async (items = [item(old, next)], facts = {}) => {
      const draft = sampleOperation('1', { items, added: [], problems: [], ...facts });
      const open = await bench.journal.operations({ zone, openAt: 0 });
      return await bench.run(carryOut(bench.runtime, draft, knowledgeOf(zone, rows, open), signal));
    },
    operation: async () => {
      const operation = await bench.journal.operation('1');
      assert.ok(operation?.kind === 'records');
      return operation;
    },
  };
}

function atCentral({ central }: Bench): string[] {
  return (central.store.records(zone) ?? []).map(({ rdata }) => rdata.slice(-1)).sort();
}

function lastOf(records: readonly ResourceRecord[]): string[] {
  return records.map(({ rdata }) => rdata.slice(-1));
}

function lost(): never {
  throw new CentralError('central.unreachable', { state: 'unknown', retry: 'later' });
}

test('the central has what the ledger says: one request, journalled before it is sent', async () => {
  const journalled: unknown[] = [];
  const s = await scene([old, a('ftp', 5)], [row(old)], () => {
    void s.journal.operation('1').then((one) => {
      journalled.push(one?.kind === 'records' && [one.state, one.unanswered, lastOf(one.added)]);
    });
  });
  const outcome = await s.edit();
  assert.deepEqual([outcome.kind, s.requests, atCentral(s)], ['applied', ['replace'], ['2', '5']]);
  assert.deepEqual(journalled[0], ['prepared', '1:1', ['2']]);
  const { state, unanswered, removed, added } = await s.operation();
  assert.deepEqual([state, unanswered, lastOf(removed), lastOf(added)], ['applied', null, ['1'], ['2']]);
});

test('somebody has written there since: told so, planned anew, and nothing of theirs is touched', async () => {
  const s = await scene([old, foreign], [row(old)]);
  assert.equal((await s.edit()).kind, 'applied');
  assert.deepEqual(
    [s.requests, atCentral(s)],
    [
      ['replace', 'replace'],
      ['2', '9'],
    ],
  );
});

test('somebody has replaced the old record: the edit stays in the panel, and the row is in conflict', async () => {
  const s = await scene([foreign], [row(old)]);
  assert.equal((await s.edit()).kind, 'applied');
  const { state, items, unanswered, added } = await s.operation();
  assert.deepEqual([state, unanswered, added], ['applied', null, []]);
  assert.deepEqual(items, [{ ...item(old, next), mirrored: false, note: 'note.changed-at-central' }]);
  assert.deepEqual([s.requests, atCentral(s)], [['replace'], ['9']]);
  assert.deepEqual(
    (await s.journal.rows(zone)).map((one) => one.state),
    ['conflict'],
  );
});

test('an alias is there now: refused for what the central has, and nothing is written', async () => {
  const s = await scene([alias], []);
  const outcome = await s.edit([item(null, next)]);
  assert.ok(outcome.kind === 'refused');
  assert.deepEqual([outcome.problems[0]?.code, outcome.changed], ['record.cname-clash', 'nothing']);
  const { state, unanswered, removed, added } = await s.operation();
  assert.deepEqual([state, unanswered, removed, added], ['refused', null, [], []]);
  assert.deepEqual(s.requests, ['replace']);
});

test('the zone is gone: refused as after a read', async () => {
  const s = await scene([], []);
  s.central.store.dropZone(zone);
  const outcome = await s.edit([item(null, next)]);
  assert.ok(outcome.kind === 'refused');
  assert.deepEqual([outcome.problems[0]?.code, s.requests], ['zone.missing-at-central', ['replace']]);
});

test('what the ledger does not tell is read first', async () => {
  const open = sampleOperation('0', { items: [item(null, a('www', 5))], added: [], state: 'kept' });
  const ttl = { ...old, ttl: 60 };
  const cases: readonly (readonly [string, readonly LedgerRow[], readonly OperationItem[], boolean])[] = [
    ['a conflict', [row(old), row(a('www', 3), 'conflict', false)], [item(old, next)], false],
    ['a record of the central alone', [row(old), row(foreign, 'central-only')], [item(old, next)], false],
    ['the old record is not known', [], [item(old, next)], false],
    ['the new one is there already', [row(next)], [item(null, next)], false],
    ['an alias in the ledger', [row(alias)], [item(null, next)], false],
    ['a change of a TTL', [row(ttl)], [item(ttl, { ...old, ttl: 300 })], false],
    ['an alias at the apex', [], [item(null, { ...alias, name: zone })], false],
    ['an open edit of the name', [row(old)], [item(old, next)], true],
  ];
  for (const [what, rows, items, isOpen] of cases) {
    const s = await scene([old], rows);
    if (isOpen) await s.journal.commit({ operations: [open] });
    await s.edit(items);
    assert.equal(s.requests[0], 'read', what);
  }
});

test('a read is an expectation too: what changes right after it is noticed', async () => {
  const rows = [row(old), row(foreign, 'central-only')];
  const s = await scene([old, foreign], rows, ({ method }, when, count) => {
    if (method === 'read' && when === 'after' && count === 1) s.central.store.add(zone, a('www', 8));
  });
  assert.equal((await s.edit()).kind, 'applied');
  assert.deepEqual(
    [s.requests, atCentral(s)],
    [
      ['read', 'replace', 'replace'],
      ['2', '8', '9'],
    ],
  );
});

test('an edit of another class is written as at any central', async () => {
  const s = await scene([old], [row(old)]);
  await s.edit([item(old, next)], { class: 'compensate' });
  assert.deepEqual([s.requests.includes('read'), (await s.operation()).unanswered], [true, undefined]);
});

test('others write again and again: refused after some plans, and nothing is written', async () => {
  let last = 52;
  const s = await scene([old], [row(old)], ({ method }, when) => {
    if (method === 'replace' && when === 'before') s.central.store.add(zone, a('www', (last += 1)));
  });
  const outcome = await s.edit();
  assert.ok(outcome.kind === 'refused');
  assert.deepEqual([outcome.problems[0]?.code, outcome.changed], ['central.contended', 'nothing']);
  assert.deepEqual([s.requests.length, atCentral(s).includes('2')], [5, false]);
  assert.deepEqual([(await s.operation()).state, (await s.operation()).unanswered], ['refused', null]);
});

test('a lost answer: the central says that it has carried the edit out', async () => {
  const s = await scene([old], [row(old)], ({ method }, when) => {
    if (method === 'replace' && when === 'after') lost();
  });
  assert.equal((await s.edit()).kind, 'applied');
  const { removed, added, unanswered } = await s.operation();
  assert.deepEqual([unanswered, lastOf(removed), lastOf(added)], [null, ['1'], ['2']]);
  assert.deepEqual(s.requests, ['replace', 'outcome']);
});

test('a lost answer: the central says that it has not, and a record of somebody else stays', async () => {
  const s = await scene([old, next], [row(old)], ({ method }, when) => {
    if (method === 'replace' && when === 'after') lost();
  });
  const outcome = await s.edit();
  assert.ok(outcome.kind === 'refused');
  const { state, added, removed, watch } = await s.operation();
  assert.deepEqual([outcome.changed, state, added, removed, watch], ['nothing', 'refused', [], [], null]);
  assert.deepEqual(
    [s.requests, atCentral(s)],
    [
      ['replace', 'outcome'],
      ['1', '2'],
    ],
  );
});

for (const isDone of [true, false]) {
  test(`no answer at all, ${isDone ? 'and' : 'but not'} carried out: asked again later, and only then proved`, async () => {
    let isDown = true;
    const s = await scene(isDone ? [old] : [old, next], [row(old)], ({ method }, when) => {
      if (!isDown) return;
      if (method === 'replace' && when === 'after') lost();
      if (method === 'outcome') lost();
    });
    const outcome = await s.edit();
    assert.ok(outcome.kind === 'refused');
    assert.deepEqual([outcome.changed, (await s.operation()).state], ['unknown', 'reverting']);
    assert.equal((await s.operation()).unanswered, '1:1');
    assert.deepEqual(atCentral(s), isDone ? ['2'] : ['1', '2']);
    await assert.rejects(s.run(stepOutcome(s.runtime, await s.operation())), CentralError);
    assert.equal((await s.operation()).unanswered, '1:1');
    isDown = false;
    await s.run(stepOutcome(s.runtime, await s.operation()));
    const { unanswered, removed, added, watch } = await s.operation();
    assert.deepEqual([unanswered, watch], [null, null]);
    assert.deepEqual([lastOf(removed), lastOf(added)], isDone ? [['1'], ['2']] : [[], []]);
    assert.equal(recordId(next), recordId(a('www', 2)));
  });
}
