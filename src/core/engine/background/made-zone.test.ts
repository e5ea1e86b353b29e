/** Tests which facts prove that domainsync created a zone at the central (docs/adoption.md, row 30). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleCreate, sampleDelete, sampleRow } from '../../../testing/contracts/journal.ts';
import { engineBench, type Bench } from '../../../testing/engine-bench.ts';
import { quietContext } from '../../../testing/quiet-context.ts';
import { a, apex, zone } from '../../../testing/simulator/given.ts';
import { CentralError } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import type { Operation } from '../../operation.ts';
import {
  foundZone,
  isMadeByAnother,
  landed,
  mayLandLate,
  mayLandStill,
  noteLanded,
  noteSent,
  proofOf,
  readBackCreate,
  unmake,
} from './made-zone.ts';

const www = a('www', 1);
const sent = sampleCreate('0', { requested: true });
const rival = sampleCreate('1', { requested: true });

async function given(isThere: boolean, ...operations: readonly Operation[]): Promise<Bench> {
  const bench = engineBench();
  if (isThere) bench.central.store.putZone(zone, [apex, www]);
  await bench.journal.commit({ operations });
  return bench;
}

const failures: readonly (readonly [string, () => Error])[] = [
  ['the central', () => new CentralError('central.unreachable', { state: 'untouched', retry: 'later' })],
  ['the journal', () => new JournalError('journal.locked')],
];

test('the first look at a zone of ours proves its content', async () => {
  const bench = await given(true);
  const proof = await bench.run(proofOf(bench.runtime, { zone }, [], quietContext()));
  assert.deepEqual(proof, { created: true, requested: false, snapshot: [apex, www] });
  const empty = await given(false);
  assert.deepEqual(await empty.run(proofOf(empty.runtime, { zone }, [], quietContext())), foundZone([]));
});

test('what is there right after a create whose answer was lost is ours; what is not there proves nothing', async () => {
  const bench = await given(true, sent);
  assert.deepEqual(await bench.run(readBackCreate(bench.runtime, sent, [])), foundZone([apex, www]));
  const both = await given(true, sent, rival);
  const proof = await both.run(readBackCreate(both.runtime, sent, []));
  assert.deepEqual([proof?.created, proof?.requested], [true, true]);
  const none = await given(false, sent);
  assert.equal(await none.run(readBackCreate(none.runtime, sent, [])), null);
});

for (const [what, error] of failures) {
  test(`where ${what} fails nobody can tell; a defect is none of these failures`, async () => {
    const bench = await given(true, sent);
    bench.central.faults.before = () => {
      throw error();
    };
    assert.equal(await bench.run(readBackCreate(bench.runtime, sent, [])), null);
    const made = { ...sent, created: true };
    assert.equal(await bench.run(unmake(bench.runtime, made)), made);
    assert.deepEqual(bench.logged, ['undo.failed']);
    bench.central.faults.before = () => {
      throw new TypeError('a defect');
    };
    await assert.rejects(bench.run(readBackCreate(bench.runtime, sent, [])), TypeError);
    await assert.rejects(bench.run(unmake(bench.runtime, made)), TypeError);
  });
}

test('a zone that was just made is unmade, unless somebody has changed it since', async () => {
  const made = { ...sent, created: true, snapshot: [apex, www] };
  const bench = await given(true);
  bench.central.faults.before = async () => await bench.clock.sleep(100);
  const left = await bench.run(unmake(bench.runtime, made));
  assert.deepEqual([left.created, left.requested], [false, false]);
  assert.equal(bench.central.store.records(zone), null);
  const again = await bench.run(unmake(bench.runtime, made));
  assert.deepEqual([again.created, again.requested], [false, false]);
  const changed = await given(true);
  assert.equal(
    await changed.run(unmake(changed.runtime, { ...made, snapshot: [apex] })).then(({ created }) => created),
    true,
  );
  assert.equal(changed.central.store.records(zone)?.length, 2);
});

test('a create may land late while this process has sent it, it is not read back, and its watch is not over', () => {
  const { runtime, clock } = engineBench();
  const watch = { until: clock.wall() + 1, added: [], removed: [] };
  const late = { ...sent, watch };
  assert.equal(mayLandLate(runtime, late), false);
  noteSent(runtime, late);
  noteSent(runtime, rival);
  assert.equal(mayLandLate(runtime, late), true);
  assert.equal(mayLandLate(runtime, { ...late, requested: false }), false);
  assert.equal(mayLandLate(runtime, { ...late, watch: null }), false);
  assert.equal(mayLandLate(runtime, { ...late, watch: { ...watch, until: clock.wall() - 1 } }), false);
  assert.equal(mayLandLate(engineBench().runtime, late), false);
  noteLanded(runtime, late);
  assert.equal(mayLandLate(runtime, late), false);
  assert.equal(mayLandLate(runtime, { ...rival, watch }), true);
});

test('what has landed is journalled; its undo, or another create, leaves it open whether it lands again', async () => {
  const watch = { until: 2e12, added: [], removed: [] };
  for (const [state, others, requested] of [
    ['applied', [], false],
    ['reverting', [], true],
    ['applied', [rival], true],
  ] as const) {
    const late = { ...sent, state, watch };
    const bench = await given(true, late, ...others);
    noteSent(bench.runtime, late);
    const known = await bench.run(landed(bench.runtime, late, [sampleRow(1).record]));
    assert.deepEqual(
      [known.created, known.requested, known.snapshot],
      [true, requested, [sampleRow(1).record]],
    );
    assert.deepEqual(await bench.stored(late), known);
    assert.equal(mayLandLate(bench.runtime, late), false);
  }
});

test('another create of the zone may be what landed; one that made it answers for it', () => {
  assert.equal(mayLandStill([sent], sent), false);
  assert.equal(mayLandStill([sent, rival], sent), true);
  assert.equal(mayLandStill([{ ...rival, requested: false }, sampleDelete('2')], sent), false);
  const maker = { ...rival, created: true };
  assert.equal(isMadeByAnother([sent, maker], sent), true);
  assert.equal(isMadeByAnother([{ ...sent, created: true }], sent), false);
  assert.equal(isMadeByAnother([rival], sent), false);
  assert.equal(isMadeByAnother([{ ...maker, state: 'reverted' }], sent), false);
  assert.equal(isMadeByAnother([rival, maker, sampleDelete('2')], sent), true);
});
