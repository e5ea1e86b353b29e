import assert from 'node:assert/strict';
import { it } from 'node:test';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { everyType } from '../../every-type.ts';
import { ids, type MakeBench } from './zone-bench.ts';

export function rrsetCases(bench: MakeBench): void {
  it('takes every type it claims, and gives it back as it was', async () => {
    const b = await bench();
    const { recordTypes } = b.central.traits;
    for (const [type, [one, two]] of Object.entries(everyType)) {
      if (recordTypes !== 'any' && !recordTypes.has(type)) continue;
      const name = `t-${type.toLowerCase()}`;
      const [first, second] = [b.record(name, type, one), b.record(name, type, two)];
      await b.apply(b.change([], [first]));
      assert.equal((await b.truth()).has(recordId(first)), true, recordId(first));
      await b.works([first], [second]);
      assert.deepEqual(ids((await b.apply(b.change([second], []))).removed), ids([second]));
    }
  });

  it('keeps TTLs where it has them, and changes one alone', async () => {
    const b = await bench();
    if (!b.central.traits.carriesTtl) return;
    const timed = (ttl: number): ResourceRecord => ({ ...b.record('ttl', 'A', '192.0.2.1'), ttl });
    const ttlOf = async (): Promise<number | null | undefined> =>
      (await b.present(b.change([], [timed(300)])))[0]?.ttl;
    await b.works([], [timed(300)]);
    assert.equal(await ttlOf(), 300);
    const altered = await b.apply(b.change([timed(300)], [timed(900)]));
    assert.deepEqual([altered.removed.length, altered.added.length], [1, 1]);
    assert.equal(await ttlOf(), 900);
    assert.deepEqual(await b.apply(b.change([timed(300)], [timed(900)])), { removed: [], added: [] });
    await b.apply(b.change([timed(900)], [timed(300)]));
    assert.equal(await ttlOf(), 300);
  });

  it('keeps a big RRset, and alters one record of it', async () => {
    const b = await bench();
    // BIND accepts at most 100 records in one RRset (option `max-records-per-type`).
    const all = Array.from({ length: 99 }, (_, at) =>
      b.record('big', 'AAAA', `2001:db8::${(at + 1).toString(16)}`),
    );
    const change = b.change([], all);
    await b.apply(change);
    assert.deepEqual(await b.apply(change), { removed: [], added: [] });
    await b.works(all.slice(3, 4), [b.record('big', 'AAAA', '2001:db8::ffff')]);
    assert.equal((await b.truth()).has(recordId(all[4] ?? all[0]!)), true);
  });

  it('carries out edits of ours that come at once, in one RRset and beside it', async () => {
    const b = await bench();
    const all = Array.from({ length: 8 }, (_, at) =>
      b.record(at % 2 === 0 ? 'same' : `own${at}`, 'A', `192.0.2.${at + 1}`),
    );
    await Promise.all(all.map(async (record) => await b.apply(b.change([], [record]))));
    const truth = await b.truth();
    for (const record of all) assert.equal(truth.has(recordId(record)), true, recordId(record));
    await Promise.all(all.map(async (record) => await b.apply(b.change([record], []))));
    const left = await b.truth();
    for (const record of all) assert.equal(left.has(recordId(record)), false, recordId(record));
  });

  it('loses nothing of others who write the same RRset at the same time, and reaches its goals', async () => {
    const b = await bench();
    if (b.central.traits.guard === 'none') return;
    const [ours, theirs] = [1, 101].map((first) =>
      Array.from({ length: 5 }, (_, at) => b.record('shared', 'A', `192.0.2.${first + at}`)),
    );
    const others = (async (): Promise<void> => {
      for (const record of theirs ?? []) await b.guardedWriter.add(b.zone, record);
    })();
    for (const record of ours ?? []) await b.apply(b.change([], [record]));
    await others;
    const truth = await b.truth();
    for (const record of [...(ours ?? []), ...(theirs ?? [])])
      assert.equal(truth.has(recordId(record)), true);
  });
}
