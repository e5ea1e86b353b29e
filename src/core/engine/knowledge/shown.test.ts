/** Tests which reads prove that they are recent (docs/decisions/021-old-reads.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRecord } from '../../../dns/record.ts';
import {
  sampleCreate,
  sampleDelete,
  sampleOperation,
  sampleRow,
  sampleWatch,
} from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, viewOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import type { Operation, RecordsOperation } from '../../operation.ts';
import { learnFrom } from './shown.ts';

const [old, next, other, mail] = [a('www', 1), a('www', 2), a('www', 3), a('mail', 4)] as const;

function edit(
  id: string,
  remove: ResourceRecord | null,
  add: ResourceRecord | null,
  parts: Partial<RecordsOperation> = {},
): RecordsOperation {
  const items = [{ remove, add, mirrored: true, note: null }];
  return sampleOperation(id, { state: 'kept', items, createdAt: 1_000, changedAt: 1_000, ...parts });
}

/** The edit that does not show. The panel reported it 50 ms after the start. */
const waiting = edit('0', a('ftp', 8), a('ftp', 9));

interface Given {
  readonly undecided: readonly Operation[];
  readonly shows: readonly ResourceRecord[] | null;
  /** Operations that are in the journal only. */
  readonly ended?: readonly Operation[];
  /** Records that earlier reads of the panel have shown. */
  readonly known?: readonly ResourceRecord[];
}

async function learned({ undecided, shows, ended = [], known = [old] }: Given): Promise<Bench> {
  const bench = engineBench();
  await bench.journal.commit({
    operations: [...undecided, ...ended],
    zones: [entryOf(zone)],
    rows: [{ zone, put: known.map((record, at) => sampleRow(at, { record })) }],
  });
  await bench.wait(100);
  for (const { id } of undecided) bench.runtime.readProofs.begin(id);
  await bench.run(learnFrom(bench.runtime, zone, undecided, viewOf(shows)));
  return bench;
}

/** Whether the read proves the end of the edit that waits, and of the edit `1`. */
async function proves(given: Given): Promise<readonly [boolean, boolean]> {
  const { readProofs } = (await learned(given)).runtime;
  return [readProofs.isCurrent(zone, '0', 50), readProofs.isCurrent(zone, '1', 900)];
}

test('issue 14, reads: a later edit that shows proves that an earlier one does not', async () => {
  const cases: readonly (readonly [RecordsOperation, readonly ResourceRecord[]])[] = [
    [edit('1', old, next), [next]],
    [edit('1', null, mail), [old, mail]],
    [edit('1', old, null), []],
    [edit('1', old, next, { state: 'applied', afterSeen: false }), [next]],
    // The read shows only one half of the edit.
    [edit('1', old, next), [old, next]],
    [edit('1', old, next), []],
    // The panel has made the edit with another spelling of the data.
    [edit('1', old, next), [other]],
  ];
  for (const [shown, shows] of cases)
    assert.deepEqual(await proves({ undecided: [waiting, shown], shows }), [true, true]);
});

test('issue 14, reads: what the panel had before proves nothing', async () => {
  const cases: readonly (readonly [RecordsOperation, readonly ResourceRecord[]])[] = [
    [edit('1', old, next), [old]],
    [edit('1', null, mail), [old]],
    // The panel did not have the record that the edit removes.
    [edit('1', mail, null), [old]],
    // The panel already had the record that the edit adds.
    [edit('1', null, old), [old]],
    // The read also shows a record that the edit does not name. The panel may have got it before, by itself.
    [edit('1', null, next), [old, mail]],
    [edit('1', null, next), [old, other]],
    [edit('1', null, { ...next, ttl: 60 }), [old]],
  ];
  for (const [asked, shows] of cases)
    assert.deepEqual(await proves({ undecided: [waiting, asked], shows }), [false, false]);
});

test('issue 14, reads: another edit of that time that is about the record leaves it open', async () => {
  const shows = [next];
  const others: readonly (readonly [Operation, boolean])[] = [
    [edit('2', null, next, { state: 'applied' }), false],
    [edit('2', old, next, { state: 'confirmed' }), false],
    [edit('00', old, next, { state: 'confirmed', endedAfter: '1' }), false],
    [edit('00', old, next, { state: 'confirmed', endedAfter: '00' }), true],
    [edit('00', old, next, { state: 'reverted', endedAfter: '00', watch: sampleWatch(Infinity) }), false],
    [edit('2', null, mail, { state: 'applied' }), true],
    [sampleDelete('00', { state: 'confirmed', endedAfter: '1' }), false],
    [sampleCreate('00', { state: 'confirmed', endedAfter: '00' }), true],
  ];
  const asked = edit('1', null, next);
  for (const [ended, isProof] of others)
    assert.deepEqual(await proves({ undecided: [waiting, asked], shows, ended: [ended], known: [] }), [
      isProof,
      isProof,
    ]);
});

test('issue 14, reads: an edit that the panel had made before we heard of it proves only itself', async () => {
  const heard = edit('1', old, next, { class: 'compensate' });
  assert.deepEqual(await proves({ undecided: [waiting, heard], shows: [next] }), [false, true]);
});

test('issue 14, reads: a TTL that is neither the old nor the new one is the panel’s answer to the edit', async () => {
  const timed = (ttl: number): ResourceRecord => ({ ...old, ttl });
  const retimed = edit('1', timed(60), timed(600));
  for (const [ttl, isProof] of [
    [60, false],
    [600, true],
    [300, true],
  ] as const)
    assert.deepEqual(await proves({ undecided: [waiting, retimed], shows: [timed(ttl)] }), [
      isProof,
      isProof,
    ]);
  const beside = edit('2', old, next, { state: 'applied' });
  assert.deepEqual(await proves({ undecided: [waiting, retimed], shows: [timed(300)], ended: [beside] }), [
    false,
    false,
  ]);
});

test('issue 14, reads: the journal is asked only where something that was reported does not show', async () => {
  const bench = engineBench();
  bench.journal.rows = () => assert.fail('the journal is read');
  const shown = edit('1', old, next);
  await bench.run(learnFrom(bench.runtime, zone, [shown], viewOf([next])));
  const unheard = edit('0', null, mail, { state: 'applied', afterSeen: false });
  await bench.run(learnFrom(bench.runtime, zone, [unheard, shown], viewOf([next])));
});

test('issue 14, reads: a zone that is missing shows its delete, and the one that a create cancelled', async () => {
  const shows = null;
  const removal = sampleDelete('1', { state: 'kept' });
  const gone = await learned({ undecided: [removal], shows });
  assert.equal(gone.runtime.readProofs.isDeleted(zone, '1'), true);
  const create = sampleCreate('2', { state: 'kept', cancels: '1' });
  const again = await learned({ undecided: [create], shows });
  assert.equal(again.runtime.readProofs.isDeleted(zone, '1'), true);
  const there = await learned({ undecided: [create, waiting, edit('3', old, next)], shows: [next] });
  assert.equal(there.runtime.readProofs.isDeleted(zone, '1'), false);
  assert.equal(there.runtime.readProofs.isCurrent(zone, '0', 50), false);
});
