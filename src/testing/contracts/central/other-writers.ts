import assert from 'node:assert/strict';
import { it } from 'node:test';
import { recordId } from '../../../dns/record.ts';
import { quietContext } from '../../quiet-context.ts';
import { ids, type MakeBench } from './zone-bench.ts';

export function otherWriterCases(bench: MakeBench): void {
  it('finds an addition done already', async () => {
    const b = await bench();
    const record = b.record('s', 'A', '192.0.2.1');
    const change = b.change([], [record]);
    const present = await b.present(change);
    await b.otherWriter.add(b.zone, record);
    assert.deepEqual(await b.central.apply(change, present, quietContext()), { removed: [], added: [] });
    assert.equal((await b.truth()).has(recordId(record)), true);
  });

  it('finds a removal done already', async () => {
    const b = await bench();
    const record = b.record('s', 'A', '192.0.2.1');
    await b.works([], [record]);
    const change = b.change([record], []);
    const present = await b.present(change);
    await b.otherWriter.remove(b.zone, record);
    const { removed, added } = await b.central.apply(change, present, quietContext());
    const ours = b.removesUnknown ? [recordId(record)] : [];
    assert.deepEqual([removed.map(recordId), added], [ours, []]);
    assert.equal((await b.truth()).has(recordId(record)), false);
  });

  it('notices a stale handle: reaches the goal and leaves the stranger alone', async () => {
    const b = await bench();
    const [old, next] = [b.record('s', 'A', '192.0.2.1'), b.record('s', 'A', '192.0.2.2')];
    const theirs = b.record('s', 'A', '192.0.2.99');
    await b.works([], [old]);
    const change = b.change([old], [next]);
    const present = await b.present(change);
    await b.otherWriter.remove(b.zone, old);
    await b.otherWriter.add(b.zone, theirs);
    const altered = await b.central.apply(change, present, quietContext());
    assert.deepEqual(altered.removed, []);
    assert.deepEqual(ids(altered.added), ids([next]));
    const truth = await b.truth();
    assert.deepEqual(
      [old, next, theirs].map((record) => truth.has(recordId(record))),
      [false, true, true],
    );
  });

  it('corrects a stale view that shows the goal as reached', async () => {
    const b = await bench();
    const record = b.record('s', 'A', '192.0.2.1');
    await b.works([], [record]);
    const change = b.change([], [record]);
    const present = await b.present(change);
    await b.otherWriter.remove(b.zone, record);
    assert.deepEqual(ids((await b.central.apply(change, present, quietContext())).added), ids([record]));
    assert.equal((await b.truth()).has(recordId(record)), true);
  });

  it('alters a record whose new value somebody else has added meanwhile', async () => {
    const b = await bench();
    const [old, next] = [b.record('s', 'A', '192.0.2.1'), b.record('s', 'A', '192.0.2.2')];
    await b.works([], [old]);
    const change = b.change([old], [next]);
    const present = await b.present(change);
    await b.otherWriter.add(b.zone, next);
    const altered = await b.central.apply(change, present, quietContext());
    assert.deepEqual(ids(altered.removed), ids([old]));
    assert.deepEqual(altered.added, []);
    const truth = await b.truth();
    assert.deepEqual(
      [old, next].map((record) => truth.has(recordId(record))),
      [false, true],
    );
  });

  it('touches nothing but the records of the change', async () => {
    const b = await bench();
    const theirs = [
      b.record('s', 'A', '192.0.2.50'),
      b.text('s', 'theirs'),
      b.record('other', 'A', '192.0.2.51'),
    ];
    await b.works([], theirs);
    await b.works([], [b.record('s', 'A', '192.0.2.1')]);
    await b.works([b.record('s', 'A', '192.0.2.1')], [b.record('s', 'AAAA', '2001:db8::1')]);
    const truth = await b.truth();
    for (const record of theirs) assert.equal(truth.has(recordId(record)), true);
  });
}
