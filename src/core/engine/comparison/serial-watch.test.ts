import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName, type DnsName } from '../../../dns/name.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { zone } from '../../../testing/simulator/given.ts';
import { JournalError } from '../../journal.ts';
import type { ZoneEntry } from '../../ledger.ts';
import { SerialWatch } from './serial-watch.ts';

const gap = 5_000;

interface Watched {
  readonly bench: Bench;
  readonly watch: SerialWatch;
  readonly serials: Map<DnsName, number>;
  readonly asked: DnsName[];
  /** Lets one round pass. @returns the zones that were woken in it */
  readonly round: () => Promise<readonly string[]>;
}

/** Starts a watch on zones. The name server has all of them with serial 1. */
async function watched(zones: readonly ZoneEntry[] = [entryOf(zone)]): Promise<Watched> {
  const bench = engineBench();
  await bench.journal.commit({ zones });
  const serials = new Map(zones.map((entry) => [entry.zone, 1]));
  const asked: DnsName[] = [];
  const watch = new SerialWatch(bench.runtime, {
    serials: (names) => {
      asked.push(...names);
      return Promise.resolve(new Map([...serials].filter(([name]) => names.includes(name))));
    },
    close: () => undefined,
  });
  void watch.untilStopped(gap);
  const round = async (): Promise<readonly string[]> => {
    const before = bench.woken.length;
    await bench.wait(gap);
    return bench.woken.slice(before).map((entry) => entry.replace(/^\d+ /u, ''));
  };
  await bench.wait(gap / 2);
  return { bench, watch, serials, asked, round };
}

const compared = ['comparison serial limited'];

test('a serial that advances without a reported edit leads to a comparison', async () => {
  const { serials, round } = await watched();
  assert.deepEqual(await round(), []);
  serials.set(zone, 2);
  assert.deepEqual(await round(), compared);
  assert.deepEqual(await round(), []);
});

test('a serial that advances as often as edits were reported explains itself', async () => {
  const { watch, serials, round } = await watched();
  for (const [reported, advance, expected] of [
    [1, 1, []],
    [2, 2, []],
    [1, 2, compared],
    [2, 1, compared],
    [0, 1, compared],
    [1, 0, []],
    // An edit that was reported in an earlier round no longer counts.
    [0, 1, compared],
  ] as const) {
    for (let count = 0; count < reported; count += 1) watch.reported(zone);
    serials.set(zone, (serials.get(zone) ?? 0) + advance);
    assert.deepEqual(await round(), expected, `${reported} ${advance}`);
  }
});

test('serials wrap around', async () => {
  const { watch, serials, round } = await watched();
  serials.set(zone, 0xffff_ffff);
  await round();
  watch.reported(zone);
  serials.set(zone, 0);
  assert.deepEqual(await round(), []);
});

test('only synced zones are asked about', async () => {
  const other = parseName('other.example.');
  const { asked } = await watched([entryOf(zone), { ...entryOf(zone), zone: other, state: 'panel-only' }]);
  assert.deepEqual([...new Set(asked)], [zone]);
});

test('a server that serves none of the zones is left alone for minutes', async () => {
  const { serials, asked, round, bench } = await watched();
  serials.delete(zone);
  await round();
  const before = asked.length;
  for (let count = 0; count < 20; count += 1) await round();
  assert.equal(asked.length, before);
  serials.set(zone, 9);
  await bench.wait(300_000);
  assert.ok(asked.length > before);
  // The server's old serial is forgotten, so the new one does not count as a change, and no zone is compared.
  // Edits made meanwhile are found by the comparison of all zones.
  assert.deepEqual(bench.woken, []);
});

test('a zone that comes later is asked about in the next round', async () => {
  const { bench, serials, asked, round } = await watched([]);
  await round();
  serials.set(zone, 1);
  await bench.journal.commit({ zones: [entryOf(zone)] });
  await round();
  assert.deepEqual(asked, [zone]);
});

test('with too many zones nobody is asked', async () => {
  const names = Array.from({ length: 501 }, (_, number) => parseName(`z${number}.example.`));
  for (const state of ['synced', 'panel-only'] as const) {
    const others = names.map((name) => ({ ...entryOf(zone, { state }), zone: name }));
    const { asked } = await watched([entryOf(zone), ...others]);
    assert.deepEqual(asked, [], state);
  }
});

test('an unreadable journal ends no watch', async () => {
  const { bench, serials, round } = await watched();
  const counts = bench.journal.counts.bind(bench.journal);
  bench.journal.counts = () => Promise.reject(new JournalError('journal.unreadable'));
  await round();
  assert.ok(bench.lines.includes('2 serials.failed code=journal.unreadable'));
  bench.journal.counts = counts;
  await bench.wait(300_000);
  assert.deepEqual(bench.woken, []);
  serials.set(zone, 7);
  assert.deepEqual(await round(), compared);
});
