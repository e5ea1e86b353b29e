import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CentralError } from '../../../core/central.ts';
import { parseName } from '../../../dns/name.ts';
import { makeRecord } from '../../../dns/record.ts';
import { invert } from '../../../dns/zone.ts';
import { quietContext } from '../../quiet-context.ts';
import { refusal, seed, type ContractSubject } from './zone-bench.ts';

export function foreignCases(subject: () => ContractSubject): void {
  it('neither reads, writes, creates nor deletes a zone of another account', async () => {
    const { central, otherWriter } = subject();
    const zone = parseName('foreign.example.');
    await otherWriter.createZone(zone);
    const truth = await otherWriter.records(zone);
    const error = await refusal(central.createZone(zone, seed, quietContext()), 'zone.foreign');
    // A panel finds out that a zone is foreign only when it creates the zone, so `free` is a right answer
    // too.
    const asked = await central.mayCreateZone(zone, seed, quietContext()).catch((one: unknown) => one);
    assert.ok(asked === 'free' || (asked instanceof CentralError && asked.code === 'zone.foreign'));
    assert.equal(error.state, 'untouched');
    assert.equal((await central.listZones([], quietContext())).includes(zone), false);
    assert.equal(await central.readZone(zone, [], quietContext()), null);
    assert.equal(await central.signing(zone, quietContext()), null);
    assert.equal(await central.deleteZone(zone, quietContext()), 'missing');
    const record = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, zone);
    const change = { zone, remove: [], add: [record] };
    const refused = await refusal(
      central.apply(change, [], quietContext()),
      'central.missing',
      'central.access-denied',
    );
    assert.equal(refused.state, 'untouched');
    assert.deepEqual(await otherWriter.records(zone), truth);
  });

  it('refuses a change in a zone that is not there', async () => {
    const zone = parseName('absent.example.');
    const record = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, zone);
    const adding = { zone, remove: [], add: [record] };
    const error = await refusal(subject().central.apply(adding, [], quietContext()), 'central.missing');
    assert.equal(error.state, 'untouched');
    await refusal(subject().central.apply(invert(adding), [], quietContext()), 'central.missing');
  });
}
