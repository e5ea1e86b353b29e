import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { quietContext } from '../../quiet-context.ts';
import { apexSets, ids, refusal, sorted, type ContractSubject, type MakeBench } from './zone-bench.ts';

export function readCases(subject: () => ContractSubject, bench: MakeBench): void {
  it('proves connection and login', async () => {
    await subject().central.check(quietContext());
  });

  it('answers null for a zone that is not there, and nothing else', async () => {
    const missing = parseName('missing.example.');
    assert.equal(await subject().central.readZone(missing, [], quietContext()), null);
    assert.equal(await subject().central.readNames(missing, [missing], quietContext()), null);
  });

  it('reads by name exactly what it reads by zone', async () => {
    const b = await bench();
    await b.works(
      [],
      [b.record('a', 'A', '192.0.2.1'), b.record('a', 'A', '192.0.2.2'), b.record('b.a', 'A', '192.0.2.3')],
    );
    const a = parseName('a', b.zone);
    const sets = [a, parseName('b.a', b.zone)].map((name) => ({ name, type: 'A' }));
    const whole = (await b.central.readZone(b.zone, [...apexSets(b.zone), ...sets], quietContext())) ?? [];
    const part = (await b.central.readNames(b.zone, [a], quietContext())) ?? [];
    const byId = (one: ResourceRecord, other: ResourceRecord): number =>
      recordId(one) < recordId(other) ? -1 : 1;
    assert.deepEqual(part.toSorted(byId), whole.filter(({ name }) => name === a).toSorted(byId));
    assert.equal(part.length, 2);
    assert.deepEqual(await b.central.readNames(b.zone, [parseName('none', b.zone)], quietContext()), []);
    assert.deepEqual(ids(whole), sorted(await b.truth()));
  });

  it('stops at the deadline', async () => {
    const ctx = { signal: AbortSignal.abort(new Error('deadline')), operation: '-' };
    const error = await refusal(subject().central.listZones([], ctx), 'central.unreachable');
    assert.equal(error.state, 'untouched');
    const b = await bench();
    const change = b.change([], [b.record('late', 'A', '192.0.2.1')]);
    const late = await refusal(b.central.apply(change, [], ctx), 'central.unreachable');
    assert.equal(late.state, 'untouched');
    assert.equal((await b.truth()).has(recordId(b.record('late', 'A', '192.0.2.1'))), false);
  });
}
