/** Tests how the `before` of a record edit is answered, up to the write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRecord } from '../../../dns/record.ts';
import { sampleOperation, sampleRow } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { administrator, recordsEvent } from '../../../testing/simulator/edits.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { JournalError } from '../../journal.ts';
import type { ZoneEntry } from '../../ledger.ts';
import { edits, type OperationState, type RecordsOperation } from '../../operation.ts';
import type { EditItem, KnownRecord, RecordsEvent } from '../../panel.ts';
import { beforeRecords, mirrorItems, resolve } from './before-records.ts';
import { baselineFact } from './unknown-zone.ts';

const [www, ftp, pop] = [a('www', 1), a('ftp', 2), a('pop', 3)] as const;

interface Given {
  readonly entry?: ZoneEntry | null;
  readonly operations?: readonly RecordsOperation[];
}

async function given({ entry = entryOf(zone), operations = [] }: Given = {}): Promise<Bench> {
  const bench = engineBench();
  bench.central.store.putZone(zone, [www]);
  await bench.journal.commit({
    operations,
    zones: entry === null ? [] : [entry],
    rows: [{ zone, put: [sampleRow(1, { record: www })] }],
  });
  return bench;
}

function event(...items: readonly EditItem[]): RecordsEvent {
  const made = recordsEvent(zone, items, 'before');
  assert.ok(made.kind === 'records');
  return made;
}

function adding(record: ResourceRecord): RecordsEvent {
  return event({ remove: null, add: record });
}

interface Options {
  readonly isTrial?: boolean;
  readonly signal?: AbortSignal;
}

async function begin(bench: Bench, call: RecordsEvent, options: Options = {}): Promise<unknown> {
  const { isTrial = false, signal = new AbortController().signal } = options;
  const answer = await beforeRecords(bench.runtime, call, { signal, isTrial });
  return answer.kind === 'accept'
    ? answer.begun
    : [answer.changed, ...answer.problems.map(({ code }) => code)];
}

async function ask(bench: Bench, call: RecordsEvent, options: Options = {}): Promise<unknown> {
  return await bench.run(begin(bench, call, options));
}

async function ids({ journal }: Bench): Promise<readonly string[]> {
  return (await journal.operations({})).map(({ id }) => id);
}

function atCentral({ central }: Bench): string {
  return (central.store.records(zone) ?? []).map(({ rdata }) => rdata.slice(-1)).join();
}

function edit(
  state: OperationState,
  record: ResourceRecord,
  parts: Partial<RecordsOperation> = {},
): RecordsOperation {
  const items = [{ remove: null, add: record, mirrored: true, note: null }];
  return sampleOperation('0', { state, items, added: [], ...parts });
}

test('an edit is carried out; the operation waits for its after', async () => {
  const bench = await given();
  const begun = await ask(bench, adding(ftp));
  assert.deepEqual(begun, await ids(bench));
  const [operation] = edits(await bench.journal.operations({}));
  const { class: group, state, actor, afterSeen } = operation ?? edit('stuck', www);
  assert.deepEqual([group, state, actor, afterSeen], ['veto', 'applied', 'alice', false]);
  assert.equal(atCentral(bench), '1,2');
  assert.equal(bench.runtime.inFlight.size, 0);
  await bench.wait(10_000);
  assert.deepEqual(bench.woken, ['5000 operations']);
});

test('while it is carried out the background leaves it alone; its wait begins when it is answered', async () => {
  const bench = await given();
  const seen: unknown[] = [];
  bench.central.faults.before = async ({ method }) => {
    if (method !== 'add') return;
    const all = await ids(bench);
    seen.push(all.every((id) => bench.runtime.inFlight.has(id)) && all.length);
    await bench.clock.sleep(700);
  };
  await ask(bench, adding(ftp));
  assert.deepEqual(seen, [1]);
  const [id = ''] = await ids(bench);
  assert.equal(bench.runtime.patience.since(id), 700);
});

test('a zone that is left alone is the panel’s; one that the ledger lacks is looked up first', async () => {
  const alone = await given({ entry: entryOf(zone, { state: 'panel-only' }) });
  assert.deepEqual(await ask(alone, adding(ftp)), []);
  assert.deepEqual([await ids(alone), atCentral(alone)], [[], '1']);
  const absent = await given({ entry: null });
  const looked: unknown[] = [];
  absent.runtime.askForZone = (name, { reason, lane, awaited, follow }) =>
    void looked.push([name, reason, lane, awaited, follow]);
  assert.deepEqual(await ask(absent, adding(ftp)), ['nothing', 'zone.baseline-running']);
  await absent.journal.commit({ facts: { [baselineFact]: '1' } });
  assert.deepEqual(await ask(absent, adding(ftp)), ['nothing', 'zone.not-known-yet']);
  const request = [zone, 'edit-waits', 'alice', true, 'no'];
  assert.deepEqual(looked, [request, request]);
});

test('a key that nobody knows is refused, and the zone compared', async () => {
  const bench = await given();
  assert.deepEqual(await ask(bench, event({ remove: pop, add: ftp })), ['nothing', 'record.unknown-key']);
  await bench.wait(1_000);
  assert.deepEqual(bench.woken, ['200 comparison unknown-key no']);
});

test('a key is searched at the names of the call first, then in the whole zone', async () => {
  const bench = await given();
  await bench.journal.commit({ rows: [{ zone, put: [sampleRow(2, { record: ftp })] }] });
  const searched: number[] = [];
  const call = (
    names: RecordsEvent['names'],
    found: (known: readonly KnownRecord[]) => boolean,
  ): RecordsEvent => ({
    ...adding(pop),
    names,
    resolve: (known) => {
      searched.push(known.length);
      if (found(known)) return { kind: 'items', items: [] };
      return { kind: 'invalid', problems: [{ code: 'record.ambiguous', params: {} }] };
    },
  });
  const find = async (one: RecordsEvent): Promise<unknown> =>
    (await bench.run(resolve(bench.runtime, one, entryOf(zone)))).kind;
  assert.equal(await find(call([www.name], () => true)), 'items');
  assert.deepEqual(searched.splice(0), [1]);
  assert.equal(await find(call([www.name], ({ length }) => length === 2)), 'items');
  assert.deepEqual(searched.splice(0), [1, 2]);
  assert.equal(await find(call(null, () => false)), 'refuse');
  assert.deepEqual(searched, [2]);
  // The call itself is wrong, not our knowledge of the zone. So no comparison is scheduled.
  await bench.wait(1_000);
  assert.deepEqual(bench.woken, []);
});

test('in a zone that is on its way the rows of the one before it count for nothing', async () => {
  const bench = await given({ entry: entryOf(zone, { state: 'creating' }) });
  assert.deepEqual(await ask(bench, event({ remove: www, add: ftp })), ['nothing', 'record.unknown-key']);
});

test('a trial finds the objections and leaves nothing', async () => {
  const bench = await given();
  assert.deepEqual(await ask(bench, adding(ftp), { isTrial: true }), []);
  bench.central.audit = () => [{ code: 'central.type-unsupported', params: {} }];
  assert.deepEqual(await ask(bench, adding(ftp), { isTrial: true }), ['nothing', 'central.type-unsupported']);
  assert.deepEqual([await ids(bench), atCentral(bench)], [[], '1']);
  await bench.wait(60_000);
  assert.deepEqual(bench.woken, []);
});

test('names of a stuck operation are blocked, for the edit and for the trial; other names are not', async () => {
  const bench = await given({ operations: [edit('stuck', ftp)] });
  assert.deepEqual(await ask(bench, adding(ftp)), ['nothing', 'name.stuck']);
  assert.deepEqual(await ask(bench, adding(ftp), { isTrial: true }), ['nothing', 'name.stuck']);
  assert.equal((await ids(bench)).length, 1);
  const other = await ask(bench, adding(pop));
  assert.equal(Array.isArray(other) && other.length === 1 && other[0] !== 'nothing', true);
  // Items that are not sent block no name, and neither do operations that are not stuck.
  const items = [{ remove: null, add: ftp, mirrored: false, note: null }];
  for (const operation of [edit('stuck', ftp, { items }), edit('kept', ftp)]) {
    const open = await given({ operations: [operation] });
    await ask(open, adding(a('ftp', 4)));
    assert.ok(atCentral(open).endsWith('4'));
  }
});

test('edits of the same names follow each other; one that waits too long is refused', async () => {
  const bench = await given();
  const held = await bench.run(bench.runtime.locks.acquire(zone, [ftp.name], new AbortController().signal));
  const deadline = new AbortController();
  const waiting = begin(bench, adding(ftp), { signal: deadline.signal });
  await bench.wait(100);
  assert.deepEqual(await ask(bench, adding(pop)), (await ids(bench)).slice(0, 1));
  deadline.abort(new Error('too late'));
  assert.deepEqual(await bench.run(waiting), ['nothing', 'edit.busy']);
  held.release();
  // The refused edit must have released its lock, so this edit works.
  await ask(bench, adding(ftp));
  assert.equal(atCentral(bench), '1,3,2');
});

test('what an edit before it has done counts, as read under the lock', async () => {
  const bench = await given();
  const held = await bench.run(bench.runtime.locks.acquire(zone, [ftp.name], new AbortController().signal));
  const waiting = begin(bench, adding(ftp));
  await bench.wait(10);
  await bench.journal.commit({ operations: [edit('stuck', ftp)] });
  held.release();
  assert.deepEqual(await bench.run(waiting), ['nothing', 'name.stuck']);
});

test('issue 14: how many rows the panel lists is judged under the lock', async () => {
  const bench = await given({ operations: [edit('applied', www, { afterSeen: false })] });
  const held = await bench.run(bench.runtime.locks.acquire(zone, [www.name], new AbortController().signal));
  const waiting = begin(bench, event({ remove: www, add: null }));
  await bench.wait(10);
  await bench.journal.commit({ operations: [edit('kept', www)] });
  held.release();
  await bench.run(waiting);
  assert.equal(atCentral(bench), '1');
});

test('issue 14: a record added, deleted, added and deleted again goes, though the first delete has ended', async () => {
  const operations = [
    edit('kept', ftp),
    edit('confirmed', ftp, { id: '1', items: [{ remove: ftp, add: null, mirrored: true, note: null }] }),
    edit('kept', ftp, { id: '2' }),
  ];
  const bench = await given({ operations });
  bench.central.store.putZone(zone, [www, ftp]);
  await ask(bench, event({ remove: ftp, add: null }));
  assert.equal(atCentral(bench), '1');
});

test('a journal that fails before the write is a refusal; a defect is none', async () => {
  const bench = await given();
  bench.journal.commit = async () => {
    await Promise.resolve();
    throw new JournalError('journal.disk-full', { path: 'x' });
  };
  const meant = { items: [{ remove: null, add: ftp }] };
  const source = { zone, fingerprint: 'f', actor: administrator.name };
  const { signal } = new AbortController();
  const outcome = await bench.run(mirrorItems(bench.runtime, source, meant, 'veto', signal));
  assert.deepEqual(outcome, {
    kind: 'refused',
    problems: [{ code: 'journal.disk-full', params: { path: 'x' } }],
    changed: 'nothing',
    operation: null,
  });
  assert.ok(bench.lines.some((line) => line.startsWith('1 journal.failed')));
  bench.journal.rows = async () => {
    await Promise.resolve();
    throw new TypeError('a defect');
  };
  await assert.rejects(bench.run(mirrorItems(bench.runtime, source, meant, 'veto', signal)), TypeError);
  assert.equal(bench.runtime.inFlight.size, 0);
});

test('a record that an open edit of ours removed is no other writer’s doing', async () => {
  const removal = sampleOperation('0', {
    state: 'applied',
    items: [{ remove: www, add: null, mirrored: true, note: null }],
    removed: [www],
    added: [],
  });
  const bench = await given({ operations: [removal] });
  bench.central.store.putZone(zone, []);
  const begun = await ask(bench, event({ remove: www, add: a('www', 4) }));
  assert.equal(Array.isArray(begun) && begun[0] !== 'nothing', true, String(begun));
});
