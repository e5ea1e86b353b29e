/**
 * Tests the background step of one zone: what it decides at which time, and when the next step is scheduled.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRecord } from '../../../dns/record.ts';
import {
  sampleCreate,
  sampleDelete,
  sampleOperation,
  sampleRow,
} from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { CentralError } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import type { Operation, OperationState, RecordsOperation } from '../../operation.ts';
import { PanelError } from '../../panel.ts';
import { baselineFact } from '../before/unknown-zone.ts';
import { Moved } from '../parts/store.ts';
import { stepComparison, stepOperations } from './step.ts';

const [old, next] = [a('www', 1), a('www', 2)] as const;

function edit(state: OperationState, parts: Partial<RecordsOperation> = {}): RecordsOperation {
  const items = [{ remove: old, add: next, mirrored: true, note: null }];
  return sampleOperation('0', { state, items, removed: [old], added: [next], ...parts });
}

interface Given {
  readonly panel?: readonly ResourceRecord[] | null;
  readonly central?: readonly ResourceRecord[];
  readonly operations?: readonly Operation[];
  /** Whether the central takes expectations. */
  readonly conditional?: boolean;
}

async function given(
  { panel = [next], central = [next], operations = [], conditional = false }: Given,
  isPaused = (): boolean => false,
): Promise<Bench> {
  const bench = engineBench({ isPaused, conditional });
  if (panel !== null) bench.panel.zones.set(zone, panel);
  bench.central.store.putZone(zone, central);
  await bench.journal.commit({
    operations,
    zones: [entryOf(zone)],
    rows: [{ zone, put: [sampleRow(1, { record: old })] }],
    facts: { [baselineFact]: '1' },
  });
  return bench;
}

async function step(bench: Bench): Promise<void> {
  await bench.run(stepOperations(bench.runtime, zone));
}

/** Makes a step at each of these times (ms). @returns the state of the operation after each step */
async function statesAt(bench: Bench, times: readonly number[]): Promise<unknown[]> {
  const states: unknown[] = [];
  for (const at of times) {
    await bench.wait(at - bench.clock.now());
    await step(bench);
    states.push((await bench.stored({ id: '0' }))?.state);
  }
  return states;
}

test('what the panel shows is confirmed at the first read', async () => {
  for (const state of ['applied', 'kept'] as const) {
    const bench = await given({ operations: [edit(state)] });
    assert.deepEqual(await statesAt(bench, [0]), ['confirmed']);
  }
});

test('what the panel does not show is undone after two reads that agree, once its time is over', async () => {
  const cases: readonly (readonly [Operation, readonly number[]])[] = [
    [edit('applied'), [0, 4_999, 5_000, 9_999]],
    [edit('applied', { afterSeen: true }), [0, 5_000, 15_000, 89_999, 90_000, 94_999]],
    [edit('kept'), [0, 5_000, 15_000, 89_999, 90_000, 94_999]],
    [edit('kept', { class: 'compensate' }), [0, 5_000, 15_000, 89_999, 90_000, 94_999]],
    [edit('kept', { class: 'follow' }), [0, 5_000, 14_999, 15_000, 19_999]],
  ];
  for (const [operation, times] of cases) {
    for (const panel of [[old], null]) {
      const bench = await given({ panel, operations: [operation] });
      bench.runtime.patience.heard('0');
      assert.deepEqual(
        await statesAt(bench, times),
        times.map(() => operation.state),
      );
      await bench.wait(1);
      await step(bench);
      assert.notEqual((await bench.stored({ id: '0' }))?.state, operation.state);
      assert.notEqual((await bench.stored({ id: '0' }))?.state, 'confirmed');
    }
  }
});

test('issue 14, reads: what a recent read does not show is undone sooner', async () => {
  const mail = a('mail', 3);
  const items = [{ remove: null, add: mail, mirrored: true, note: null }];
  const later = edit('kept', { id: '1', items, removed: [], added: [mail] });
  for (const [heard, state] of [
    [0, 'reverted'],
    [2_000, 'kept'],
  ] as const) {
    const bench = await given({
      panel: [old, mail],
      central: [next, mail],
      operations: [edit('kept'), later],
    });
    const { patience, readProofs } = bench.runtime;
    for (const now of [0, 1_000, 2_000]) {
      if (now === heard) patience.heard('0');
      if (now === 1_000) readProofs.begin('1');
      await bench.wait(1_000);
    }
    const at = bench.clock.now();
    await statesAt(bench, [at, at + 14_999, at + 20_000, at + 25_000]);
    assert.deepEqual(
      [(await bench.stored({ id: '0' }))?.state, (await bench.stored(later))?.state],
      [state, 'confirmed'],
    );
  }
});

test('reads that differ decide nothing', async () => {
  const bench = await given({ panel: [old], operations: [edit('applied')] });
  bench.runtime.patience.heard('0');
  assert.deepEqual(await statesAt(bench, [6_000]), ['applied']);
  bench.panel.zones.delete(zone);
  assert.deepEqual(await statesAt(bench, [12_000]), ['applied']);
  bench.panel.zones.set(zone, []);
  assert.deepEqual(await statesAt(bench, [18_000]), ['applied']);
});

test('an operation that a call works on, and one that has ended or is stuck, is left alone', async () => {
  const busy = await given({ operations: [edit('kept')] });
  busy.runtime.inFlight.add('0');
  assert.deepEqual(await statesAt(busy, [0]), ['kept']);
  const reads: unknown[] = [];
  for (const state of ['stuck', 'confirmed', 'refused'] as const) {
    const bench = await given({ operations: [edit(state)] });
    bench.panel.onRead = (what) => void reads.push(what);
    assert.deepEqual(await statesAt(bench, [0]), [state]);
  }
  assert.deepEqual(reads, []);
});

test('what ended operations on watch may have written late is looked at in the same step', async () => {
  const watch = { until: 1_700_000_600_000, added: [next], removed: [] };
  const late = edit('refused', { watch, removed: [], added: [], changedAt: 1_700_000_000_000 });
  const bench = await given({ panel: [old], central: [old], operations: [late] });
  await step(bench);
  assert.deepEqual(bench.woken, []);
  await bench.wait(5_000);
  assert.deepEqual(bench.woken, ['5000 operations']);
  bench.central.faults.before = ({ method }) => {
    if (method === 'read')
      throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
  };
  await step(bench);
  assert.ok(bench.logged.includes('zone.later'));
});

test('an edit that only the panel decided about is carried out when the panel shows it', async () => {
  const heard = edit('prepared', { class: 'compensate', afterSeen: true, removed: [], added: [] });
  const bench = await given({ central: [old], operations: [heard] });
  assert.deepEqual(await statesAt(bench, [0]), ['kept']);
  assert.deepEqual(
    bench.central.store.records(zone)?.map(({ rdata }) => rdata),
    [next.rdata],
  );
});

test('an edit that the central refused too late is put back in the panel, a zone as well', async () => {
  const bench = await given({ operations: [edit('reverting', { class: 'compensate' })] });
  let writes = 0;
  bench.panel.write = async () => {
    await bench.clock.sleep(10);
    writes += 1;
  };
  await step(bench);
  assert.equal(writes, 1);
  const create = sampleCreate('0', {
    class: 'compensate',
    state: 'reverting',
    createdAt: bench.clock.wall(),
    refusedContent: [next],
  });
  const made = await given({ operations: [create] });
  let deletes = 0;
  made.panel.deleteZone = async () => {
    await made.clock.sleep(10);
    deletes += 1;
  };
  await step(made);
  assert.equal(deletes, 1);
});

test('an undo of an edit that was asked about is made at the central, not in the panel', async () => {
  const bench = await given({ panel: [old], operations: [edit('reverting')] });
  let writes = 0;
  bench.panel.write = async () => {
    writes += 1;
    await Promise.resolve();
  };
  for (const at of [0, 6_000, 12_000, 18_000, 24_000, 30_000]) await statesAt(bench, [at]);
  assert.equal((await bench.stored({ id: '0' }))?.state, 'reverted');
  assert.deepEqual(
    bench.central.store.records(zone)?.map(({ rdata }) => rdata),
    [old.rdata],
  );
  assert.equal(writes, 0);
});

test('while it waits the zone is looked at again when the next read may agree', async () => {
  const bench = await given({
    panel: null,
    operations: [sampleCreate('1', { state: 'kept', afterSeen: true }), sampleDelete('0')],
  });
  bench.runtime.patience.heard('1');
  const wakes: number[] = [];
  bench.runtime.agenda.wake = (_zone, delay) => void wakes.push(delay);
  await step(bench);
  assert.ok(wakes.includes(5_000), wakes.join());
});

test('a delete without its after waits for an open create of the zone', async () => {
  const create = sampleCreate('1', { state: 'kept', afterSeen: true });
  const remove = sampleDelete('0', { state: 'prepared' });
  const ahead = await given({ panel: null, operations: [create, remove] });
  ahead.runtime.patience.heard('1');
  assert.deepEqual(await statesAt(ahead, [0, 6_000, 12_000]), ['prepared', 'prepared', 'prepared']);
  const alone = await given({ panel: null, operations: [remove] });
  assert.notDeepEqual(await statesAt(alone, [0, 6_000, 12_000]), ['prepared', 'prepared', 'prepared']);
  const heard = { ...remove, state: 'kept', afterSeen: true } as const;
  const told = await given({ panel: null, operations: [create, heard] });
  assert.notDeepEqual(await statesAt(told, [0, 6_000, 12_000]), ['kept', 'kept', 'kept']);
});

const failures: readonly (readonly [string, Error])[] = [
  ['panel', new PanelError('panel.unreachable')],
  ['central', new CentralError('central.unreachable', { state: 'untouched', retry: 'later' })],
  ['journal', new JournalError('journal.locked')],
  ['defect', new TypeError('a defect')],
];

for (const [what, error] of failures) {
  test(`after a failure (${what}) the zone is looked at later, each time, until it succeeds`, async () => {
    const bench = await given({ operations: [edit('kept')] });
    let failing = true;
    bench.panel.onRead = () => {
      if (failing) throw error;
    };
    for (const [at, delay] of [
      [0, 500],
      [10_000, 1_000],
      [20_000, 2_000],
    ] as const) {
      await bench.wait(at - bench.clock.now());
      await step(bench);
      await bench.wait(9_000);
      assert.equal(bench.woken.at(-1), `${at + delay} operations`);
    }
    const level = what === 'defect' ? 1 : 2;
    const line = `${level} zone.later zone=${zone} delay=500 error=${error.message}`;
    assert.equal(
      bench.lines.find((one) => one.includes('zone.later')),
      line,
    );
    assert.equal(bench.logged.filter((event) => event === 'zone.later').length, 3);
    failing = false;
    await step(bench);
    assert.equal((await bench.stored({ id: '0' }))?.state, 'confirmed');
    // A success resets the count of failures, so the next failure counts as the first one.
    await bench.journal.commit({ operations: [{ ...edit('kept'), id: '1' }] });
    failing = true;
    await bench.wait(60_000 - bench.clock.now());
    await step(bench);
    await bench.wait(9_000);
    assert.equal(bench.woken.at(-1), '60500 operations');
  });
}

test('what has moved meanwhile is no failure: the zone is looked at again soon', async () => {
  const bench = await given({ operations: [edit('kept')] });
  bench.panel.onRead = () => {
    throw new Moved(zone);
  };
  await step(bench);
  await bench.wait(1_000);
  assert.deepEqual([bench.woken, bench.logged], [['200 operations'], []]);
});

test('a failure while the engine stops is none', async () => {
  const bench = await given({ operations: [edit('kept')] });
  bench.panel.onRead = () => {
    bench.runtime.timers.stopping.abort(new Error('stopping'));
    throw new PanelError('panel.unreachable');
  };
  await step(bench);
  assert.deepEqual(bench.logged, []);
});

test('a step of the clock is noticed', async () => {
  const bench = await given({});
  await step(bench);
  bench.clock.stepWall(60_000);
  await step(bench);
  assert.ok(bench.logged.includes('clock.step'));
});

async function compareStep(bench: Bench): Promise<void> {
  await bench.run(stepComparison(bench.runtime, zone));
}

test('a comparison that is due is made after the open operations were looked at', async () => {
  const bench = await given({ operations: [edit('kept')] });
  bench.runtime.agenda.compareSoon(zone, 'asked', 'limited', Infinity);
  await compareStep(bench);
  assert.equal((await bench.stored({ id: '0' }))?.state, 'confirmed');
  assert.deepEqual(bench.logged.includes('zone.compare'), true);
  assert.deepEqual([...bench.runtime.agenda.wanted], []);
  assert.equal(bench.runtime.agenda.isResting(zone), true);
});

test('without a request nothing is compared', async () => {
  const bench = await given({ operations: [edit('kept')] });
  await compareStep(bench);
  assert.equal((await bench.stored({ id: '0' }))?.state, 'confirmed');
  assert.equal(bench.logged.includes('zone.compare'), false);
  assert.equal(bench.runtime.agenda.isResting(zone), false);
});

test('a request that came while the zone was compared waits until the zone has rested', async () => {
  const bench = await given({ panel: [old], central: [old] });
  bench.runtime.agenda.compareSoon(zone, 'first', 'no', Infinity);
  await compareStep(bench);
  bench.runtime.agenda.compareSoon(zone, 'second', 'limited', Infinity);
  await compareStep(bench);
  assert.equal(bench.logged.filter((event) => event === 'zone.compare').length, 1);
  assert.deepEqual([...bench.runtime.agenda.wanted], [zone]);
  await bench.wait(10_000);
  assert.deepEqual(bench.woken, ['2000 comparison second limited']);
});

test('a comparison that takes long is followed by a longer rest', async () => {
  const bench = await given({ panel: [old], central: [old] });
  bench.panel.onRead = async () => await bench.clock.sleep(3_000);
  bench.runtime.agenda.compareSoon(zone, 'first', 'no', Infinity);
  await compareStep(bench);
  await bench.wait(11_999);
  assert.equal(bench.runtime.agenda.isResting(zone), true);
  await bench.wait(1);
  assert.equal(bench.runtime.agenda.isResting(zone), false);
});

test('a comparison that fails is made later, for the same reason', async () => {
  const bench = await given({ panel: [old], central: [old] });
  bench.panel.onRead = () => {
    throw new PanelError('panel.unreachable');
  };
  bench.runtime.agenda.compareSoon(zone, 'asked', 'limited', Infinity);
  await compareStep(bench);
  assert.deepEqual([...bench.runtime.agenda.wanted], [zone]);
  await bench.wait(10_000);
  assert.deepEqual(bench.woken, ['500 comparison asked limited']);
  assert.ok(bench.logged.includes('zone.later'));
});

function unreachable(): never {
  throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
}

test('issue 14: a failed comparison that may remove records is remembered by the journal, once, with its reason', async () => {
  const bench = await given({ panel: [old], central: [old] });
  const due = async (): Promise<string | null> => await bench.journal.fact(`follow-due ${zone}`);
  bench.central.faults.before = unreachable;
  const compare = async (reason: string, follow: 'no' | 'limited' | 'named'): Promise<void> => {
    await bench.wait(10_000);
    bench.runtime.agenda.compareSoon(zone, reason, follow, Infinity);
    await compareStep(bench);
  };
  await compare('periodic', 'no');
  assert.equal(await due(), null);
  const since = bench.clock.wall() + 10_000;
  await compare('site.edit', 'named');
  assert.equal(await due(), `${since} site.edit`);
  await compare('periodic', 'limited');
  assert.equal(await due(), `${since} site.edit`);
});

test('issue 14: a journal that cannot remember a failed comparison keeps it from nothing', async () => {
  const bench = await given({ panel: [old], central: [old] });
  bench.central.faults.before = unreachable;
  bench.journal.commit = async () => await Promise.reject(new JournalError('journal.write-failed', {}));
  bench.runtime.agenda.compareSoon(zone, 'site.edit', 'limited', Infinity);
  await compareStep(bench);
  assert.ok(bench.lines.some((line) => line.startsWith('2 journal.failed')));
  assert.deepEqual([...bench.runtime.agenda.wanted], [zone]);
  assert.ok(bench.logged.includes('zone.later'));
});

test('issue 16, pause: a comparison waits for its end, and reads nothing until then', async () => {
  let paused = true;
  const bench = await given({ panel: [next, old], central: [old] }, () => paused);
  let reads = 0;
  bench.panel.onRead = () => void (reads += 1);
  bench.runtime.agenda.want(zone, { reason: 'serial', follow: 'limited' }, Infinity);
  await bench.run(stepComparison(bench.runtime, zone));
  assert.deepEqual([reads, bench.central.store.records(zone)?.length], [0, 1]);
  await bench.wait(60_000);
  assert.equal(bench.woken.length, 0);
  paused = false;
  await bench.runtime.agenda.scheduleFollowing(async () => await Promise.resolve());
  await bench.run(stepComparison(bench.runtime, zone));
  assert.deepEqual([reads, bench.central.store.records(zone)?.length], [1, 2]);
  await bench.wait(60_000);
  assert.ok(bench.woken.some((what) => what.includes(' comparison ')));
});

test('issue 16, pause: what a comparison has begun and not sent waits; an edit goes on to its end', async () => {
  let paused = true;
  const begun = { class: 'follow', actor: '', state: 'kept', afterSeen: true } as const;
  const cases = [
    { operation: sampleDelete('0', { zone, ...begun }), panel: null, waits: true },
    { operation: sampleCreate('0', { zone, ...begun }), panel: [next], waits: true },
    { operation: sampleDelete('0', { zone, ...begun, actor: 'operator' }), panel: null, waits: false },
    { operation: sampleCreate('0', { zone, ...begun, requested: true }), panel: [next], waits: false },
    { operation: sampleCreate('0', { zone, ...begun, source: 'late-write' }), panel: [next], waits: false },
    { operation: edit('kept'), panel: [next], waits: false },
  ];
  for (const { operation, panel, waits } of cases) {
    const bench = await given({ panel, operations: [operation] }, () => paused);
    let reads = 0;
    bench.panel.onRead = () => void (reads += 1);
    await step(bench);
    assert.equal(reads, waits ? 0 : 1);
    paused = false;
    await bench.wait(2_000);
    assert.equal(bench.woken.includes('2000 operations'), waits);
    await step(bench);
    assert.ok(reads > 0);
    paused = true;
  }
});

test('an unanswered write takes no step before its outcome is known; other operations do', async () => {
  const other = sampleOperation('1', {
    state: 'kept',
    items: [{ remove: null, add: a('ftp', 1), mirrored: true, note: null }],
    added: [a('ftp', 1)],
  });
  const operations = [edit('prepared', { unanswered: '0:1' }), other];
  const bench = await given({
    panel: [old, a('ftp', 1)],
    central: [old, next],
    operations,
    conditional: true,
  });
  let isDown = true;
  bench.central.faults.before = ({ method }) => {
    if (isDown && method === 'outcome')
      throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
  };
  assert.deepEqual(await statesAt(bench, [0, 40_000, 80_000]), ['prepared', 'prepared', 'prepared']);
  assert.equal((await bench.stored(other))?.state, 'confirmed');
  assert.equal(bench.logged.filter((event) => event === 'zone.later').length, 3);
  isDown = false;
  assert.deepEqual((await statesAt(bench, [120_000, 160_000, 200_000])).at(-1), 'reverted');
  // Somebody else had written what the edit was to add.
  assert.deepEqual(
    bench.central.store.records(zone)?.map(({ rdata }) => rdata),
    [old.rdata, next.rdata],
  );
});
