import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord, type ResourceRecord } from '../../../dns/record.ts';
import {
  sampleCreate,
  sampleDelete,
  sampleOperation,
  sampleRow,
} from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, apex, zone } from '../../../testing/simulator/given.ts';
import { CentralError } from '../../central.ts';
import type { LedgerRow } from '../../ledger.ts';
import { edits, type Operation, type RecordsOperation } from '../../operation.ts';
import { checkRecords } from './watched-records.ts';

const www = a('www', 1);
const ftp = a('ftp', 1);
const start = 1_700_000_000_000;

/** A refused edit whose request may still add a record. */
function ended(id: string, add: ResourceRecord, parts: Partial<RecordsOperation> = {}): RecordsOperation {
  const watch = { until: start + 600_000, added: [add], removed: [] };
  const items = [{ remove: null, add, mirrored: true, note: null }];
  return sampleOperation(id, { state: 'reverted', items, added: [], watch, ...parts });
}

interface Given {
  readonly panel?: readonly ResourceRecord[] | null;
  readonly central?: readonly ResourceRecord[] | null;
  readonly rows?: readonly LedgerRow[];
  readonly operations?: readonly Operation[];
  readonly isEntered?: boolean;
}

async function given(what: Given): Promise<Bench> {
  const { panel = [], central = [], rows = [], operations = [], isEntered = true } = what;
  const bench = engineBench({ traits: { carriesTtl: true } });
  if (panel !== null) bench.panel.zones.set(zone, panel);
  if (central !== null) bench.central.store.putZone(zone, central);
  await bench.journal.commit({
    operations,
    zones: isEntered ? [entryOf(zone)] : [],
    rows: [{ zone, put: rows }],
  });
  return bench;
}

/** Checks the records twice. The pause between the checks is the shortest one with which both count. */
async function checkTwice(bench: Bench, watched: readonly Operation[]): Promise<void> {
  for (const wait of [0, 6_000]) {
    await bench.wait(wait);
    await bench.run(checkRecords(bench.runtime, zone, watched));
  }
}

function atCentral({ central }: Bench): string[] {
  return (central.store.records(zone) ?? []).map(({ name, rdata }) => `${name.slice(0, 3)} ${rdata}`).sort();
}

async function repairs({ journal }: Bench): Promise<readonly RecordsOperation[]> {
  return edits(await journal.operations({})).filter(({ class: group }) => group === 'follow');
}

test('what landed late and the panel does not have goes, by an operation of its own, once two looks agree', async () => {
  const late = ended('0', www);
  const bench = await given({ central: [www, ftp], operations: [late] });
  await bench.run(checkRecords(bench.runtime, zone, [late]));
  assert.deepEqual(atCentral(bench), ['ftp 192.0.2.1', 'www 192.0.2.1']);
  await bench.wait(4_999);
  await bench.run(checkRecords(bench.runtime, zone, [late]));
  assert.deepEqual(atCentral(bench), ['ftp 192.0.2.1', 'www 192.0.2.1']);
  await bench.wait(1);
  await bench.run(checkRecords(bench.runtime, zone, [late]));
  assert.deepEqual(atCentral(bench), ['ftp 192.0.2.1']);
  const [repair, ...others] = await repairs(bench);
  assert.deepEqual([repair?.state, repair?.afterSeen, others], ['kept', true, []]);
  assert.deepEqual(
    repair?.items.map(({ remove, add, mirrored, note }) => [remove?.rdata, add, mirrored, note]),
    [['192.0.2.1', null, true, 'note.late-write']],
  );
  assert.deepEqual([repair?.removed.length, repair?.added.length], [1, 0]);
  assert.equal(bench.runtime.inFlight.size, 0);
  assert.deepEqual(bench.logged.includes('late-write'), true);
  // The zone is woken for the second check, and again soon after the repair.
  await bench.wait(60_000);
  assert.deepEqual(bench.woken, ['5000 operations', '5200 operations']);
});

test('what the panel kept after all is brought to the central', async () => {
  const late = ended('0', www, { watch: { until: start + 600_000, added: [], removed: [www] } });
  const bench = await given({ panel: [www], operations: [late] });
  await checkTwice(bench, [late]);
  assert.deepEqual(atCentral(bench), ['www 192.0.2.1']);
  const [repair] = await repairs(bench);
  assert.deepEqual([repair?.added.length, repair?.removed.length], [1, 0]);
  assert.deepEqual(repair?.items, [{ remove: null, add: www, mirrored: true, note: 'note.late-write' }]);
});

const nothing: Readonly<Record<string, Given>> = {
  'both sides are alike': { panel: [www], central: [www] },
  'the panel has no such zone': { panel: null, central: [www] },
  'the central has no such zone': { central: null, panel: [www] },
  'the zone is not synchronised': { central: [www], isEntered: false },
  'a create that may be foreign is stuck': {
    central: [www],
    operations: [sampleCreate('1', { state: 'stuck', requested: true })],
  },
  'an open edit is about the record': {
    central: [www],
    operations: [{ ...ended('1', www), state: 'applied' }],
  },
  'the central has refused the same before': {
    central: [www],
    operations: [sampleOperation('1', { class: 'follow', state: 'refused', removed: [www], added: [] })],
  },
  'the record is left to the panel': {
    panel: [www],
    rows: [sampleRow(1, { record: www, state: 'panel-only' })],
  },
  'the record is excluded': { panel: [www], rows: [sampleRow(1, { record: www, state: 'excluded' })] },
  'the record is a conflict': { panel: [www], rows: [sampleRow(1, { record: www, state: 'conflict' })] },
};

for (const [what, scene] of Object.entries(nothing)) {
  test(`nothing is written where ${what}`, async () => {
    const late = ended('0', www);
    const bench = await given({ ...scene, operations: [late, ...(scene.operations ?? [])] });
    const before = atCentral(bench);
    const writes: string[] = [];
    bench.central.faults.before = ({ method }) => void (method === 'read' ? 0 : writes.push(method));
    await checkTwice(bench, [late]);
    await checkTwice(bench, [late]);
    assert.deepEqual([atCentral(bench), writes], [before, []]);
    const own = new Set(['0', ...(scene.operations ?? []).map(({ id }) => id)]);
    assert.deepEqual(
      (await repairs(bench)).filter(({ id }) => !own.has(id)),
      [],
    );
  });
}

const written: Readonly<Record<string, Given>> = {
  'a create that is stuck, but was never sent': {
    operations: [sampleCreate('1', { state: 'stuck', requested: false })],
  },
  'a create that was sent, but is not stuck': {
    operations: [sampleCreate('1', { state: 'kept', requested: true })],
  },
  'an open edit of another record': { operations: [{ ...ended('1', ftp), state: 'applied' }] },
  'an ended edit of the record': { operations: [ended('1', www)] },
  'a refusal of something else': {
    operations: [sampleOperation('1', { class: 'follow', state: 'refused', removed: [ftp], added: [] })],
  },
  'a refusal of a user’s edit': {
    operations: [sampleOperation('1', { class: 'veto', state: 'refused', removed: [www], added: [] })],
  },
  'the same that was not refused': {
    operations: [sampleOperation('1', { class: 'follow', state: 'reverted', removed: [www], added: [] })],
  },
  'a conflict': { rows: [sampleRow(1, { record: www, state: 'conflict' })] },
};

for (const [what, scene] of Object.entries(written)) {
  test(`a late write goes in spite of ${what}`, async () => {
    const late = ended('0', www);
    const bench = await given({ central: [www], ...scene, operations: [late, ...(scene.operations ?? [])] });
    await checkTwice(bench, [late]);
    assert.deepEqual(atCentral(bench), []);
  });
}

test('a record that nothing of ours wrote stays, though a watched edit wanted it; a synchronised one goes', async () => {
  const late = ended('0', www, { watch: { until: start + 600_000, added: [], removed: [] } });
  for (const state of ['synced', 'central-only'] as const) {
    const rows = [sampleRow(1, { record: www, state })];
    const bench = await given({ central: [www], rows, operations: [late] });
    await checkTwice(bench, [late]);
    assert.deepEqual(atCentral(bench), state === 'synced' ? [] : ['www 192.0.2.1']);
  }
});

test('the TTL is brought to the panel’s only where an edit of the TTL alone was about the record', async () => {
  const [slow, fast] = [
    { ...www, ttl: 3_600 },
    { ...www, ttl: 60 },
  ];
  const retiming = { remove: slow, add: fast, mirrored: true, note: null };
  const ttlAfter = async (items: RecordsOperation['items']): Promise<unknown> => {
    const late = ended('0', fast, { items });
    const operations = [late, ended('1', a('other', 1))];
    const bench = await given({ panel: [fast], central: [slow, ftp], operations });
    await checkTwice(bench, [late]);
    return bench.central.store.records(zone)?.find(({ name }) => name === www.name)?.ttl;
  };
  assert.equal(await ttlAfter([retiming]), 60);
  assert.equal(await ttlAfter([{ ...retiming, mirrored: false }]), 3_600);
  assert.equal(await ttlAfter([{ ...retiming, remove: null }]), 3_600);
  const other = { ...retiming, remove: { ...ftp, ttl: 5 }, add: { ...ftp, ttl: 6 } };
  assert.equal(await ttlAfter([other, retiming]), 60);
  assert.equal(await ttlAfter([other, { ...retiming, remove: null }]), 3_600);
});

test('the central’s own records are left to it', async () => {
  const late = ended('0', apex);
  const bench = await given({ central: [apex], operations: [late] });
  await checkTwice(bench, [late]);
  assert.deepEqual(bench.central.store.records(zone)?.length, 1);
});

test('what would clash at the central is not added', async () => {
  const cname = makeRecord({ name: 'www', type: 'CNAME', rdata: 'example.net.' }, zone);
  const late = ended('0', cname);
  const bench = await given({ panel: [cname], central: [www], operations: [late] });
  await checkTwice(bench, [late]);
  assert.deepEqual(atCentral(bench), ['www 192.0.2.1']);
});

test('operations that are about no record cost no read', async () => {
  const bench = await given({ central: [www] });
  let reads = 0;
  bench.panel.onRead = () => void (reads += 1);
  await bench.run(checkRecords(bench.runtime, zone, [sampleDelete('0', { state: 'confirmed' })]));
  assert.equal(reads, 0);
});

test('an operation that changed since the panel was read makes the look void: it is repeated', async () => {
  const late = ended('0', www);
  const bench = await given({ central: [www], operations: [late] });
  await bench.run(checkRecords(bench.runtime, zone, [late]));
  bench.panel.onRead = async () => {
    const edit = sampleOperation('1', { state: 'applied', changedAt: bench.clock.wall() });
    bench.panel.onRead = () => undefined;
    await bench.journal.commit({ operations: [edit] });
  };
  await bench.wait(6_000);
  await bench.run(checkRecords(bench.runtime, zone, [late]));
  assert.deepEqual(atCentral(bench), ['www 192.0.2.1']);
  await bench.wait(6_000);
  assert.deepEqual(bench.woken, ['5000 operations', '11000 operations']);
});

test('two looks that differ, one that a call disturbed, and one in the time after a start prove nothing', async () => {
  const [late, other] = [ended('0', www), ended('1', ftp)];
  const bench = await given({ central: [www], operations: [late, other] });
  await bench.run(checkRecords(bench.runtime, zone, [late, other]));
  bench.central.store.add(zone, ftp);
  await bench.wait(6_000);
  await bench.run(checkRecords(bench.runtime, zone, [late, other]));
  assert.equal(atCentral(bench).length, 2);
  bench.panel.onRead = async () => {
    bench.panel.onRead = () => undefined;
    await bench.runtime.gate.during([zone], async () => await Promise.resolve());
  };
  await bench.wait(6_000);
  await bench.run(checkRecords(bench.runtime, zone, [late, other]));
  assert.equal(atCentral(bench).length, 2);
  bench.runtime.grace.begin();
  const begun = bench.clock.now();
  await checkTwice(bench, [late, other]);
  assert.equal(atCentral(bench).length, 2);
  const asked = bench.woken.length;
  await bench.wait(30_000);
  assert.deepEqual(bench.woken.slice(asked), [`${begun + 30_000} operations`]);
  await bench.run(checkRecords(bench.runtime, zone, [late, other]));
  assert.equal(atCentral(bench).length, 0);
});

test('a difference that was gone in between begins anew', async () => {
  const late = ended('0', www);
  const bench = await given({ central: [www], operations: [late] });
  await bench.run(checkRecords(bench.runtime, zone, [late]));
  bench.central.store.remove(zone, www);
  await bench.wait(3_000);
  await bench.run(checkRecords(bench.runtime, zone, [late]));
  bench.central.store.add(zone, www);
  await bench.wait(3_000);
  await bench.run(checkRecords(bench.runtime, zone, [late]));
  assert.deepEqual(atCentral(bench), ['www 192.0.2.1']);
});

const failures = [
  { state: 'untouched', retry: 'never', ends: 'refused', asks: ['comparison late-write no'] },
  { state: 'untouched', retry: 'later', ends: 'prepared', asks: [] },
  { state: 'unknown', retry: 'later', ends: 'prepared', asks: [] },
  { state: 'unknown', retry: 'never', ends: 'refused', asks: ['comparison late-write no'] },
] as const;

for (const { state, retry, ends, asks } of failures) {
  test(`a repair that fails (${state}, ${retry}) ends ${ends}`, async () => {
    const late = ended('0', www);
    const bench = await given({ central: [www], operations: [late] });
    let isWritten = false;
    bench.central.faults.before = ({ method }) => {
      isWritten ||= method !== 'read';
      if (isWritten) throw new CentralError('central.refused', { state, retry });
    };
    if (retry === 'later') await assert.rejects(checkTwice(bench, [late]), CentralError);
    else await checkTwice(bench, [late]);
    const [repair] = await repairs(bench);
    assert.equal(repair?.state, ends);
    assert.deepEqual(
      repair.problems.map(({ code }) => code),
      retry === 'never' ? ['central.refused'] : [],
    );
    assert.equal(repair.watch?.removed.length, state === 'unknown' ? 1 : undefined);
    assert.equal(bench.runtime.inFlight.size, 0);
    bench.central.faults.before = undefined;
    await bench.wait(1_000);
    assert.deepEqual(
      bench.woken.slice(1).map((one) => one.replace(/^\d+ /u, '')),
      ['operations', ...asks].toSorted(),
    );
    assert.ok(bench.woken.slice(1).every((one) => one.startsWith('6200 ')));
  });
}

test('a defect of the central’s adapter is no refusal', async () => {
  const late = ended('0', www);
  const bench = await given({ central: [www], operations: [late] });
  bench.central.faults.before = ({ method }) => {
    if (method !== 'read') throw new TypeError('a defect');
  };
  await assert.rejects(checkTwice(bench, [late]), TypeError);
  assert.equal(bench.runtime.inFlight.size, 0);
});

test('a repair is journalled before it is sent, is nobody else’s meanwhile, and the step is over when it is kept', async () => {
  for (const left of [null, 'untouched', 'unknown'] as const) {
    const late = ended('0', www);
    const bench = await given({ central: [www], operations: [late] });
    bench.journal.takes = 50;
    const seen: unknown[] = [];
    const fail = (): void => {
      const retry = left === 'unknown' ? 'later' : 'never';
      if (left !== null) throw new CentralError('central.refused', { state: left, retry });
    };
    bench.central.faults.before = async ({ method }, { operation }) => {
      if (method === 'read') return;
      const repair = await bench.journal.operation(operation);
      await bench.clock.sleep(500);
      seen.push([repair?.state, bench.runtime.inFlight.has(operation)]);
      bench.central.faults.before = fail;
      fail();
    };
    await checkTwice(bench, [late]).catch((error: unknown) => assert.ok(error instanceof CentralError));
    assert.deepEqual(seen, [['prepared', true]]);
    const [repair] = await repairs(bench);
    const state = { untouched: 'refused', unknown: 'prepared' } as const;
    assert.equal(repair?.state, left === null ? 'kept' : state[left]);
    assert.equal(repair.watch === null, left !== 'unknown');
  }
});
