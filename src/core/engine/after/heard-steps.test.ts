/** Tests how the engine carries out an edit that only the panel decided about, step by step. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRecord } from '../../../dns/record.ts';
import { sampleCreate, sampleOperation, sampleRow } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, viewOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { administrator, recordsEvent } from '../../../testing/simulator/edits.ts';
import { CentralError } from '../../central.ts';
import type { ZoneEntry } from '../../ledger.ts';
import { edits, type RecordsOperation } from '../../operation.ts';
import type { EditEvent, EditItem } from '../../panel.ts';
import { followHeard, hear } from './heard.ts';

const [old, next, last] = [a('www', 1), a('www', 2), a('www', 3)] as const;

const heard = sampleOperation('0', {
  class: 'compensate',
  state: 'prepared',
  afterSeen: true,
  items: [{ remove: old, add: next, mirrored: true, note: null }],
  added: [],
  problems: [],
});

async function given(operations: readonly RecordsOperation[] = [heard]): Promise<Bench> {
  const bench = engineBench();
  bench.central.store.putZone(zone, [old]);
  await bench.journal.commit({
    operations,
    zones: [entryOf(zone)],
    rows: [{ zone, put: [sampleRow(1, { record: old })] }],
  });
  return bench;
}

function atCentral({ central }: Bench): string {
  return (central.store.records(zone) ?? []).map(({ rdata }) => rdata.slice(-1)).join();
}

/** Makes every write at the central fail. @param isUnread whether reads fail too, once a write was tried */
function refuseWrites({ central }: Bench, retry: 'never' | 'later', isUnread = false): void {
  let isWritten = false;
  const code = retry === 'never' ? 'central.refused' : 'central.unreachable';
  central.faults.before = ({ method }) => {
    isWritten ||= method !== 'read';
    if (method !== 'read' || (isUnread && isWritten))
      throw new CentralError(code, { state: isUnread ? 'unknown' : 'untouched', retry });
  };
}

test('what the panel shows is carried out', async () => {
  const bench = await given();
  await bench.run(followHeard(bench.runtime, heard, viewOf([next])));
  assert.equal(atCentral(bench), '2');
  assert.equal((await bench.stored(heard))?.state, 'kept');
});

test('what the central refuses is put back in the panel, soon', async () => {
  const bench = await given();
  refuseWrites(bench, 'never');
  await bench.run(followHeard(bench.runtime, heard, viewOf([next])));
  const operation = await bench.stored(heard);
  assert.deepEqual([operation?.state, operation?.afterSeen], ['reverting', true]);
  assert.deepEqual(
    operation?.problems.map(({ code }) => code),
    ['central.refused'],
  );
  await bench.wait(1_000);
  assert.deepEqual(bench.woken, ['200 operations']);
});

test('while the central is out of reach it is tried again, ever later', async () => {
  const bench = await given();
  bench.central.faults.before = () => {
    throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
  };
  const before = { ...heard, attempts: 2 };
  await bench.journal.commit({ operations: [before] });
  await bench.run(followHeard(bench.runtime, before, viewOf([next])));
  const operation = await bench.stored(heard);
  assert.deepEqual([operation?.state, operation?.attempts], ['prepared', 3]);
  assert.equal(operation?.problems[0]?.code, 'central.unreachable');
  await bench.wait(10_000);
  assert.deepEqual(bench.woken, ['4000 operations']);
});

test('a write that failed on the way ends by itself; another operation does it again', async () => {
  for (const isUnread of [false, true]) {
    const bench = await given();
    refuseWrites(bench, 'later', isUnread);
    await bench.run(followHeard(bench.runtime, heard, viewOf([next])));
    const [first, again, ...others] = edits(await bench.journal.operations({}));
    assert.ok(first !== undefined && again !== undefined && others.length === 0);
    assert.deepEqual([first.id, first.state, first.watch === null], ['0', 'refused', !isUnread]);
    const { class: group, state, afterSeen, attempts, items } = again;
    assert.deepEqual(
      { group, state, afterSeen, attempts, items },
      { group: 'compensate', state: 'prepared', afterSeen: true, attempts: 1, items: heard.items },
    );
  }
});

test('what the panel shows otherwise, twice, is left to a comparison', async () => {
  for (const view of [viewOf([old]), viewOf(null)]) {
    const bench = await given();
    bench.runtime.patience.heard('0');
    await bench.run(followHeard(bench.runtime, heard, { ...view, readAt: 0 }));
    await bench.run(followHeard(bench.runtime, heard, { ...view, readAt: 90_000 }));
    assert.equal((await bench.stored(heard))?.state, 'prepared');
    await bench.wait(95_000);
    await bench.run(followHeard(bench.runtime, heard, { ...view, readAt: 95_000 }));
    assert.equal((await bench.stored(heard))?.state, 'reverted');
    assert.equal(atCentral(bench), '1');
    await bench.wait(1_000);
    assert.equal(bench.woken.at(-1), '95200 comparison kept-otherwise limited');
  }
});

test('two reads that differ from each other decide nothing', async () => {
  const bench = await given();
  bench.runtime.patience.heard('0');
  await bench.run(followHeard(bench.runtime, heard, { ...viewOf([old]), readAt: 90_000 }));
  await bench.run(followHeard(bench.runtime, heard, { ...viewOf([old, next]), readAt: 100_000 }));
  await bench.run(followHeard(bench.runtime, heard, { ...viewOf(null), readAt: 110_000 }));
  assert.equal((await bench.stored(heard))?.state, 'prepared');
  assert.equal(atCentral(bench), '1');
});

function event(...items: readonly EditItem[]): EditEvent {
  return recordsEvent(zone, items, 'after');
}

async function open(bench: Bench): Promise<readonly RecordsOperation[]> {
  return edits(await bench.journal.operations({ openAt: bench.clock.wall() }));
}

function pairs(operation: RecordsOperation | undefined): unknown {
  return operation?.items.map(({ remove, add }) => [
    remove?.rdata.slice(-1) ?? null,
    add?.rdata.slice(-1) ?? null,
  ]);
}

test('an edit that the panel reports is noted, and looked at soon', async () => {
  const bench = await given([]);
  await bench.run(hear(bench.runtime, event({ remove: old, add: next })));
  const [noted, ...others] = await open(bench);
  assert.ok(noted !== undefined && others.length === 0);
  const { class: group, state, afterSeen, actor } = noted;
  assert.deepEqual([group, state, afterSeen, actor], ['compensate', 'prepared', true, 'alice']);
  assert.deepEqual(pairs(noted), [['1', '2']]);
  assert.equal(atCentral(bench), '1');
  await bench.wait(1_000);
  assert.deepEqual(bench.woken, ['200 operations']);
});

const chains: readonly (readonly [string, readonly EditItem[], readonly EditItem[], unknown])[] = [
  [
    'a change and a change back',
    [{ remove: old, add: next }],
    [{ remove: next, add: old }],
    [
      ['1', '1'],
      ['2', null],
    ],
  ],
  [
    'a change and another',
    [{ remove: old, add: next }],
    [{ remove: next, add: last }],
    [
      ['1', null],
      ['2', '3'],
    ],
  ],
  [
    'a change and a delete',
    [{ remove: old, add: next }],
    [{ remove: next, add: null }],
    [
      ['1', null],
      ['2', null],
    ],
  ],
  ['an add and a delete', [{ remove: null, add: next }], [{ remove: next, add: null }], [['2', null]]],
  [
    'two adds',
    [{ remove: null, add: next }],
    [{ remove: null, add: last }],
    [
      [null, '2'],
      [null, '3'],
    ],
  ],
  ['a delete and an add', [{ remove: old, add: null }], [{ remove: null, add: old }], [['1', '1']]],
];

for (const [what, first, second, expected] of chains) {
  test(`${what}, reported before the panel was read, are one edit`, async () => {
    const bench = await given([]);
    await bench.run(hear(bench.runtime, event(...first)));
    await bench.run(hear(bench.runtime, event(...second)));
    const [composed, ...others] = await open(bench);
    assert.deepEqual(others, []);
    const sorted = (list: unknown): unknown => (Array.isArray(list) ? list.map(String).toSorted() : list);
    assert.deepEqual(sorted(pairs(composed)), sorted(expected));
  });
}

test('edits of other names, and one that is being carried out, stay for themselves', async () => {
  const bench = await given([]);
  await bench.run(hear(bench.runtime, event({ remove: null, add: a('ftp', 5) })));
  await bench.run(hear(bench.runtime, event({ remove: old, add: next })));
  assert.equal((await open(bench)).length, 2);
  for (const { id } of await open(bench)) bench.runtime.inFlight.add(id);
  await bench.run(hear(bench.runtime, event({ remove: next, add: last })));
  assert.equal((await open(bench)).length, 3);
});

const asked: readonly (readonly [string, EditEvent, ZoneEntry | null, string | null])[] = [
  [
    'an edit of a zone that is left alone',
    event({ remove: old, add: next }),
    entryOf(zone, { state: 'panel-only' }),
    'limited',
  ],
  ['an edit of a record that nobody knows', event({ remove: last, add: next }), entryOf(zone), 'limited'],
  ['a delete', { ...zoneEvent('zone-delete') }, entryOf(zone), 'named'],
  ['a create', { ...zoneEvent('zone-create') }, entryOf(zone), 'no'],
  ['an edit of a zone that is not in the ledger', event({ remove: old, add: next }), null, null],
];

function zoneEvent(kind: 'zone-create' | 'zone-delete'): EditEvent {
  const base = { stage: 'after', zone, fingerprint: kind, actor: administrator, echo: null } as const;
  if (kind === 'zone-delete') return { ...base, kind };
  return { ...base, kind, seed: { addresses: [], nameServers: [], mailServers: [] } };
}

for (const [what, call, entry, follow] of asked) {
  test(`of ${what} only a comparison is asked for`, async () => {
    const bench = engineBench();
    const looked: (readonly [ResourceRecord['name'], string])[] = [];
    bench.runtime.askForZone = (name, { follow: how }) => void looked.push([name, how]);
    if (entry !== null) await bench.journal.commit({ zones: [entry] });
    await bench.run(hear(bench.runtime, call));
    assert.deepEqual(await open(bench), []);
    await bench.wait(1_000);
    assert.deepEqual(bench.woken, follow === null ? [] : [`200 comparison left-to-the-panel ${follow}`]);
    assert.deepEqual(looked, follow === null ? [[zone, 'limited']] : []);
  });
}

test('issue 14, new zones: an edit that nobody can make out lets the zone’s open create wait for reads anew', async () => {
  const bench = await given([]);
  const { runtime, journal } = bench;
  const create = sampleCreate('1', { state: 'kept' });
  const ended = sampleCreate('2', { state: 'reverted' });
  await journal.commit({ operations: [create, ended], zones: [entryOf(zone, { state: 'creating' })] });
  for (const { id } of [create, ended]) runtime.patience.begin(id);
  await bench.wait(10_000);
  await bench.run(hear(runtime, recordsEvent(zone, [{ remove: last, add: null }], 'after')));
  assert.deepEqual(
    [create, ended].map(({ id }) => runtime.now - runtime.patience.since(id) < 5_000),
    [true, false],
  );
});
