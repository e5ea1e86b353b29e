import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ResourceRecord } from '../../../dns/record.ts';
import { invert } from '../../../dns/zone.ts';
import { refusal, sorted, type MakeBench } from './zone-bench.ts';

export function changeCases(bench: MakeBench): void {
  it('adds, alters and removes one record', async () => {
    const b = await bench();
    const [one, two] = [b.record('host', 'A', '192.0.2.1'), b.record('host', 'A', '192.0.2.2')];
    await b.works([], [one]);
    await b.works([one], [two]);
    await b.works([two], []);
  });

  it('alters one record of several', async () => {
    const b = await bench();
    const all = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => b.record('many', 'A', address));
    await b.works([], all);
    await b.works(all.slice(0, 1), [b.record('many', 'A', '192.0.2.9')]);
    await b.works(all.slice(1), [b.record('many', 'A', '192.0.2.7'), b.record('many', 'A', '192.0.2.8')]);
  });

  it('undoes every change by its inverse', async () => {
    const b = await bench();
    const before = await b.truth();
    const steps = [
      b.change([], [b.record('u', 'A', '192.0.2.1'), b.record('u', 'AAAA', '2001:db8::1')]),
      b.change([b.record('u', 'A', '192.0.2.1')], [b.record('u', 'A', '192.0.2.2'), b.text('u', 'one')]),
      b.change([b.record('u', 'AAAA', '2001:db8::1')], [b.record('v', 'CNAME', 'u')]),
    ];
    for (const step of steps) await b.works(step.remove, step.add);
    for (const step of steps.toReversed()) await b.works(step.add, step.remove);
    assert.deepEqual(sorted(await b.truth()), sorted(before));
  });

  it('moves from data to a CNAME, to another target, and back', async () => {
    const b = await bench();
    const data = [b.record('c', 'A', '192.0.2.1'), b.record('c', 'A', '192.0.2.2'), b.text('c', 'x')];
    const alias = b.record('c', 'CNAME', 'elsewhere.example.net.');
    const other = b.record('c', 'CNAME', 'other.example.net.');
    await b.works([], data);
    await b.works(data, [alias]);
    await b.works([alias], [other]);
    await b.works([other], data);
  });

  it('refuses a CNAME beside data it was not told to remove, and leaves the data', async () => {
    const b = await bench();
    await b.works([], [b.record('d', 'A', '192.0.2.1')]);
    const before = await b.truth();
    const change = b.change([], [b.record('d', 'CNAME', 'elsewhere.example.net.')]);
    const error = await refusal(
      b.apply(change),
      'central.invalid-value',
      'central.refused',
      'central.exists',
    );
    assert.equal(error.state, 'untouched');
    assert.equal(error.retry, 'never');
    assert.deepEqual(sorted(await b.truth()), sorted(before));
  });

  it('says partial when a later part is refused, and the inverse restores the rest', async () => {
    const b = await bench();
    await b.works([], [b.record('p', 'A', '192.0.2.1')]);
    const before = await b.truth();
    const change = b.change([], [b.record('q', 'A', '192.0.2.2'), b.record('p', 'CNAME', 'q')]);
    const error = await refusal(
      b.apply(change),
      'central.invalid-value',
      'central.refused',
      'central.exists',
    );
    if (b.central.traits.atomic !== 'zone') assert.equal(error.state, 'partial');
    await b.apply(invert(change));
    assert.deepEqual(sorted(await b.truth()), sorted(before));
  });

  it('alters everything that hangs together in one change', async () => {
    const b = await bench();
    const before = [b.record('x', 'A', '192.0.2.1'), b.record('y', 'A', '192.0.2.1'), b.text('x', 'one')];
    const after = [b.record('x', 'A', '192.0.2.2'), b.record('y', 'AAAA', '2001:db8::2'), b.text('z', 'two')];
    await b.works([], before);
    await b.works(before, after);
    await b.works(after, before);
  });

  it('alters one field of MX and SRV records', async () => {
    const b = await bench();
    // BIND refuses an MX if its host is in the zone and has no address (option `check-integrity`).
    await b.works([], [b.record('mail1', 'A', '192.0.2.1')]);
    await b.works([], [b.record('@', 'MX', '15 mail1'), b.record('@', 'MX', '25 mail2.example.net.')]);
    await b.works([b.record('@', 'MX', '15 mail1')], [b.record('@', 'MX', '35 mail1')]);
    await b.works(
      [b.record('@', 'MX', '25 mail2.example.net.')],
      [b.record('@', 'MX', '25 mail3.example.net.')],
    );
    const steps = [
      '10 5 5060 sip',
      '20 5 5060 sip',
      '20 0 5060 sip',
      '20 0 5061 sip',
      '20 0 5061 sip.example.net.',
    ];
    let old: ResourceRecord[] = [];
    for (const rdata of steps) {
      const record = b.record('_sip._tcp', 'SRV', rdata);
      await b.works(old, [record]);
      old = [record];
    }
  });
}
