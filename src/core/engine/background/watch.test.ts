import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  sampleCreate,
  sampleDelete,
  sampleOperation,
  sampleRow,
} from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, apex, zone } from '../../../testing/simulator/given.ts';
import type { ZoneEntry } from '../../ledger.ts';
import { creates, type CreateOperation, type Operation } from '../../operation.ts';
import { noteSent } from './made-zone.ts';
import { stepWatch } from './watch.ts';

const start = 1_700_000_000_000;
const www = a('www', 1);
const watch = { until: start + 600_000, added: [], removed: [] };

/** A create that was undone, but whose request may still create the zone. */
const undone = sampleCreate('0', {
  state: 'reverted',
  requested: true,
  afterSeen: true,
  incarnation: 4,
  seed: { addresses: ['192.0.2.1'], nameServers: [], mailServers: [] },
  changedAt: start,
  watch,
});

const deleted = sampleDelete('0', { state: 'confirmed', afterSeen: true, changedAt: start, watch });

interface Given {
  readonly isThere?: boolean;
  readonly entry?: ZoneEntry | null;
  readonly others?: readonly Operation[];
}

async function given(
  operation: Operation,
  { isThere = true, entry = null, others = [] }: Given = {},
): Promise<Bench> {
  const bench = engineBench();
  if (isThere) bench.central.store.putZone(zone, [apex, www]);
  const zones = entry === null ? [] : [entry];
  await bench.journal.commit({ operations: [operation, ...others], zones });
  return bench;
}

async function step(bench: Bench, operations: readonly Operation[]): Promise<void> {
  await bench.run(stepWatch(bench.runtime, zone, operations));
}

/** The creates that the step has journalled; the watched create itself is left out. */
async function made({ journal }: Bench): Promise<readonly CreateOperation[]> {
  return creates(await journal.operations({})).filter(({ id }) => id.length > 2);
}

async function isRequested(bench: Bench): Promise<boolean | undefined> {
  const operation = await bench.stored(undone);
  return operation?.kind === 'zone-create' ? operation.requested : undefined;
}

test('a create of this process that lands after its undo is undone by an operation of its own', async () => {
  const bench = await given(undone);
  bench.journal.takes = 20;
  noteSent(bench.runtime, undone);
  await step(bench, [undone]);
  const [undo, ...others] = await made(bench);
  assert.ok(undo !== undefined && others.length === 0);
  const { class: group, state, incarnation, seed, source, created, requested, snapshot, afterSeen } = undo;
  assert.deepEqual(
    { group, state, incarnation, seed, source, created, requested, afterSeen },
    {
      group: 'follow',
      state: 'reverting',
      incarnation: 4,
      seed: undone.seed,
      source: 'late-write',
      created: true,
      requested: false,
      afterSeen: false,
    },
  );
  assert.deepEqual(
    snapshot.map(({ name }) => name),
    [apex.name, www.name],
  );
  assert.equal(await isRequested(bench), true);
  assert.equal(await bench.journal.zone(zone), null);
  assert.deepEqual(bench.logged.slice(0, 1), ['late-write']);
  await bench.wait(100);
  assert.deepEqual(bench.woken, ['20 operations']);
});

test('issue 14, late creates: a second zone may be the real late landing, so it is left and listed', async () => {
  const bench = await given(undone);
  noteSent(bench.runtime, undone);
  await step(bench, [undone]);
  await step(bench, [undone]);
  const [undo, ...others] = await made(bench);
  assert.ok(undo?.state === 'reverting' && others.length === 0, 'the open undo decides about the zone');
  await bench.journal.commit({ operations: [{ ...undo, state: 'reverted', created: false }] });
  await step(bench, [undone]);
  assert.deepEqual(
    (await made(bench)).map(({ state }) => state),
    ['reverted', 'stuck'],
  );
});

test('while another create of the zone is open, that one decides about the zone', async () => {
  const rival = sampleCreate('00', { state: 'kept', requested: true });
  const bench = await given(undone, { others: [rival] });
  noteSent(bench.runtime, undone);
  await step(bench, [undone]);
  assert.deepEqual([await made(bench), await isRequested(bench)], [[], true]);
});

const foreign: Readonly<Record<string, { readonly operation: CreateOperation; readonly isSent: boolean }>> = {
  'that an earlier process sent': { operation: undone, isSent: false },
  'that was confirmed, and whose zone went': { operation: { ...undone, state: 'confirmed' }, isSent: true },
  'whose watch is over': {
    operation: { ...undone, watch: { ...watch, until: start } },
    isSent: true,
  },
};

for (const [what, { operation, isSent }] of Object.entries(foreign)) {
  test(`a zone that appears after a create ${what} is left, and listed as stuck`, async () => {
    const bench = await given(operation);
    bench.journal.takes = 20;
    if (isSent) noteSent(bench.runtime, operation);
    await step(bench, [operation]);
    const [stuck, ...others] = await made(bench);
    assert.ok(stuck !== undefined && others.length === 0);
    const { state, created, requested, afterSeen, problems, incarnation } = stuck;
    assert.deepEqual(
      { state, created, requested, afterSeen, incarnation, codes: problems.map(({ code }) => code) },
      {
        state: 'stuck',
        created: false,
        requested: true,
        afterSeen: true,
        incarnation: 4,
        codes: ['zone.maybe-ours'],
      },
    );
    assert.equal(await isRequested(bench), false);
    assert.deepEqual(
      await bench.journal.zone(zone),
      entryOf(zone, { state: 'creating', incarnation: 4, baselineAt: start }),
    );
    assert.equal(bench.central.store.records(zone)?.length, 2);
    assert.deepEqual(bench.logged, ['late-write', 'operation.step', 'operation.stuck']);
  });
}

const quiet: Readonly<Record<string, Given & { readonly operation: Operation }>> = {
  'the zone has not appeared': { operation: undone, isThere: false },
  'the zone is in the ledger': { operation: undone, entry: entryOf(zone, { state: 'creating' }) },
  'nothing was sent': { operation: { ...undone, requested: false } },
  'a delete has ended and the zone is there': { operation: deleted, entry: entryOf(zone) },
  'a delete was given up': {
    operation: { ...deleted, state: 'reverted', afterSeen: false, class: 'follow' },
    entry: entryOf(zone),
    isThere: false,
  },
  'an edit has ended': {
    operation: sampleOperation('0', { state: 'confirmed', items: [], watch }),
    entry: entryOf(zone),
    isThere: false,
  },
  'the zone is being deleted': {
    operation: deleted,
    entry: entryOf(zone, { state: 'deleting' }),
    isThere: false,
  },
};

for (const [what, { operation, ...scene }] of Object.entries(quiet)) {
  test(`nothing is done where ${what}`, async () => {
    const bench = await given(operation, scene);
    bench.panel.zones.set(zone, []);
    if (operation.kind === 'zone-create') noteSent(bench.runtime, operation);
    await step(bench, [operation]);
    assert.deepEqual(await made(bench), []);
    assert.deepEqual(await bench.stored(operation), operation);
    assert.deepEqual(bench.logged, []);
  });
}

const givenUp = { ...deleted, state: 'reverted', attempts: 1 } as const;
for (const operation of [deleted, givenUp, { ...undone, requested: false }]) {
  const { kind, state } = operation;
  test(`a synchronised zone that a late request of a ${kind} (${state}) took away is made once more`, async () => {
    const bench = await given(operation, { entry: entryOf(zone), isThere: false });
    await bench.journal.commit({ rows: [{ zone, put: [sampleRow(1)] }] });
    bench.panel.zones.set(zone, [www]);
    bench.journal.takes = 20;
    const other = sampleOperation('01', { state: 'confirmed', items: [], watch });
    await step(bench, [operation, other]);
    const [again, ...others] = await made(bench);
    assert.ok(again !== undefined && others.length === 0);
    assert.deepEqual([again.class, again.source, again.afterSeen], ['follow', 'late-write', true]);
    assert.deepEqual(bench.logged.includes('late-write'), true);
  });
}

test('a delete that two reads had shown as refused, and that the panel has kept after all, is taken up', async () => {
  const refused = { ...deleted, state: 'reverted', afterSeen: false } as const;
  const bench = await given(refused, { entry: entryOf(zone) });
  bench.journal.takes = 20;
  await step(bench, [refused]);
  assert.equal((await bench.journal.zone(zone))?.state, 'deleting');
});

test('records of ended edits are looked at before the step is over', async () => {
  const late = { ...watch, added: [www] };
  const edit = sampleOperation('0', { state: 'reverted', items: [], added: [], changedAt: 1, watch: late });
  const bench = await given(edit, { entry: entryOf(zone) });
  bench.panel.zones.set(zone, [apex]);
  bench.journal.takes = 20;
  await step(bench, [edit]);
  await bench.wait(6_000);
  await step(bench, [edit]);
  assert.deepEqual(
    bench.central.store.records(zone)?.map(({ name }) => name),
    [apex.name],
  );
});

test('operations that are not over are no matter of the watch', async () => {
  const bench = await given({ ...undone, state: 'kept' });
  await step(bench, [{ ...undone, state: 'kept' }]);
  assert.deepEqual([await made(bench), bench.logged], [[], []]);
  await bench.wait(700_000);
  assert.deepEqual(bench.woken, []);
});

test('the zone is looked at often at first, then ever less, and once when the watch is over', async () => {
  const older = sampleOperation('00', { state: 'refused', items: [], changedAt: start - 8_000, watch });
  const last = { ...watch, until: start + 300_000 };
  const newer = sampleOperation('01', { state: 'refused', items: [], changedAt: start, watch: last });
  const nextAfter = async (wait: number, operations: readonly Operation[]): Promise<unknown> => {
    const bench = engineBench();
    await bench.wait(wait);
    await step(bench, operations);
    await bench.wait(1_000_000);
    return bench.woken;
  };
  assert.deepEqual(await nextAfter(0, [newer]), ['5000 operations']);
  assert.deepEqual(await nextAfter(40_000, [newer]), ['60000 operations']);
  // The next check comes after a pause that depends on the newest operation, but no later than the end of the
  // last watch.
  assert.deepEqual(await nextAfter(40_000, [older, newer]), ['60000 operations']);
  assert.deepEqual(await nextAfter(298_000, [newer]), ['300000 operations']);
  assert.deepEqual(await nextAfter(298_000, [older, newer]), ['447000 operations']);
});
