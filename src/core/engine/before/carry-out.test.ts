import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord, type ResourceRecord } from '../../../dns/record.ts';
import { sampleOperation } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { CentralError, type Central } from '../../central.ts';
import type { RecordsOperation } from '../../operation.ts';
import type { MemoryRequest } from '../../../testing/memory-central/index.ts';
import { answerOf, carryOut } from './carry-out.ts';
import type { Outcome } from './edit-outcome.ts';
import { knowledgeOf } from './plan.ts';

const [old, next, ftp, foreign] = [a('www', 1), a('www', 2), a('ftp', 3), a('www', 9)] as const;

const draft = sampleOperation('1', {
  items: [
    { remove: old, add: next, mirrored: true, note: null },
    { remove: null, add: ftp, mirrored: true, note: null },
  ],
  added: [],
  problems: [],
});

type Writes = Exclude<MemoryRequest['method'], 'read'>;

interface Failing extends Bench {
  outcome: Outcome;
}

/**
 * Carries out the edit at a central that calls `fault` before each request, with the number of writes so far.
 */
async function carried(
  fault: (method: MemoryRequest['method'], writes: number, bench: Bench) => void = () => undefined,
): Promise<Failing> {
  const bench = engineBench();
  bench.central.store.putZone(zone, [old]);
  await bench.journal.commit({ zones: [entryOf(zone)] });
  let writes = 0;
  bench.central.faults.before = ({ method }) => {
    if (method !== 'read') writes += 1;
    fault(method, writes, bench);
  };
  const { signal } = new AbortController();
  const outcome = await bench.run(carryOut(bench.runtime, draft, knowledgeOf(zone, [], []), signal));
  return { ...bench, outcome };
}

function atCentral({ central }: Bench): string[] {
  return (central.store.records(zone) ?? []).map(({ rdata }) => rdata.slice(-1)).sort();
}

function fail(state: 'untouched' | 'unknown', retry: 'never' | 'later' = 'never'): never {
  throw new CentralError('central.refused', { state, retry });
}

function changedBy({ outcome }: Failing): string {
  return outcome.kind === 'refused' ? outcome.changed : outcome.kind;
}

test('what was read back is journalled as done', async () => {
  const done = await carried();
  assert.deepEqual([changedBy(done), atCentral(done)], ['applied', ['2', '3']]);
  const stored = await done.journal.operation('1');
  assert.ok(stored?.kind === 'records' && stored.state === 'applied');
  const named = (records: readonly ResourceRecord[]): string[] => records.map(({ rdata }) => rdata.slice(-1));
  assert.deepEqual([named(stored.removed), named(stored.added)], [['1'], ['2', '3']]);
  assert.deepEqual(answerOf(done.outcome), { kind: 'accept', begun: ['1'] });
});

test('a write that was refused has changed nothing', async () => {
  const refused = await carried((method) => (method === 'read' ? undefined : fail('untouched')));
  assert.deepEqual([changedBy(refused), atCentral(refused)], ['nothing', ['1']]);
  const stored = await refused.journal.operation('1');
  assert.deepEqual([stored?.state, stored?.watch], ['refused', null]);
});

test('half a write is taken back', async () => {
  const half = await carried((method, writes) => {
    if (method !== 'read' && writes === 2) fail('untouched');
  });
  assert.deepEqual([changedBy(half), atCentral(half)], ['nothing', ['1']]);
  assert.deepEqual(half.woken, []);
});

test('a record that came into an RRset of the edit meanwhile may be ours in other words: that is not clean', async () => {
  const odd = await carried((method, writes, { central }) => {
    if (method === 'read' || writes !== 2) return;
    central.store.add(zone, foreign);
    fail('untouched');
  });
  assert.deepEqual([changedBy(odd), atCentral(odd)], ['unknown', ['1', '9']]);
  const stored = await odd.journal.operation('1');
  assert.equal(stored?.state, 'reverting');
  assert.deepEqual([stored.watch?.added.length, stored.watch?.removed.length], [2, 1]);
  await odd.wait(1_000);
  assert.deepEqual(odd.woken, ['200 comparison kept-otherwise no']);
});

test('a record that came under another name, or of another type, is none of ours', async () => {
  const text = makeRecord({ name: 'www', type: 'TXT', rdata: '"x"' }, zone);
  for (const record of [a('other', 9), text]) {
    const clean = await carried((method, writes, { central }) => {
      if (method === 'read' || writes !== 2) return;
      central.store.add(zone, record);
      fail('untouched');
    });
    assert.equal(changedBy(clean), 'nothing');
  }
});

test('a write whose answer is lost, and that was done, counts as done', async () => {
  let lost = false;
  const done = await carried((method, writes) => {
    // Fails the read that follows the write at once, but not the later read that checks the outcome.
    if (method !== 'read' || writes === 0 || lost) return;
    lost = true;
    fail('unknown', 'later');
  });
  assert.deepEqual([changedBy(done), atCentral(done)], ['applied', ['2', '3']]);
  assert.equal((await done.journal.operation('1'))?.state, 'applied');
});

test('while nobody can tell what a write has left, it is being undone, and on watch', async () => {
  const unread = await carried((_method, writes) => {
    if (writes > 0) fail('unknown', 'later');
  });
  assert.equal(changedBy(unread), 'unknown');
  const stored = await unread.journal.operation('1');
  assert.equal(stored?.state, 'reverting');
  assert.notEqual(stored.watch, null);
});

test('if the undo of a write may land late as well, its records may come and go', async () => {
  const last = (records: readonly ResourceRecord[] = []): string[] =>
    records.map(({ rdata }) => rdata.slice(-1)).sort();
  for (const [isRead, added, removed] of [
    [true, ['1', '2', '3'], ['1', '2', '3']],
    [false, ['2', '3'], ['1']],
  ] as const) {
    const out = await carried((method, writes) => {
      if (writes > (isRead && method === 'read' ? 2 : 1)) fail('unknown', 'later');
    });
    const stored = await out.journal.operation('1');
    assert.equal(stored?.state, 'reverting');
    assert.deepEqual([last(stored.watch?.added), last(stored.watch?.removed)], [added, removed]);
  }
});

test('an edit that changes nothing is done without a write', async () => {
  const bench = engineBench();
  bench.central.store.putZone(zone, [next, ftp]);
  const writes: Writes[] = [];
  bench.central.faults.before = ({ method }) => void (method === 'read' ? 0 : writes.push(method));
  const { signal } = new AbortController();
  const outcome = await bench.run(carryOut(bench.runtime, draft, knowledgeOf(zone, [], []), signal));
  assert.deepEqual([outcome.kind, writes], ['applied', []]);
  assert.equal((await bench.journal.operation('1'))?.state, 'applied');
});

test('an edit of a zone that the central does not have is refused, and not journalled', async () => {
  const bench = engineBench();
  const { signal } = new AbortController();
  const outcome = await bench.run(carryOut(bench.runtime, draft, knowledgeOf(zone, [], []), signal));
  assert.ok(outcome.kind === 'refused');
  assert.deepEqual([outcome.changed, outcome.operation], ['nothing', null]);
  assert.deepEqual(
    outcome.problems.map(({ code }) => code),
    ['zone.missing-at-central'],
  );
  assert.equal(await bench.journal.operation('1'), null);
});

test('the central is asked for the types that can decide; for all where a CNAME is wanted or goes', async () => {
  const asked = async (...items: RecordsOperation['items']): Promise<unknown> => {
    const bench = engineBench();
    bench.central.store.putZone(zone, [old]);
    const types: unknown[] = [];
    const central: Central = bench.central;
    const readNames = central.readNames.bind(central);
    central.readNames = async (of, names, ctx, only) => {
      types.push(only === undefined ? 'all' : [...only].toSorted());
      return await readNames(of, names, ctx);
    };
    const { signal } = new AbortController();
    await bench.run(carryOut(bench.runtime, { ...draft, items }, knowledgeOf(zone, [], []), signal));
    return types[0];
  };
  const text = makeRecord({ name: 'www', type: 'TXT', rdata: '"x"' }, zone);
  const alias = makeRecord({ name: 'www', type: 'CNAME', rdata: 'example.net.' }, zone);
  const item = (remove: ResourceRecord | null, add: ResourceRecord | null) => {
    return { remove, add, mirrored: true, note: null };
  };
  assert.deepEqual(await asked(item(old, text)), ['A', 'TXT']);
  assert.deepEqual(await asked(item(null, text)), ['TXT']);
  assert.deepEqual(await asked(item(old, null)), ['A']);
  assert.equal(await asked(item(old, alias)), 'all');
  assert.equal(await asked(item(alias, old)), 'all');
});
