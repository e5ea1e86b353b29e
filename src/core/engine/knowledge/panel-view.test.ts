/**
 * Tests the facts that one read of the panel shows, and the conditions under which two reads prove something.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleOperation } from '../../../testing/contracts/journal.ts';
import { engineBench, viewOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { recordId } from '../../../dns/record.ts';
import type { Operation } from '../../operation.ts';
import { agreesTwice, keysById, readPanel } from './panel-view.ts';

const [one, two] = [a('www', 1), a('www', 2)] as const;
const applied = sampleOperation('0', { state: 'applied' });
const kept = sampleOperation('0', { state: 'kept' });

test('rows of the same record have all their keys, in the panel’s order', () => {
  const keys = keysById([
    { ...one, key: 'b' },
    { ...two, key: 'x' },
    { ...one, key: 'a' },
  ]);
  assert.deepEqual(
    [...keys],
    [
      [recordId(one), ['b', 'a']],
      [recordId(two), ['x']],
    ],
  );
});

test('a read shows records, their TTLs, and when it ended', async () => {
  const { runtime, run, panel, clock } = engineBench();
  panel.zones.set(zone, [{ ...one, ttl: 60 }, two]);
  panel.onRead = async () => await clock.sleep(500);
  const view = await run(readPanel(runtime, zone));
  assert.deepEqual(
    view.records?.map(({ rdata }) => rdata),
    [one.rdata, two.rdata],
  );
  assert.deepEqual([...view.ids], [recordId(one), recordId(two)]);
  assert.deepEqual([...view.ttls.values()], [60, null]);
  assert.deepEqual([view.quiet, view.readAt], [true, 500]);
});

test('a zone that the panel lacks has no records; a call that edits it disturbs the read', async () => {
  const { runtime, run, panel } = engineBench();
  panel.onRead = async () => await runtime.gate.during([zone], async () => await Promise.resolve());
  const view = await run(readPanel(runtime, zone));
  assert.deepEqual([view.records, view.ids.size, view.quiet], [null, 0, false]);
});

/**
 * Makes reads that begin after this many milliseconds. @returns which reads prove the state that they show
 */
async function proofs(
  bench: Bench,
  operation: Operation,
  reads: readonly (readonly [at: number, shown: string, quiet?: boolean])[],
  sends = false,
): Promise<boolean[]> {
  bench.runtime.patience.heard('0');
  const proved: boolean[] = [];
  for (const [at, shown, quiet = true] of reads) {
    await bench.wait(at - bench.clock.now());
    const view = viewOf([], { readAt: at, quiet });
    proved.push(agreesTwice(bench.runtime, operation, view, shown, { patience: 5_000, gap: 2_000, sends }));
  }
  return proved;
}

test('two quiet reads prove what both show, once the patience is over and they lie apart', async () => {
  const cases: readonly (readonly [readonly (readonly [number, string, boolean?])[], readonly boolean[]])[] =
    [
      [
        [
          [0, 'x'],
          [4_999, 'x'],
        ],
        [false, false],
      ],
      [
        [
          [5_000, 'x'],
          [6_999, 'x'],
          [7_000, 'x'],
        ],
        [false, false, true],
      ],
      [
        [
          [5_000, 'x'],
          [7_000, 'y'],
          [8_999, 'y'],
          [9_000, 'y'],
        ],
        [false, false, false, true],
      ],
      [
        [
          [5_000, 'x'],
          [7_000, 'x', false],
          [9_000, 'x'],
          [11_000, 'x'],
        ],
        [false, false, false, true],
      ],
      // A read that comes before the wait for the panel is over does not count.
      [
        [
          [4_000, 'x'],
          [6_000, 'x'],
          [8_000, 'x'],
        ],
        [false, false, true],
      ],
    ];
  for (const [reads, expected] of cases)
    assert.deepEqual(await proofs(engineBench(), applied, reads), expected, JSON.stringify(reads));
});

test('nothing is proved in the time after a start, unless the panel’s state is sent', async () => {
  const bench = engineBench();
  bench.runtime.grace.begin();
  const reads = [
    [5_000, 'x'],
    [29_999, 'x'],
    [30_000, 'x'],
    [32_000, 'x'],
  ] as const;
  assert.deepEqual(await proofs(bench, applied, reads), [false, false, false, true]);
  const sending = engineBench();
  sending.runtime.grace.begin();
  assert.deepEqual(
    await proofs(
      sending,
      applied,
      [
        [5_000, 'x'],
        [7_000, 'x'],
      ],
      true,
    ),
    [false, true],
  );
});

test('while it waits the zone is looked at when the patience is over, then when the next read may agree', async () => {
  const bench = engineBench();
  await proofs(bench, applied, [[1_000, 'x']]);
  await bench.wait(5_000);
  assert.deepEqual(bench.woken, ['5000 operations']);
  const later = engineBench();
  await proofs(later, applied, [[6_000, 'x']]);
  await later.wait(5_000);
  assert.deepEqual(later.woken, ['8000 operations']);
});

test('what the panel has answered is looked at sooner: soon at first, then ever later', async () => {
  for (const operation of [
    kept,
    { ...applied, afterSeen: true },
    { ...applied, state: 'reverting' as const },
  ]) {
    for (const [at, next] of [
      [0, 200],
      [1_000, 1_500],
      [3_000, 4_500],
      [4_000, 5_000],
    ] as const) {
      const bench = engineBench();
      await proofs(bench, operation, [[at, 'x']]);
      await bench.wait(10_000);
      assert.deepEqual(bench.woken, [`${next} operations`], `${operation.state} at ${at}`);
    }
  }
});

test('the time of the read counts, not that of the judgement', async () => {
  const bench = engineBench();
  bench.runtime.patience.heard('0');
  await bench.wait(20_000);
  const wait = { patience: 5_000, gap: 2_000 };
  const judge = (readAt: number): boolean =>
    agreesTwice(bench.runtime, applied, viewOf([], { readAt }), 'x', wait);
  assert.deepEqual([judge(4_999), judge(5_000), judge(6_999), judge(7_000)], [false, false, false, true]);
});
