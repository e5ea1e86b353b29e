/** Tests which RRsets are read at a central that cannot show whole zones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRecord } from '../../../dns/record.ts';
import type { RRsetKey } from '../../../dns/zone.ts';
import { sampleCreate, sampleOperation, sampleRow, sampleWatch } from '../../../testing/contracts/journal.ts';
import { engineBench, type Bench } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { readCentralZone } from './central-zone.ts';

const hosts = ['held', 'row', 'gone', 'come', 'late', 'found', 'other'] as const;
const [held, row, gone, come, late, found, other] = hosts.map((host, at) => a(host, at + 1));

function all(): ResourceRecord[] {
  return [held, row, gone, come, late, found, other].flatMap((record) => record ?? []);
}

/**
 * Makes a bench whose central has all records of `hosts`.
 * @param wholeZones whether the central can show whole zones
 */
function given(wholeZones: boolean): Bench {
  const bench = engineBench({ traits: { wholeZones } });
  bench.central.store.putZone(zone, all());
  return bench;
}

/** Hosts of the records that a read returns. */
async function read({ runtime, run }: Bench, known: readonly RRsetKey[] = []): Promise<string[]> {
  const step = runtime.timers.step('-', (ctx) => readCentralZone(runtime, zone, known, ctx));
  return ((await run(step)) ?? []).map(({ name }) => name.split('.')[0] ?? '').sort();
}

test('a central that shows whole zones is asked for nothing in particular', async () => {
  const bench = given(true);
  assert.deepEqual(await read(bench), [...hosts].sort());
});

test('a zone that the central lacks is no empty zone', async () => {
  const { runtime, run } = engineBench({ traits: { wholeZones: false } });
  assert.equal(await run(runtime.timers.step('-', (ctx) => readCentralZone(runtime, zone, [], ctx))), null);
});

test('otherwise what panel, ledger and recent operations have is asked for', async () => {
  const bench = given(false);
  const edit = { remove: gone ?? null, add: come ?? null, mirrored: false, note: null };
  await bench.journal.commit({
    rows: [{ zone, put: [sampleRow(1, { record: a('row', 2) })] }],
    operations: [
      sampleOperation('a', { state: 'confirmed', items: [edit], added: [] }),
      sampleOperation('b', {
        state: 'refused',
        items: [],
        added: [],
        watch: { ...sampleWatch(5), added: [a('late', 5)] },
      }),
      sampleCreate('c', { state: 'confirmed', snapshot: [a('found', 6)] }),
    ],
  });
  assert.deepEqual(await read(bench, [a('held', 1)]), ['come', 'found', 'gone', 'held', 'late', 'row']);
});

test('an edit that only adds, or only removes, has no RRset but that', async () => {
  const bench = given(false);
  const edit = { remove: null, add: null, mirrored: true, note: null };
  await bench.journal.commit({
    operations: [
      sampleOperation('a', { items: [{ ...edit, add: a('come', 4) }], added: [] }),
      sampleOperation('b', { items: [{ ...edit, remove: a('gone', 3) }], added: [] }),
    ],
  });
  assert.deepEqual(await read(bench), ['come', 'gone']);
});

test('rows of a damaged ledger are not asked for', async () => {
  const bench = given(false);
  await bench.journal.commit({ rows: [{ zone, put: [sampleRow(1, { record: a('row', 2) })] }] });
  assert.deepEqual(await read(bench), ['row']);
  bench.journal.damage(zone);
  assert.deepEqual(await read(bench, [a('held', 1)]), ['held']);
});

test('operations are recent while fewer than fifty of the zone came after them', async () => {
  const bench = given(false);
  const item = { remove: null, mirrored: true, note: null };
  const edit = (at: number, record: ResourceRecord): ReturnType<typeof sampleOperation> =>
    sampleOperation(String(at).padStart(3, '0'), { items: [{ ...item, add: record }], added: [] });
  await bench.journal.commit({
    operations: [edit(0, a('come', 4)), ...Array.from({ length: 49 }, (_, at) => edit(at + 1, a('row', 2)))],
  });
  assert.deepEqual(await read(bench), ['come', 'row']);
  await bench.journal.commit({ operations: [edit(50, a('row', 2))] });
  assert.deepEqual(await read(bench), ['row']);
});
