import assert from 'node:assert/strict';
import { it } from 'node:test';
import { recordId } from '../../../dns/record.ts';
import { quietContext } from '../../quiet-context.ts';
import { apexSets, ids, sorted, type Bench, type ContractSubject, type MakeBench } from './zone-bench.ts';

/** Tests many writes at the same time, ours and those of other writers. */
export function loadCases(subject: () => ContractSubject, bench: MakeBench): void {
  it('carries out edits of many zones at once', async () => {
    const benches: Bench[] = [];
    for (let at = 0; at < 8; at += 1) benches.push(await bench());
    await Promise.all(
      benches.flatMap((b) =>
        [1, 2].map(async (at) => {
          const record = b.record('host', 'A', `192.0.2.${at}`);
          assert.deepEqual(ids((await b.apply(b.change([], [record]))).added), ids([record]));
        }),
      ),
    );
    for (const b of benches) {
      const truth = await b.truth();
      for (const at of [1, 2])
        assert.equal(truth.has(recordId(b.record('host', 'A', `192.0.2.${at}`))), true, b.zone);
    }
  });

  it('holds many records in one zone, and alters one of them', async () => {
    const b = await bench();
    const { manyRecords = 100 } = subject();
    const all = Array.from({ length: manyRecords }, (_, at) =>
      b.record(`h${at}`, 'A', `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`),
    );
    const before = await b.truth();
    await b.apply(b.change([], all));
    const expected = sorted([...before, ...all.map(recordId)]);
    assert.deepEqual(sorted(await b.truth()), expected);
    const read = await b.central.readZone(b.zone, [...apexSets(b.zone), ...all], quietContext());
    assert.deepEqual(ids(read ?? []), expected);
    await b.works(all.slice(7, 8), [b.record('h7', 'A', '192.0.2.7')]);
  });

  it('loses nothing of others who write other names of the zone at the same time', async () => {
    const b = await bench();
    const [ours, theirs] = ['ours', 'theirs'].map((name) =>
      Array.from({ length: 6 }, (_, at) => b.record(`${name}${at}`, 'A', `192.0.2.${at + 1}`)),
    );
    const others = (async (): Promise<void> => {
      for (const record of theirs ?? []) await b.otherWriter.add(b.zone, record);
    })();
    for (const record of ours ?? []) await b.apply(b.change([], [record]));
    await others;
    const truth = await b.truth();
    for (const record of [...(ours ?? []), ...(theirs ?? [])])
      assert.equal(truth.has(recordId(record)), true, recordId(record));
  });
}
