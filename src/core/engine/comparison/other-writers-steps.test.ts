/** Tests which differences count as changes of another writer, and after how many the zone gets the note. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleCreate, sampleOperation, sampleRow } from '../../../testing/contracts/journal.ts';
import { engineBench, type Bench } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import type { LedgerRow, RecordState } from '../../ledger.ts';
import type { Operation } from '../../operation.ts';
import { findOtherWriter, otherWriterFact } from './other-writers.ts';

const day = 86_400_000;
const [www, other] = [a('www', 1), a('other', 2)] as const;

function row(onPanel: boolean, onCentral: boolean, state: RecordState, record = www): LedgerRow {
  return sampleRow(1, { record, onPanel, onCentral, state });
}

/**
 * Runs a comparison whose rows were `before` and become `put`.
 * @returns the zone's note, and whether the comparison counts as one that found another writer's change
 */
async function compared(
  bench: Bench,
  before: readonly LedgerRow[],
  put: readonly LedgerRow[],
): Promise<{ readonly counted: boolean; readonly note: string | null }> {
  const comparison = { put, drop: [], additions: [], waiting: [], gone: [] };
  const fact = otherWriterFact(zone);
  const { note, facts } = await bench.run(findOtherWriter(bench.runtime, zone, before, comparison));
  await bench.journal.commit({ facts });
  const last = (await bench.journal.fact(fact))?.split(' ').at(-1);
  return { counted: Number(last) === bench.clock.wall(), note };
}

async function counts(
  before: readonly LedgerRow[],
  put: readonly LedgerRow[],
  operations: readonly Operation[] = [],
): Promise<boolean> {
  const bench = engineBench();
  await bench.journal.commit({ operations });
  return (await compared(bench, before, put)).counted;
}

test('a synced record that only the panel has by now was removed by somebody', async () => {
  const lost = [row(true, false, 'conflict')];
  assert.equal(await counts([row(true, true, 'synced')], lost), true);
  assert.equal(await counts([row(true, false, 'panel-only')], lost), false);
  assert.equal(await counts([], lost), false);
  assert.equal(await counts([row(true, true, 'synced', other)], lost), false);
  // None of these is a removal by somebody at the central. The panel lacks the record too, or both sides have
  // it, or the central still has it.
  assert.equal(await counts([row(true, true, 'synced')], [row(false, false, 'conflict')]), false);
  assert.equal(await counts([row(true, true, 'synced')], [row(true, true, 'synced')]), false);
  assert.equal(await counts([row(true, true, 'synced')], [row(false, true, 'conflict')]), false);
});

test('a record that only the central has, and had not before, was added by somebody', async () => {
  const come = [row(false, true, 'central-only')];
  assert.equal(await counts([], come), true);
  assert.equal(await counts([row(true, true, 'synced', other)], come), true);
  assert.equal(await counts([row(false, true, 'central-only')], come), false);
  assert.equal(await counts([], [row(true, true, 'synced')]), false);
  assert.equal(await counts([], [row(true, false, 'panel-only')]), false);
  assert.equal(await counts([], []), false);
});

test('unless an operation of ours wrote it or found it there', async () => {
  const come = [row(false, true, 'central-only')];
  const wrote = sampleOperation('0', { state: 'reverted', items: [], added: [www] });
  assert.equal(await counts([], come, [wrote]), false);
  const found = sampleCreate('0', { state: 'confirmed', snapshot: [www] });
  assert.equal(await counts([], come, [found]), false);
  assert.equal(await counts([], [...come, row(false, true, 'central-only', other)], [wrote]), true);
  assert.equal(await counts([], come, [{ ...wrote, zone: a('x', 1).name }]), true);
});

test('operations are searched among the 200 newest of the zone', async () => {
  const wrote = sampleOperation('000', { state: 'reverted', items: [], added: [www] });
  const more = (count: number): Operation[] =>
    Array.from({ length: count }, (_, at) =>
      sampleOperation(String(at + 1).padStart(3, '0'), { state: 'confirmed', items: [], added: [] }),
    );
  const come = [row(false, true, 'central-only')];
  assert.equal(await counts([], come, [wrote, ...more(199)]), false);
  assert.equal(await counts([], come, [wrote, ...more(200)]), true);
});

test('the third such comparison within a week notes the zone, as long as three are within it', async () => {
  const bench = engineBench();
  const come = [row(false, true, 'central-only')];
  const noted = async (put: readonly LedgerRow[]): Promise<boolean> =>
    (await compared(bench, [], put)).note === 'note.other-writer';
  assert.equal(await noted(come), false);
  await bench.wait(3 * day);
  assert.equal(await noted(come), false);
  await bench.wait(3 * day);
  assert.equal(await noted([]), false);
  assert.equal(await noted(come), true);
  assert.equal(await noted([]), true);
  await bench.wait(day - 1);
  assert.equal(await noted([]), true);
  await bench.wait(1);
  assert.equal(await noted([]), false);
  // Two of the earlier changes are still recent enough to count.
  assert.equal(await noted(come), true);
  await bench.wait(8 * day);
  assert.equal(await noted([]), false);
  assert.equal(await bench.journal.fact(otherWriterFact(zone)), null);
});

test('only the last three are kept, and nothing is written where nothing changes', async () => {
  const bench = engineBench();
  const come = [row(false, true, 'central-only')];
  const times: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    times.push(bench.clock.wall());
    await compared(bench, [], come);
    await bench.wait(1_000);
  }
  assert.equal(await bench.journal.fact(otherWriterFact(zone)), times.slice(2).join(' '));
  const comparison = { put: [], drop: [], additions: [], waiting: [], gone: [] };
  assert.deepEqual(await bench.run(findOtherWriter(bench.runtime, zone, [], comparison)), {
    note: 'note.other-writer',
    facts: {},
  });
  const fresh = engineBench();
  assert.deepEqual(await fresh.run(findOtherWriter(fresh.runtime, zone, [], comparison)), {
    note: null,
    facts: {},
  });
});

test('times in a future that a clock step made do not count', async () => {
  const bench = engineBench();
  const come = [row(false, true, 'central-only')];
  for (let turn = 0; turn < 2; turn += 1) await compared(bench, [], come);
  bench.clock.stepWall(-1);
  assert.equal((await compared(bench, [], come)).note, null);
});
