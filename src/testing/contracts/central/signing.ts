import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isSigners } from '../../../dns/dnssec.ts';
import { parseName } from '../../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../../dns/record.ts';
import { quietContext } from '../../quiet-context.ts';
import { apexSets, ids, makeZone, Bench, type ContractSubject } from './zone-bench.ts';

export function signingCases(subject: () => ContractSubject): void {
  it('tells of a zone that it is not signed, and nothing of a zone that is not there', async () => {
    const { central } = subject();
    const zone = parseName('unsigned.example.');
    assert.equal(await central.signing(zone, quietContext()), null);
    await makeZone(subject(), zone);
    const signing = await central.signing(zone, quietContext());
    assert.notEqual(signing?.signed, true);
    assert.deepEqual([signing?.ds, signing?.cds], [[], []]);
  });

  it('tells of a signed zone what its parent has to know, and edits it like any other', async () => {
    const { central, otherWriter } = subject();
    if (otherWriter.makeSignedZone === undefined) return;
    const zone = parseName('signed.example.');
    await otherWriter.makeSignedZone(zone);
    const signing = await central.signing(zone, quietContext());
    assert.equal(signing?.signed, true);
    assert.ok((signing?.ds.length ?? 0) > 0);
    for (const ds of [...(signing?.ds ?? []), ...(signing?.cds ?? [])]) {
      assert.equal(ds, makeRecord({ name: zone, type: 'DS', rdata: ds }).rdata);
    }
    const b = new Bench(subject(), zone);
    const [one, two] = [b.record('www', 'A', '192.0.2.1'), b.record('www', 'A', '192.0.2.2')];
    await b.works([], [one]);
    await b.works([one], [two]);
    const known = [...apexSets(zone), two];
    const read = (await central.readZone(zone, known, quietContext())) ?? [];
    const isData = ({ type }: ResourceRecord): boolean => type !== 'SOA';
    const own = read.filter((record) => isData(record) && !isSigners(zone, record));
    const truth = (await otherWriter.records(zone)) ?? [];
    assert.deepEqual(ids(own), ids(truth.filter((record) => isData(record) && !isSigners(zone, record))));
    await b.works([two], []);
  });
}
