/** Tests a single comparison of one zone (docs/adoption.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../../dns/record.ts';
import {
  sampleCreate,
  sampleDelete,
  sampleOperation,
  sampleRow,
  sampleWatch,
} from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { CentralError } from '../../central.ts';
import type { LedgerRow, ZoneEntry } from '../../ledger.ts';
import { PanelError } from '../../panel.ts';
import { creates, type Operation, type RecordsOperation } from '../../operation.ts';
import { baselineFact } from '../before/unknown-zone.ts';
import { followDue } from '../knowledge/follow-due.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import { compareZone } from './compare.ts';

const [one, two, three] = [a('www', 1), a('www', 2), a('ftp', 3)] as const;

interface Given {
  readonly panel?: readonly ResourceRecord[] | null;
  readonly central?: readonly ResourceRecord[] | null;
  readonly entry?: ZoneEntry | null;
  readonly rows?: readonly LedgerRow[];
  readonly operations?: readonly Operation[];
  readonly isBaselineTaken?: boolean;
}

async function given(what: Given, isPaused = (): boolean => false): Promise<Bench> {
  const { panel = [], central = [], entry = entryOf(zone), rows = [], operations = [] } = what;
  const bench = engineBench({ isPaused });
  if (panel !== null) bench.panel.zones.set(zone, panel);
  if (central !== null) bench.central.store.putZone(zone, central);
  await bench.journal.commit({
    operations,
    zones: entry === null ? [] : [entry],
    rows: [{ zone, put: rows }],
    facts: (what.isBaselineTaken ?? true) ? { [baselineFact]: '1' } : {},
  });
  return bench;
}

async function compare(bench: Bench, parts: Partial<CompareRequest> = {}): Promise<void> {
  await bench.run(compareZone(bench.runtime, zone, { reason: 'periodic', follow: 'no', ...parts }));
}

async function rowsIn({ journal }: Bench): Promise<Record<string, string>> {
  const rows = await journal.rows(zone);
  return Object.fromEntries(rows.map(({ record, state }) => [record.rdata.slice(-1), state]));
}

function stuck(remove: ResourceRecord | null, add: ResourceRecord | null): RecordsOperation {
  const items = [{ remove, add, mirrored: true, note: null }];
  return sampleOperation('0', { state: 'stuck', items, added: [], removed: [], afterSeen: true });
}

const synced = [sampleRow(1, { record: one })];

test('the first comparison joins what is equal, and leaves the rest on its side', async () => {
  const bench = await given({
    panel: [one, three],
    central: [one, two],
    entry: null,
    isBaselineTaken: false,
  });
  await compare(bench);
  assert.deepEqual(await rowsIn(bench), { 1: 'synced', 2: 'central-only', 3: 'panel-only' });
  const { incarnation, state, baselineAt, note } = (await bench.journal.zone(zone)) ?? entryOf(zone);
  assert.deepEqual([state, incarnation, baselineAt, note], ['synced', 1, bench.clock.wall(), null]);
  assert.deepEqual((bench.central.store.records(zone) ?? []).length, 2);
});

test('later what is new in the panel is added', async () => {
  const bench = await given({ panel: [one, three], central: [one], rows: synced });
  await compare(bench);
  assert.deepEqual(
    bench.central.store.records(zone)?.map(({ rdata }) => rdata.slice(-1)),
    ['1', '3'],
  );
  const [operation] = await bench.journal.operations({});
  assert.deepEqual([operation?.class, operation?.source], ['follow', 'periodic']);
});

test('issue 14: an alias beside a record of an open edit waits, and the zone is compared again', async () => {
  const alias = makeRecord({ name: 'www', type: 'CNAME', rdata: 'elsewhere.example.net.' }, zone);
  const items = [{ remove: null, add: one, mirrored: true, note: null }];
  const open = sampleOperation('0', { state: 'applied', items, added: [one], removed: [] });
  const bench = await given({ panel: [alias], central: [one], operations: [open] });
  await compare(bench);
  assert.deepEqual([bench.central.store.records(zone)?.length, await rowsIn(bench)], [1, {}]);
  await bench.wait(100_000);
  assert.deepEqual(bench.woken, ['90000 comparison periodic no']);
});

test('a stuck edit whose records are alike ends, and its records are entered in the same comparison', async () => {
  const bench = await given({ panel: [two], central: [two], rows: synced, operations: [stuck(one, two)] });
  await compare(bench);
  assert.equal((await bench.journal.operation('0'))?.state, 'confirmed');
  assert.deepEqual(await rowsIn(bench), { 2: 'synced' });
});

test('one whose records differ stays stuck, and they are not judged', async () => {
  const bench = await given({ panel: [two], central: [one], rows: synced, operations: [stuck(one, two)] });
  await compare(bench);
  assert.equal((await bench.journal.operation('0'))?.state, 'stuck');
  assert.deepEqual(await rowsIn(bench), { 1: 'synced' });
  assert.equal(bench.central.store.records(zone)?.length, 1);
});

test('a read that a call disturbed ends no stuck edit', async () => {
  const bench = await given({ panel: [two], central: [two], rows: synced, operations: [stuck(one, two)] });
  bench.panel.onRead = async () =>
    await bench.runtime.gate.during([zone], async () => await Promise.resolve());
  await compare(bench);
  assert.equal((await bench.journal.operation('0'))?.state, 'stuck');
});

test('a zone on its way in or out is judged by its own operation', async () => {
  const entry = entryOf(zone, { state: 'creating' });
  for (const operation of [sampleCreate('0', { state: 'kept' }), sampleDelete('0', { state: 'kept' })]) {
    const bench = await given({ panel: [one], central: [one], entry, operations: [operation] });
    await compare(bench);
    assert.deepEqual([await rowsIn(bench), await bench.journal.zone(zone)], [{}, entry]);
  }
  const ended = sampleCreate('0', { state: 'confirmed' });
  const bench = await given({ panel: [one], central: [one], operations: [ended] });
  await compare(bench);
  assert.deepEqual(await rowsIn(bench), { 1: 'synced' });
});

test('records of operations on watch are not judged; the zone is compared when the watch is over', async () => {
  const until = 1_700_000_000_000 + 90_000;
  const watch = { until, added: [one], removed: [] };
  const late = sampleOperation('0', { state: 'reverted', items: [], added: [], watch });
  const whole = sampleDelete('0', { state: 'reverted', watch: sampleWatch(until) });
  for (const [operation, panel, central, isLeft] of [
    [late, [], [one], true],
    [late, [one], [], true],
    [whole, [one], [], true],
    [whole, [one], [one], false],
  ] as const) {
    const bench = await given({ panel, central, rows: synced, operations: [operation] });
    await compare(bench, { follow: 'limited' });
    assert.deepEqual(await rowsIn(bench), { 1: 'synced' });
    await bench.wait(200_000);
    assert.deepEqual(bench.woken, isLeft ? ['90000 comparison periodic limited'] : []);
  }
});

test('a zone that the central lacks is noted, or made where nothing was agreed on yet', async () => {
  const noted = await given({ panel: [one], central: null, rows: synced });
  await compare(noted);
  assert.equal((await noted.journal.zone(zone))?.note, 'note.missing-at-central');
  for (const scene of [{ entry: entryOf(zone) }, { entry: null }]) {
    const bench = await given({ panel: [one], central: null, ...scene });
    await compare(bench);
    const [made] = creates(await bench.journal.operations({}));
    assert.deepEqual([made?.class, made?.state, made?.source], ['follow', 'kept', 'periodic']);
    await bench.wait(100);
    assert.deepEqual(bench.woken, ['0 operations']);
  }
  const old = await given({ panel: [one], central: null, entry: null, isBaselineTaken: false });
  await compare(old);
  assert.deepEqual((await old.journal.zone(zone))?.state, 'panel-only');
  const left = await given({ panel: [one], central: null, entry: entryOf(zone, { state: 'panel-only' }) });
  await compare(left);
  assert.deepEqual(await left.journal.operations({}), []);
});

test('a zone that the panel lacks is noted, dropped or deleted, by how it stands and what may follow', async () => {
  const after = async (
    entry: ZoneEntry | null,
    parts: Partial<CompareRequest> = {},
    prepare: (bench: Bench) => void = () => undefined,
  ): Promise<unknown> => {
    const bench = await given({ panel: null, central: [one], entry, rows: synced });
    prepare(bench);
    await compare(bench, parts);
    const [operation] = await bench.journal.operations({});
    const now = await bench.journal.zone(zone);
    return [now?.state ?? null, now?.note ?? null, operation?.kind ?? null];
  };
  const gone = ['synced', 'note.gone-from-panel', null];
  assert.deepEqual(await after(entryOf(zone)), gone);
  assert.deepEqual(await after(entryOf(zone), { follow: 'limited' }), gone);
  assert.deepEqual(await after(entryOf(zone), { follow: 'named' }), ['deleting', null, 'zone-delete']);
  assert.deepEqual(await after(entryOf(zone, { state: 'panel-only' })), [null, null, null]);
  assert.deepEqual(await after(null), [null, null, null]);
  const unreadable = ['synced', 'note.panel-list-unreadable', null];
  const garble = ({ panel }: Bench): void => void panel.unreadable.push('a..b');
  assert.deepEqual(await after(entryOf(zone), {}, garble), unreadable);
  assert.deepEqual(await after(entryOf(zone, { state: 'panel-only' }), {}, garble), [
    'panel-only',
    null,
    null,
  ]);
  const sign = ({ central }: Bench): void =>
    void central.store.signings.set(zone, { signed: true, ds: [], cds: [] });
  const signed = ['synced', 'note.gone-signed', null];
  assert.deepEqual(await after(entryOf(zone), { follow: 'named' }, sign), signed);
});

test('a copy of another server’s zone is noted, and left as it stands', async () => {
  for (const entry of [null, entryOf(zone), entryOf(zone, { state: 'panel-only' })]) {
    const bench = await given({ panel: [one], central: [one], entry });
    bench.central.faults.before = () => {
      throw new CentralError('zone.copy', { state: 'untouched', retry: 'never' });
    };
    await compare(bench);
    const { state, note } = (await bench.journal.zone(zone)) ?? {};
    assert.deepEqual([state, note], [entry?.state ?? 'panel-only', 'zone.copy']);
  }
});

test('a damaged ledger is compared only for a person, who gets a new baseline', async () => {
  const bench = await given({ panel: [one, three], central: [one], rows: synced });
  bench.journal.damage(zone);
  await compare(bench);
  await assert.rejects(bench.journal.rows(zone));
  await compare(bench, { asked: true, follow: 'limited' });
  assert.deepEqual(await rowsIn(bench), { 1: 'synced', 3: 'panel-only' });
  assert.equal(bench.central.store.records(zone)?.length, 1);
});

test('what the panel lacks is listed where nothing may follow, and removed where it may, after a second read', async () => {
  const rows = [one, two, three].map((record) => sampleRow(1, { record }));
  const scene = { panel: [one, three], central: [one, two, three], rows };
  const listed = await given(scene);
  await compare(listed);
  assert.deepEqual(await rowsIn(listed), { 1: 'synced', 2: 'conflict', 3: 'synced' });
  assert.equal(listed.central.store.records(zone)?.length, 3);
  const followed = await given(scene);
  await compare(followed, { follow: 'limited' });
  assert.deepEqual(await rowsIn(followed), { 1: 'synced', 2: 'synced', 3: 'synced' });
  await followed.wait(5_000);
  assert.deepEqual(followed.woken, ['5000 comparison periodic limited']);
  await compare(followed, { follow: 'limited' });
  assert.deepEqual(await rowsIn(followed), { 1: 'synced', 3: 'synced' });
  assert.equal(followed.central.store.records(zone)?.length, 2);
});

test('a zone that was just filled is followed as well: its first reads may have shown an older state', async () => {
  const rows = [one, two, three].map((record) => sampleRow(1, { record }));
  const bench = await given({ panel: [one, three], central: [one, two, three], rows });
  await bench.journal.commit({ facts: { 'filled-zones': `${bench.clock.wall()}=${zone}` } });
  await compare(bench);
  await bench.wait(5_000);
  assert.deepEqual(bench.woken, ['5000 comparison periodic limited']);
  // The request `named` may remove more records than `limited`, so it is not changed to `limited`.
  await compare(bench, { follow: 'named' });
  assert.equal(bench.central.store.records(zone)?.length, 2);
});

test('a zone whose delete ended although the panel has it is followed by whichever comparison comes next', async () => {
  const rows = [one, two, three].map((record) => sampleRow(1, { record }));
  const bench = await given({ panel: [one, three], central: [one, two, three], rows });
  const since = bench.clock.wall();
  await bench.journal.commit({ facts: followDue(bench.runtime.ports, zone) });
  const due = async (): Promise<boolean> => (await bench.journal.fact(`follow-due ${zone}`)) !== null;
  await compare(bench, { reason: 'asked' });
  await bench.wait(5_000);
  assert.deepEqual(bench.woken, ['5000 comparison kept-delete limited']);
  await compare(bench, { reason: 'asked' });
  assert.equal(bench.central.store.records(zone)?.length, 2);
  const [operation] = await bench.journal.operations({});
  assert.deepEqual([operation?.class, operation?.source], ['follow', 'kept-delete']);
  // Panel reads may still lack edits that the panel reported before the delete ended.
  await compare(bench, { follow: 'limited' });
  assert.equal(await due(), true);
  await bench.wait(90_000);
  await compare(bench);
  assert.equal(await due(), false);
  await bench.journal.commit({ facts: { [`follow-due ${zone}`]: String(since + 3_600_000) } });
  await compare(bench);
  assert.equal(await due(), false, 'the clock was set back');
});

test('a comparison that removes records does not end what is due: the engine may stop before it has removed them', async () => {
  const rows = [one, two, three].map((record) => sampleRow(1, { record }));
  const bench = await given({ panel: [one, three], central: [one, two, three], rows });
  await bench.journal.commit({ facts: { [`follow-due ${zone}`]: '0' } });
  await compare(bench);
  await bench.wait(5_000);
  await compare(bench);
  assert.equal(bench.central.store.records(zone)?.length, 2);
  assert.notEqual(await bench.journal.fact(`follow-due ${zone}`), null);
  await compare(bench);
  assert.equal(await bench.journal.fact(`follow-due ${zone}`), null);
});

test('before the baseline nothing is removed', async () => {
  const rows = [sampleRow(1, { record: one }), sampleRow(1, { record: two })];
  const entry = entryOf(zone, { state: 'panel-only' });
  const bench = await given({ panel: [one], central: [one, two], rows, entry });
  await compare(bench, { follow: 'limited' });
  await bench.wait(60_000);
  assert.deepEqual(bench.woken, []);
  assert.deepEqual(await rowsIn(bench), { 1: 'synced', 2: 'conflict' });
});

test('an excluded zone stays excluded, with what it was entered with', async () => {
  const entry = entryOf(zone, { state: 'excluded', incarnation: 4, baselineAt: 9, note: 'x' });
  const bench = await given({ panel: [one], central: [one], entry });
  await compare(bench);
  assert.deepEqual(await bench.journal.zone(zone), { ...entry, note: null });
});

test('only what is on watch and still synced lets the zone be looked at when the watch is over', async () => {
  const watch = { until: 1_700_000_000_000 + 90_000, added: [one], removed: [] };
  const late = sampleOperation('0', { state: 'reverted', items: [], added: [], watch });
  const cases: readonly (readonly [string, Given, boolean])[] = [
    ['the panel shows it', { panel: [one], central: [one], rows: synced }, false],
    [
      'it is not synced',
      { panel: [], central: [one], rows: [sampleRow(1, { record: one, state: 'excluded' })] },
      false,
    ],
    [
      'another one is missing',
      { panel: [one], central: [one, three], rows: [...synced, sampleRow(3, { record: three })] },
      false,
    ],
    ['it is missing', { panel: [], central: [one], rows: synced }, true],
  ];
  for (const [what, scene, waits] of cases) {
    const bench = await given({ ...scene, operations: [late] });
    await compare(bench, { follow: 'limited' });
    await bench.wait(89_999);
    const before = bench.woken.length;
    await bench.wait(1);
    assert.equal(bench.woken.length - before, waits ? 1 : 0, what);
  }
});

test('while the panel may still keep the delete or create of the zone, no synced record is judged', async () => {
  const watch = { until: 1_700_000_000_000 + 90_000, added: [], removed: [] };
  for (const [operation, isJudged] of [
    [sampleDelete('0', { state: 'reverted', watch }), false],
    [sampleDelete('0', { state: 'reverted', watch, afterSeen: true }), true],
    [sampleCreate('0', { state: 'reverted', watch }), false],
    [sampleDelete('0', { state: 'confirmed', watch }), true],
    [sampleDelete('0', { state: 'reverted' }), true],
    [sampleOperation('0', { state: 'reverted', items: [], added: [], watch }), true],
  ] as const) {
    const bench = await given({ panel: [], central: [one], rows: synced, operations: [operation] });
    await compare(bench);
    assert.deepEqual(await rowsIn(bench), { 1: isJudged ? 'conflict' : 'synced' }, operation.kind);
  }
});

test('a stuck delete of a signed zone is sent by no comparison', async () => {
  const problems = [{ code: 'zone.signed-waiting', params: {} }];
  const waiting = sampleDelete('0', { state: 'stuck', afterSeen: true, problems });
  const entry = entryOf(zone, { state: 'deleting' });
  for (const follow of ['limited', 'named'] as const) {
    const bench = await given({ panel: null, central: [one], entry, operations: [waiting] });
    await compare(bench, { follow });
    assert.equal((await bench.stored(waiting))?.state, 'stuck');
  }
});

test('a zone below a signed one that does not delegate it is not made', async () => {
  const child = parseName('child', zone);
  const below = async (entry: ZoneEntry | null, follow: CompareRequest['follow']): Promise<Bench> => {
    const bench = await given({ central: [] });
    bench.central.store.signings.set(zone, { signed: true, ds: [], cds: [] });
    bench.panel.zones.set(child, [one]);
    if (entry !== null) await bench.journal.commit({ zones: [entry] });
    await bench.run(compareZone(bench.runtime, child, { reason: 'periodic', follow }));
    return bench;
  };
  const listed = await below(null, 'no');
  const entry = await listed.journal.zone(child);
  assert.deepEqual([entry?.state, entry?.note, entry?.incarnation], ['panel-only', 'note.signed-above', 1]);
  assert.equal(entry?.baselineAt, listed.clock.wall());
  assert.deepEqual(await listed.journal.operations({}), []);
  const noted = entryOf(child, { state: 'panel-only', note: 'note.signed-above', incarnation: 5 });
  const again = await below(noted, 'named');
  assert.deepEqual(await again.journal.operations({}), []);
});

test('a zone that the panel’s list has, or that cannot be listed, is not gone', async () => {
  const bench = await given({ panel: null, central: [one], rows: synced });
  bench.panel.listZones = async () => await Promise.resolve({ zones: [zone], unreadable: [] });
  await compare(bench, { follow: 'named' });
  assert.deepEqual(await bench.journal.zone(zone), entryOf(zone));
  assert.deepEqual(await bench.journal.operations({}), []);
});

test('a zone that is noted as gone is not looked up in the list again, unless a call names it', async () => {
  for (const [entry, follow, isRead] of [
    [entryOf(zone, { note: 'note.gone-from-panel' }), 'no', false],
    [entryOf(zone, { note: 'note.gone-from-panel' }), 'named', true],
    [entryOf(zone), 'no', true],
    [null, 'no', false],
  ] as const) {
    const bench = await given({ panel: null, central: [one], entry });
    const reads: unknown[] = [];
    bench.panel.onRead = (what) => void reads.push(what);
    await compare(bench, { follow });
    assert.equal(reads.includes('list'), isRead, `${entry?.note ?? '-'} ${follow}`);
  }
});

test('a zone that the central cannot serve is noted until it can, and tried again', async () => {
  const bench = await given({ panel: [one], central: [one], rows: synced });
  bench.central.faults.before = () => {
    throw new CentralError('central.zone-failing', { state: 'untouched', retry: 'later' });
  };
  await assert.rejects(compare(bench), CentralError);
  assert.equal((await bench.journal.zone(zone))?.note, 'central.zone-failing');
  bench.central.faults.before = undefined;
  await compare(bench);
  assert.equal((await bench.journal.zone(zone))?.note, null);
  bench.panel.onRead = () => {
    throw new PanelError('panel.garbled');
  };
  await assert.rejects(compare(bench), PanelError);
  assert.equal((await bench.journal.zone(zone))?.note, 'panel.garbled');
});

test('a failure that is not about the zone alone leaves no note, nor does a zone that is not synced get one', async () => {
  const fail = (code: 'central.unreachable' | 'central.zone-failing', { central }: Bench): void => {
    central.faults.before = () => {
      throw new CentralError(code, { state: 'untouched', retry: 'later' });
    };
  };
  for (const [code, state] of [
    ['central.unreachable', 'synced'],
    ['central.zone-failing', 'panel-only'],
  ] as const) {
    const bench = await given({ panel: [one], central: [one], entry: entryOf(zone, { state }) });
    fail(code, bench);
    await assert.rejects(compare(bench), CentralError);
    assert.equal((await bench.journal.zone(zone))?.note, null);
  }
});

test('issue 16, pause: a comparison that runs when a pause begins sends nothing, and stays due', async () => {
  const cases: readonly Given[] = [
    { panel: [one, three], central: [one], rows: synced },
    { panel: null, central: [one], rows: synced },
    { panel: [one], central: null, entry: null },
  ];
  for (const what of cases) {
    let paused = false;
    const bench = await given(what, () => paused);
    bench.panel.onRead = () => {
      paused = true;
    };
    const before = [bench.central.store.records(zone), await bench.journal.zone(zone), await rowsIn(bench)];
    await compare(bench, { follow: 'named' });
    const after = [bench.central.store.records(zone), await bench.journal.zone(zone), await rowsIn(bench)];
    assert.deepEqual(after, before);
    assert.deepEqual(await bench.journal.operations({}), []);
    await bench.wait(60_000);
    assert.deepEqual(bench.woken, []);
    const request = bench.runtime.agenda.takeRequest(zone);
    assert.deepEqual([request?.reason, request?.follow], ['periodic', 'named']);
    bench.panel.onRead = () => undefined;
    paused = false;
    await compare(bench, { follow: 'named' });
    assert.equal((await bench.journal.operations({})).length, 1);
  }
});

test('issue 16, pause: what was removed in a pause is no conflict for a comparison that began before it', async () => {
  let paused = false;
  const rows = [one, two, three].map((record, at) => sampleRow(at + 1, { record }));
  const bench = await given({ panel: [one, two], central: [one, two, three], rows }, () => paused);
  bench.panel.onRead = () => {
    paused = true;
  };
  bench.central.faults.before = async () => {
    paused = false;
    await bench.runtime.agenda.scheduleFollowing(async () => await Promise.resolve());
  };
  await compare(bench);
  assert.deepEqual(await rowsIn(bench), { 1: 'synced', 2: 'synced', 3: 'synced' });
  await bench.wait(60_000);
  assert.deepEqual(
    bench.woken.map((what) => what.replace(/^\d+ /, '')),
    ['comparison periodic limited'],
  );
});

test('issue 16, pause: a first comparison writes nothing anyway, and goes on', async () => {
  const what = { panel: [one, three], central: [one, two], entry: null, isBaselineTaken: false };
  const bench = await given(what, () => true);
  await compare(bench);
  assert.deepEqual(await rowsIn(bench), { 1: 'synced', 2: 'central-only', 3: 'panel-only' });
});
