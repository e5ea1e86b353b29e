import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import { recordId } from '../../../dns/record.ts';
import { quietContext } from '../../quiet-context.ts';
import { apexSets, ids, refusal, type ContractSubject, type MakeBench } from './zone-bench.ts';

export function faultCases(subject: () => ContractSubject, bench: MakeBench): void {
  it('says that a wrong password is wrong, and changes nothing', async () => {
    const wrong = subject().wrongCredentials?.();
    if (wrong === undefined) return;
    const b = await bench();
    const record = b.record('login', 'A', '192.0.2.1');
    const calls = [
      // If a central cannot list zones, it may have no zone yet, and Knot can check the key only with a zone.
      ...(wrong.traits.listsZones ? [async () => await wrong.check(quietContext())] : []),
      async () => await wrong.listZones([b.zone], quietContext()),
      async () => await wrong.readZone(b.zone, apexSets(b.zone), quietContext()),
      async () => await wrong.apply(b.change([], [record]), [], quietContext()),
      async () => await wrong.deleteZone(b.zone, quietContext()),
    ];
    for (const call of calls) {
      const error = await refusal(call(), 'central.login');
      assert.deepEqual([error.state, error.retry], ['untouched', 'never']);
    }
    await wrong.close();
    assert.equal((await b.truth()).has(recordId(record)), false);
  });

  it('takes a read that ends early for no list, wherever it ends', async () => {
    const { central, cutReads } = subject();
    if (cutReads === undefined) return;
    const b = await bench();
    await b.works([], [b.record('cut', 'A', '192.0.2.1'), b.record('cut', 'A', '192.0.2.2')]);
    const names = [b.zone, parseName('cut', b.zone)];
    const sets = names.map((name) => ({ name, type: 'A' }));
    try {
      for (const keep of [0, 1, 10, 100, -30, -3, -1]) {
        cutReads(keep);
        const reads = [
          async () => await central.readZone(b.zone, sets, quietContext()),
          async () => await central.readNames(b.zone, names, quietContext()),
          async () => await central.listZones([b.zone], quietContext()),
        ];
        for (const read of reads) {
          const error = await refusal(read(), 'central.unreachable', 'central.garbled', 'central.list-cut');
          assert.deepEqual([error.state, error.retry], ['untouched', 'later']);
        }
      }
    } finally {
      cutReads(null);
    }
  });

  it('says what is known when the central dies: before the read, before the write, before the read after it', async () => {
    const { crashes } = subject();
    if (crashes === undefined) return;
    const b = await bench();
    const before = await b.truth();
    for (const when of ['now', 'before-write', 'after-write'] as const) {
      const change = b.change([], [b.record(when, 'A', '192.0.2.1')]);
      const present = await b.present(change);
      await crashes.crash(when);
      // The first call after the kill only makes the adapter notice that its connections are lost.
      if (when === 'now') await refusal(b.central.listZones([b.zone], quietContext()), 'central.unreachable');
      const error = await refusal(b.central.apply(change, present, quietContext()), 'central.unreachable');
      assert.equal(error.retry, 'later');
      if (when === 'now') assert.equal(error.state, 'untouched');
      else if (when === 'after-write') assert.equal(error.state, 'unknown');
      else assert.notEqual(error.state, 'partial');
      await crashes.revive();
      const done = when === 'after-write';
      const goal = ids(change.add);
      assert.deepEqual(
        goal.map((id) => before.has(id)),
        [false],
      );
      const truth = await b.truth();
      assert.deepEqual(
        goal.map((id) => truth.has(id)),
        [done],
      );
      assert.equal((await b.apply(change)).added.length, done ? 0 : 1);
    }
  });
}
