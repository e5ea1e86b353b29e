/**
 * Tests which records a comparison may remove, and which it writes, step by step (docs/adoption.md, rows 22
 * to 25).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName, type DnsName } from '../../../dns/name.ts';
import type { ResourceRecord } from '../../../dns/record.ts';
import { sampleRow } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, viewOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { CentralError } from '../../central.ts';
import type { LedgerRow } from '../../ledger.ts';
import { deletes, edits } from '../../operation.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import { defaultSafetyLimits } from '../knowledge/safety-limits.ts';
import { Moved } from '../parts/store.ts';
import { followDelete, followNamedZone, followPanel, permitFor } from './follow.ts';

const request: CompareRequest = { reason: 'site.edit', follow: 'limited' };

/** Makes an A record for each of `count` hosts. */
function hosts(count: number): ResourceRecord[] {
  return Array.from({ length: count }, (_, at) => a(`h${at}`, 1));
}

function rowsOf(records: readonly ResourceRecord[]): LedgerRow[] {
  return records.map((record) => sampleRow(1, { record }));
}

interface Lacks {
  readonly all?: number;
  /** How many of the hosts' records the panel lacks. */
  readonly lacks: number;
  readonly follow?: CompareRequest['follow'];
  readonly quiet?: boolean;
  /** Ledger rows in addition to those of `hosts`. */
  readonly others?: readonly LedgerRow[];
}

function permit(
  { runtime }: Bench,
  { all = 20, lacks, follow = 'limited', quiet = true, others = [] }: Lacks,
): string {
  const records = hosts(all);
  const view = viewOf(records.slice(lacks), { quiet });
  const lack = { view, rows: [...rowsOf(records), ...others], gone: records.slice(0, lacks) };
  return permitFor(runtime, zone, { ...request, follow }, lack);
}

test('what the panel lacks goes once a second read agrees, which is asked for', async () => {
  const bench = engineBench();
  assert.equal(permit(bench, { lacks: 2 }), 'later');
  await bench.wait(4_999);
  assert.deepEqual([permit(bench, { lacks: 2 }), bench.woken], ['later', []]);
  await bench.wait(1);
  assert.deepEqual(bench.woken, ['5000 comparison site.edit limited']);
  assert.equal(permit(bench, { lacks: 2 }), 'follow');
  // The permission counts only once. If the panel lacks the same records again, two new reads have to prove
  // it.
  assert.equal(permit(bench, { lacks: 2 }), 'later');
});

test('a read that shows something else, is disturbed, or finds nothing lacking begins the proof anew', async () => {
  const others: readonly Lacks[] = [{ lacks: 3 }, { lacks: 2, quiet: false }, { lacks: 0 }];
  for (const between of others) {
    const bench = engineBench();
    permit(bench, { lacks: 2 });
    await bench.wait(6_000);
    permit(bench, between);
    assert.equal(permit(bench, { lacks: 2 }), 'later', JSON.stringify(between));
    await bench.wait(6_000);
    assert.equal(permit(bench, { lacks: 2 }), 'follow', JSON.stringify(between));
  }
});

test('the order in which the records come does not matter', async () => {
  const bench = engineBench();
  const records = hosts(4);
  const lack = { view: viewOf(records.slice(2)), rows: rowsOf(records) };
  const gone = records.slice(0, 2);
  permitFor(bench.runtime, zone, request, { ...lack, gone });
  await bench.wait(6_000);
  const turned = permitFor(bench.runtime, zone, request, { ...lack, gone: gone.toReversed() });
  assert.equal(turned, 'follow');
});

test('nothing proves a lack right after a start', async () => {
  const bench = engineBench();
  await bench.wait(7_000);
  bench.runtime.grace.begin();
  const until = 30_000;
  assert.equal(permit(bench, { lacks: 1 }), 'later');
  await bench.wait(until - 1);
  assert.equal(permit(bench, { lacks: 1 }), 'later');
  assert.deepEqual(bench.woken, []);
  await bench.wait(1);
  assert.deepEqual(bench.woken, ['37000 comparison site.edit limited']);
  assert.equal(permit(bench, { lacks: 1 }), 'follow');
});

test('where nothing may follow, or nothing lacks, no second read is needed', () => {
  assert.equal(permit(engineBench(), { lacks: 2, follow: 'no' }), 'follow');
  assert.equal(permit(engineBench(), { lacks: 0 }), 'follow');
});

test('the safety limits: all of it, the fifth record, and over 30 % of ten or more', () => {
  const cases: readonly (readonly [Lacks, string])[] = [
    [{ all: 20, lacks: 4 }, 'later'],
    [{ all: 20, lacks: 5 }, 'list'],
    [{ all: 10, lacks: 3 }, 'later'],
    [{ all: 10, lacks: 4 }, 'list'],
    [{ all: 9, lacks: 4 }, 'later'],
    [{ all: 1, lacks: 1 }, 'list'],
    [{ all: 20, lacks: 5, follow: 'named' }, 'list'],
  ];
  for (const [lacks, expected] of cases) {
    const bench = engineBench();
    assert.equal(permit(bench, lacks), expected, JSON.stringify(lacks));
    assert.deepEqual(bench.logged, expected === 'list' ? ['follow.limited'] : []);
  }
});

test('issue 17, limits: the settings say how much a comparison may remove from a zone', () => {
  const limits = { ...defaultSafetyLimits, records: 8, share: 50, largeZone: 4 };
  const cases: readonly (readonly [Lacks, string])[] = [
    [{ all: 20, lacks: 7 }, 'later'],
    [{ all: 20, lacks: 8 }, 'list'],
    [{ all: 4, lacks: 2 }, 'later'],
    [{ all: 4, lacks: 3 }, 'list'],
    [{ all: 3, lacks: 2 }, 'later'],
    [{ all: 3, lacks: 3 }, 'list'],
  ];
  for (const [lacks, expected] of cases)
    assert.equal(permit(engineBench({ settings: { limits } }), lacks), expected, JSON.stringify(lacks));
});

test('rows that are not synced make no zone larger, and leave nothing in it', () => {
  const others = ['x', 'y'].map((host) => sampleRow(1, { record: a(host, 2), state: 'panel-only' }));
  // The zone has nine synced records, and two that only the panel has. So it is not a large zone.
  assert.equal(permit(engineBench(), { all: 9, lacks: 4, others }), 'later');
  assert.equal(permit(engineBench(), { all: 2, lacks: 2, others }), 'list');
});

/** Makes a bench whose zone has these records at the central. A comparison has read them. */
async function following(records: readonly ResourceRecord[]): Promise<Bench> {
  const bench = engineBench();
  bench.central.store.putZone(zone, records);
  await bench.journal.commit({ zones: [entryOf(zone)], rows: [{ zone, put: rowsOf(records) }] });
  bench.journal.takes = 10;
  return bench;
}

async function followed(
  bench: Bench,
  gone: readonly ResourceRecord[],
  added: ResourceRecord[],
): Promise<void> {
  const { runtime, central } = bench;
  const additions = added.map((record) => ({ ...record, key: `key of ${record.rdata}` }));
  const step = runtime.timers.step('-', async (ctx) => {
    const present = (await central.readZone(zone, [], ctx)) ?? [];
    await followPanel(runtime, { zone, source: 'site.edit', additions, gone, present }, ctx);
  });
  await bench.run(step);
}

async function rowsIn({ journal }: Bench): Promise<unknown> {
  const all = await journal.rows(zone);
  return all.map(({ record, state, onPanel, onCentral, panelKey, note }) => {
    return [record.rdata.slice(-1), state, onPanel, onCentral, panelKey, note];
  });
}

const [old, kept, fresh] = [a('www', 1), a('www', 2), a('www', 3)] as const;

test('what is new and what is gone is written as one operation, which has ended', async () => {
  const bench = await following([old, kept]);
  await followed(bench, [old], [fresh]);
  const values = (bench.central.store.records(zone) ?? []).map(({ rdata }) => rdata.slice(-1)).sort();
  assert.deepEqual(values, ['2', '3']);
  const [operation, ...others] = edits(await bench.journal.operations({}));
  assert.ok(operation !== undefined && others.length === 0);
  const { class: group, state, source, afterSeen, items, removed, added } = operation;
  assert.deepEqual([group, state, source, afterSeen], ['follow', 'confirmed', 'site.edit', true]);
  assert.deepEqual([removed, added], [[old], [fresh]]);
  assert.deepEqual(
    items.map(({ remove, add, mirrored }) => [remove, add, mirrored]),
    [
      [old, null, true],
      [null, fresh, true],
    ],
  );
  assert.deepEqual(await rowsIn(bench), [
    ['2', 'synced', true, true, sampleRow(1).panelKey, null],
    ['3', 'synced', true, true, 'key of 192.0.2.3', null],
  ]);
  assert.equal(bench.runtime.inFlight.size, 0);
});

test('what the central refuses is listed with its reason, on the side that has it', async () => {
  const bench = await following([old, kept]);
  bench.central.faults.before = ({ method }) => {
    if (method === 'read') return;
    throw new CentralError('central.refused', { state: 'untouched', retry: 'never' });
  };
  await followed(bench, [old], [fresh]);
  assert.deepEqual(await rowsIn(bench), [
    ['1', 'conflict', false, true, null, 'central.refused'],
    ['2', 'synced', true, true, sampleRow(1).panelKey, null],
    ['3', 'panel-only', true, false, 'key of 192.0.2.3', 'central.refused'],
  ]);
});

test('while it is written it is prepared and in flight; after a failure it is looked at when its time is over', async () => {
  const bench = await following([old, kept]);
  const seen: unknown[] = [];
  bench.central.faults.before = async ({ method }) => {
    if (method === 'read') return;
    assert.equal(bench.clock.now(), 10);
    const [operation] = await bench.journal.operations({});
    seen.push([operation?.state, bench.runtime.inFlight.has(operation?.id ?? '')]);
    await bench.clock.sleep(500);
    throw new CentralError('central.unreachable', { state: 'unknown', retry: 'later' });
  };
  await assert.rejects(followed(bench, [old], []), CentralError);
  assert.deepEqual(seen, [['prepared', true]]);
  const [operation] = await bench.journal.operations({});
  assert.equal(operation?.state, 'prepared');
  assert.equal(bench.runtime.inFlight.size, 0);
  // The engine begins to wait for the panel when the write has ended, not when it begins.
  assert.equal(bench.runtime.patience.since(operation?.id ?? ''), 510);
  await bench.wait(10_000);
  assert.deepEqual(bench.woken, ['5510 operations']);
});

const minute = 60_000;

/** Makes a bench with this many zones in the ledger. */
async function withZones(count: number, limits = defaultSafetyLimits): Promise<Bench> {
  const bench = engineBench({ settings: { limits } });
  const names = Array.from({ length: count }, (_, at): DnsName => parseName(`z${at}.example.`));
  await bench.journal.commit({ zones: names.map((name) => entryOf(name)) });
  return bench;
}

/**
 * Deletes zones that calls of the panel named, until the limit is reached. @returns the number of deleted
 * zones
 */
async function deleteNamed(bench: Bench, most: number): Promise<number> {
  const { runtime, run, journal } = bench;
  const synced = (await journal.zones()).filter(({ state }) => state === 'synced');
  for (const [at, entry] of synced.slice(0, most).entries()) {
    const called = { reason: 'user.delete', follow: 'named' } as const;
    if (!(await run(followNamedZone(runtime, entry.zone, called)))) return at;
  }
  return most;
}

test('zones follow where the panel named them, one in a hundred within an hour', async () => {
  const cases: readonly (readonly [zones: number, deleted: number])[] = [
    [3, 1],
    [100, 1],
    [101, 2],
    [250, 3],
    [2_500, 20],
  ];
  for (const [zones, deleted] of cases)
    assert.equal(await deleteNamed(await withZones(zones), 30), deleted, `${zones} zones`);
});

test('issue 17, limits: the settings say how many zones may go within an hour', async () => {
  const limits = { ...defaultSafetyLimits, zoneShare: 10, zones: 4 };
  for (const [zones, deleted] of [
    [3, 1],
    [21, 3],
    [200, 4],
  ] as const)
    assert.equal(await deleteNamed(await withZones(zones, limits), 30), deleted, `${zones} zones`);
});

test('an hour later another may go; an operator may have any deleted', async () => {
  const bench = await withZones(4);
  assert.equal(await deleteNamed(bench, 2), 1);
  assert.ok(bench.logged.includes('follow.limited'));
  const { runtime, run } = bench;
  const forced = { source: 'push', limited: false, allowed: false };
  assert.equal((await run(followDelete(runtime, parseName('z2.example.'), forced))).kind, 'begun');
  await bench.wait(59 * minute);
  assert.equal(await deleteNamed(bench, 1), 0);
  await bench.wait(2 * minute);
  assert.equal(await deleteNamed(bench, 2), 1);
});

test('a zone that nobody named does not go', async () => {
  const { runtime, run, journal } = await withZones(3);
  const one = parseName('z1.example.');
  for (const follow of ['no', 'limited'] as const)
    assert.equal(await run(followNamedZone(runtime, one, { reason: 'periodic', follow })), false);
  assert.deepEqual(await journal.operations({}), []);
});

test('issue 17, limits: of zones that are deleted at the same moment no more go than the limit allows', async () => {
  for (const count of [3, 250]) {
    const bench = await withZones(count);
    const allowed = count === 3 ? 1 : 3;
    // Each transaction takes a while, so that the next ones begin before it ends.
    bench.journal.takes = 10;
    const why = { source: 'push', limited: true, allowed: false };
    const all = Array.from({ length: 3 * allowed }, (_, at) =>
      followDelete(bench.runtime, parseName(`z${at % count}.example.`), why),
    );
    const kinds = (await bench.run(Promise.allSettled(all))).map((one) =>
      one.status === 'fulfilled' ? one.value.kind : 'failed',
    );
    assert.equal(kinds.filter((kind) => kind === 'begun').length, allowed, kinds.join(' '));
    assert.equal((await bench.journal.operations({})).length, allowed);
  }
});

test('the delete of a zone is journalled with what the central has of it, and sent soon', async () => {
  const bench = engineBench();
  await bench.journal.commit({
    zones: [entryOf(zone, { incarnation: 3, note: 'note.gone-from-panel' })],
    rows: [
      {
        zone,
        put: [
          sampleRow(1, { record: old }),
          sampleRow(2, { record: kept, onCentral: false, state: 'panel-only' }),
        ],
      },
    ],
  });
  bench.journal.takes = 10;
  await bench.run(
    followDelete(bench.runtime, zone, { source: 'user.delete', limited: true, allowed: false }),
  );
  const [operation, ...others] = deletes(await bench.journal.operations({}));
  assert.ok(operation !== undefined && others.length === 0);
  const { class: group, state, source, incarnation, afterSeen, snapshot } = operation;
  assert.deepEqual(
    [group, state, source, incarnation, afterSeen],
    ['follow', 'kept', 'user.delete', 3, true],
  );
  assert.deepEqual(snapshot, [old]);
  const { state: now, note } = (await bench.journal.zone(zone)) ?? {};
  assert.deepEqual([now, note], ['deleting', null]);
  assert.equal(await bench.journal.fact(`signed-delete.allowed ${zone}`), null);
  await bench.wait(1_000);
  assert.deepEqual(bench.woken, ['210 operations']);
});

test('a zone that was changed while it was read is not deleted', async () => {
  const bench = engineBench();
  await bench.journal.commit({ zones: [entryOf(zone)] });
  const read = bench.journal.rows.bind(bench.journal);
  bench.journal.rows = async (...which) => {
    await bench.journal.commit({ zones: [entryOf(zone, { state: 'excluded' })] });
    return await read(...which);
  };
  const deleting = followDelete(bench.runtime, zone, {
    source: 'user.delete',
    limited: true,
    allowed: false,
  });
  await assert.rejects(bench.run(deleting), Moved);
  assert.deepEqual(await bench.journal.operations({}), []);
  assert.equal((await bench.journal.zone(zone))?.state, 'excluded');
});

test('an administrator may have a signed zone deleted; a zone that the ledger lacks is not deleted', async () => {
  const bench = engineBench();
  await bench.run(followDelete(bench.runtime, zone, { source: 'push', limited: true, allowed: true }));
  assert.deepEqual(await bench.journal.operations({}), []);
  await bench.journal.commit({ zones: [entryOf(zone)] });
  await bench.run(followDelete(bench.runtime, zone, { source: 'push', limited: true, allowed: true }));
  const [operation] = await bench.journal.operations({});
  assert.equal(await bench.journal.fact(`signed-delete.allowed ${zone}`), operation?.id);
});
