import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRecord } from '../../../dns/record.ts';
import { sampleOperation } from '../../../testing/contracts/journal.ts';
import { engineBench, viewOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { CentralError } from '../../central.ts';
import type { OperationItem, RecordsOperation } from '../../operation.ts';
import { sendOpenTtls } from './open-ttl.ts';

const www = a('www', 1);
const ftp = a('ftp', 1);

function withTtl(record: ResourceRecord, ttl: number): ResourceRecord {
  return { ...record, ttl };
}

function item(remove: ResourceRecord | null, add: ResourceRecord | null, mirrored = true): OperationItem {
  return { remove, add, mirrored, note: null };
}

function edit(items: readonly OperationItem[], parts: Partial<RecordsOperation> = {}): RecordsOperation {
  const added = items.flatMap(({ add }) => add ?? []);
  return sampleOperation('1', { state: 'kept', items, added, ...parts });
}

/** Sets up a central with these records and a journal with these operations. */
function scene(present: readonly ResourceRecord[], operations: readonly RecordsOperation[] = []): Bench {
  const bench = engineBench({ traits: { carriesTtl: true } });
  bench.central.store.putZone(zone, present);
  void bench.journal.commit({ operations });
  return bench;
}

function ttls({ central }: Bench): Record<string, number | null> {
  const records = central.store.records(zone) ?? [];
  return Object.fromEntries(records.map(({ name, ttl }) => [name.slice(0, 3), ttl]));
}

const atCentral = [withTtl(www, 300), withTtl(ftp, 300)];
const inPanel = viewOf([withTtl(www, 60), withTtl(ftp, 60)]);

test('what an edit wrote without a TTL gets the one that the panel shows, before the step is over', async () => {
  const bench = scene(atCentral);
  await bench.run(sendOpenTtls(bench.runtime, edit([item(null, www)]), inPanel));
  assert.deepEqual(ttls(bench), { www: 60, ftp: 300 });
  // If the step still held the lock, this would wait for ever.
  await bench.run(bench.runtime.locks.acquire(zone, null, new AbortController().signal));
});

const untouched: Readonly<Record<string, RecordsOperation>> = {
  'said its TTL': edit([item(null, withTtl(www, 300))]),
  'passed in the panel only': edit([item(null, www, false)]),
  'removed the record': edit([item(www, null)]),
  'found the record there, and replaced another': edit([item(ftp, www)], { added: [] }),
  'found the record there': edit([item(null, www)], { added: [] }),
};

for (const [what, operation] of Object.entries(untouched)) {
  test(`the TTL of an edit that ${what} is left alone`, async () => {
    const bench = scene(atCentral);
    let reads = 0;
    bench.central.faults.before = () => void (reads += 1);
    await bench.run(sendOpenTtls(bench.runtime, operation, inPanel));
    assert.deepEqual([ttls(bench), reads], [{ www: 300, ftp: 300 }, 0]);
  });
}

test('an emptied TTL of a record that stays is sent, though nothing was written for it', async () => {
  const bench = scene(atCentral);
  const emptied = edit([item(withTtl(www, 300), www)], { added: [] });
  await bench.run(sendOpenTtls(bench.runtime, emptied, inPanel));
  assert.deepEqual(ttls(bench), { www: 60, ftp: 300 });
});

test('where the panel shows no TTL, or not the record, nothing is sent', async () => {
  for (const view of [viewOf([www]), viewOf([]), viewOf(null)]) {
    const bench = scene(atCentral);
    await bench.run(sendOpenTtls(bench.runtime, edit([item(null, www)]), view));
    assert.deepEqual(ttls(bench), { www: 300, ftp: 300 });
  }
});

test('what the central does not have is not added, and an equal TTL is not written', async () => {
  const bench = scene([withTtl(ftp, 60)]);
  const writes: string[] = [];
  bench.central.faults.before = ({ method }) => void (method === 'read' ? 0 : writes.push(method));
  await bench.run(sendOpenTtls(bench.runtime, edit([item(null, www), item(null, ftp)]), inPanel));
  assert.deepEqual([ttls(bench), writes], [{ ftp: 60 }, []]);
  bench.central.store.dropZone(zone);
  await bench.run(sendOpenTtls(bench.runtime, edit([item(null, www)]), inPanel));
  assert.equal(bench.central.store.records(zone), null);
});

test('a later edit of the record has the say; an earlier, an ended or another one has not', async () => {
  const rival = { items: [item(www, null)], added: [] };
  const sent = async (...others: readonly RecordsOperation[]): Promise<unknown> => {
    const bench = scene(atCentral, others);
    await bench.run(sendOpenTtls(bench.runtime, edit([item(null, www)]), inPanel));
    return ttls(bench)['www'];
  };
  assert.equal(await sent(sampleOperation('2', { state: 'applied', ...rival })), 300);
  assert.equal(await sent(sampleOperation('0', { state: 'applied', ...rival })), 60);
  const watch = { until: 2e12, added: [], removed: [] };
  assert.equal(await sent(sampleOperation('2', { state: 'refused', watch, ...rival })), 60);
  assert.equal(await sent(sampleOperation('2', { state: 'applied', items: [item(ftp, null)] })), 60);
  assert.equal(await sent(edit([item(null, www)])), 60);
});

test('a central that refuses the TTL keeps its own; one that is out of reach is asked again', async () => {
  for (const retry of ['never', 'later'] as const) {
    const bench = scene(atCentral);
    bench.central.faults.before = ({ method }) => {
      if (method !== 'read') throw new CentralError('central.refused', { state: 'untouched', retry });
    };
    const sending = bench.run(sendOpenTtls(bench.runtime, edit([item(null, www)]), inPanel));
    if (retry === 'later') await assert.rejects(sending, { code: 'central.refused' });
    else await sending;
    assert.deepEqual(bench.logged, retry === 'never' ? ['ttl.not-taken'] : []);
    assert.deepEqual(ttls(bench), { www: 300, ftp: 300 });
  }
});

test('a defect is no refusal', async () => {
  const bench = scene(atCentral);
  bench.central.faults.before = () => {
    throw new TypeError('a defect');
  };
  await assert.rejects(bench.run(sendOpenTtls(bench.runtime, edit([item(null, www)]), inPanel)), TypeError);
});

test('names that are locked are waited for', async () => {
  const bench = scene(atCentral);
  const held = await bench.runtime.locks.acquire(zone, [www.name], new AbortController().signal);
  const sending = sendOpenTtls(bench.runtime, edit([item(null, www)]), inPanel);
  await bench.wait(1_000);
  assert.equal(ttls(bench)['www'], 300);
  held.release();
  await bench.run(sending);
  assert.equal(ttls(bench)['www'], 60);
});
