/**
 * Tests the `before` call of a zone's create and delete: the answer, the requests to the central, and the
 * journal.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import { sampleCreate, sampleDelete, sampleRow, sampleWatch } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import type { MemoryRequest } from '../../../testing/memory-central/index.ts';
import { administrator } from '../../../testing/simulator/edits.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { CentralError, type CentralTraits } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import type { ZoneEntry } from '../../ledger.ts';
import { creates, deletes, type Operation } from '../../operation.ts';
import type { ZoneCreateEvent, ZoneDeleteEvent } from '../../panel.ts';
import type { Answer } from './answer.ts';
import { baselineFact } from './unknown-zone.ts';
import { beforeCreate, beforeDelete, createLater } from './zone-edits.ts';
import { newCreate } from '../knowledge/operations.ts';

const www = a('www', 1);
const base = { stage: 'before', zone, fingerprint: 'f', actor: administrator, echo: null } as const;
const seed = { addresses: [], nameServers: [], mailServers: [] };
const creating: ZoneCreateEvent = { ...base, kind: 'zone-create', seed };
const deleting: ZoneDeleteEvent = { ...base, kind: 'zone-delete' };

interface Given {
  readonly entry?: ZoneEntry | null;
  readonly operations?: readonly Operation[];
  readonly isThere?: boolean;
  readonly traits?: Partial<CentralTraits>;
  readonly isKnown?: boolean;
}

async function given(what: Given = {}): Promise<Bench> {
  const { entry = null, operations = [], isThere = false, traits = {}, isKnown = true } = what;
  const bench = engineBench({ traits });
  if (isThere) bench.central.store.putZone(zone, [www]);
  await bench.journal.commit({
    operations,
    zones: entry === null ? [] : [entry],
    facts: isKnown ? { [baselineFact]: '1' } : {},
  });
  return bench;
}

function call(isTrial = false, signal = new AbortController().signal) {
  return { isTrial, signal };
}

/**
 * The answer in short: `accept` with the number of operations begun, or the codes of a refusal with what was
 * changed.
 */
function told(answer: Answer): unknown {
  if (answer.kind === 'accept') return ['accept', answer.begun.length];
  return [answer.problems.map(({ code }) => code).join(), answer.changed];
}

async function create(bench: Bench, isTrial = false): Promise<unknown> {
  return told(await bench.run(beforeCreate(bench.runtime, creating, call(isTrial))));
}

/** The newest create in the journal. */
async function newest({ journal }: Bench): Promise<ReturnType<typeof creates>[number]> {
  const [operation] = creates(await journal.operations({})).toReversed();
  assert.ok(operation !== undefined);
  return operation;
}

function failAt(bench: Bench, method: MemoryRequest['method'], error: () => Error, isAfter = false): void {
  const fail = (request: MemoryRequest): void => {
    if (request.method === method) throw error();
  };
  if (isAfter) bench.central.faults.after = fail;
  else bench.central.faults.before = fail;
}

test('a zone that is new is made, and is ours', async () => {
  const bench = await given();
  assert.deepEqual(await create(bench), ['accept', 1]);
  const { state, created, requested, incarnation } = await newest(bench);
  assert.deepEqual([state, created, requested, incarnation], ['applied', true, false, 1]);
  assert.equal((await bench.journal.zone(zone))?.state, 'creating');
  assert.deepEqual(bench.central.store.records(zone), []);
  assert.equal(bench.runtime.inFlight.size, 0);
  await bench.wait(60_000);
  assert.deepEqual(bench.woken, ['5000 operations']);
  // If the call still held the lock, this would wait for ever.
  await bench.run(bench.runtime.locks.acquire(zone, null, new AbortController().signal));
});

test('a zone that the central has already is joined, and is not ours', async () => {
  const bench = await given({ isThere: true });
  bench.journal.takes = 20;
  assert.deepEqual(await create(bench), ['accept', 1]);
  const { state, created, requested, snapshot } = await newest(bench);
  assert.deepEqual([state, created, requested, snapshot], ['applied', false, false, []]);
});

test('a zone whose names the zone above answers is only asked for', async () => {
  const below = parseName('sub.example.org.');
  const event = { ...creating, zone: below };
  for (const [name, isAsked] of [
    ['sub', true],
    ['www.sub', true],
    ['*', true],
    ['other', false],
  ] as const) {
    const bench = await given();
    bench.central.store.putZone(zone, [a(name, 1)]);
    bench.journal.takes = 20;
    assert.deepEqual(told(await bench.run(beforeCreate(bench.runtime, event, call()))), ['accept', 1]);
    const { state, created, requested } = await newest(bench);
    const expected = isAsked ? ['prepared', false, false] : ['applied', true, false];
    assert.deepEqual([state, created, requested], expected, name);
    assert.equal(bench.central.store.records(below) === null, isAsked, name);
  }
});

test('where the zone above cannot be read whole, the new one is only asked for; what it is asked may be refused', async () => {
  const event = { ...creating, zone: parseName('sub.example.org.') };
  for (const isForeign of [false, true]) {
    const bench = await given({ traits: { wholeZones: false }, isThere: true });
    if (isForeign) bench.central.store.foreign.add(event.zone);
    const answer = told(await bench.run(beforeCreate(bench.runtime, event, call())));
    assert.deepEqual(answer, isForeign ? ['zone.foreign', 'nothing'] : ['accept', 1]);
    const operations = await bench.journal.operations({});
    assert.deepEqual(
      operations.map(({ state }) => state),
      isForeign ? [] : ['prepared'],
    );
  }
});

test('a zone that the ledger has needs nothing, unless it is on its way out', async () => {
  const asked = async (what: Given): Promise<unknown> => {
    const bench = await given({ isThere: true, ...what });
    return await create(bench);
  };
  const nothing = ['accept', 0];
  const joined = ['accept', 1];
  for (const state of ['synced', 'panel-only', 'creating', 'foreign', 'excluded'] as const)
    assert.deepEqual(await asked({ entry: entryOf(zone, { state }) }), nothing, state);
  assert.deepEqual(await asked({ entry: entryOf(zone, { state: 'deleting' }) }), joined);
  const entry = entryOf(zone);
  for (const state of ['prepared', 'kept', 'stuck'] as const)
    assert.deepEqual(await asked({ entry, operations: [sampleDelete('0', { state })] }), joined, state);
  assert.deepEqual(await asked({ entry, operations: [sampleDelete('0', { state: 'confirmed' })] }), nothing);
  for (const state of ['reverting', 'stuck'] as const)
    assert.deepEqual(await asked({ entry, operations: [sampleCreate('0', { state })] }), joined, state);
  for (const state of ['applied', 'kept', 'reverted'] as const)
    assert.deepEqual(await asked({ entry, operations: [sampleCreate('0', { state })] }), nothing, state);
  const several = [sampleCreate('0', { state: 'kept' }), sampleCreate('1', { state: 'reverting' })];
  assert.deepEqual(await asked({ entry, operations: several }), joined);
});

test('a delete that waits is taken up by the create that cancels it', async () => {
  const removal = sampleDelete('0', { state: 'kept', formerlyOurs: [www] });
  const entry = entryOf(zone, { state: 'deleting', incarnation: 4 });
  const bench = await given({ entry, operations: [removal], isThere: true });
  await bench.journal.commit({
    rows: [{ zone, put: [sampleRow(2), sampleRow(3, { state: 'panel-only' })] }],
  });
  assert.deepEqual(await create(bench), ['accept', 1]);
  const { incarnation, cancels, snapshot } = await newest(bench);
  assert.deepEqual([incarnation, cancels], [5, '0']);
  assert.deepEqual(snapshot, [sampleRow(2).record, www]);
  assert.equal((await bench.stored(removal))?.state, 'reverted');
});

test('while the first comparison runs nobody can say what a zone is', async () => {
  const bench = await given({ isKnown: false });
  const looked: string[] = [];
  bench.runtime.askForZone = (name) => void looked.push(name);
  assert.deepEqual(await create(bench), ['zone.baseline-running', 'nothing']);
  assert.deepEqual(looked, [zone]);
});

test('a zone that is locked longer than the call may last is busy; a defect of the lock is none', async () => {
  const bench = await given();
  await bench.run(bench.runtime.locks.acquire(zone, [www.name], new AbortController().signal));
  const { signal } = bench.runtime.timers.deadline(1_000);
  const answer = await bench.run(beforeCreate(bench.runtime, creating, call(false, signal)));
  assert.deepEqual([told(answer), bench.clock.now()], [['edit.busy', 'nothing'], 1_000]);
  bench.runtime.locks.acquire = async () => await Promise.reject(new TypeError('a defect'));
  await assert.rejects(bench.run(beforeCreate(bench.runtime, creating, call())), TypeError);
});

test('a trial makes and journals nothing, and tells what would be refused', async () => {
  for (const [what, expected] of [
    [{}, ['accept', 0]],
    [{ isThere: true, traits: { managesZones: false } }, ['accept', 0]],
    [{ traits: { managesZones: false } }, ['zone.create-there-first', 'nothing']],
  ] as const) {
    const bench = await given(what);
    const before = bench.central.store.records(zone);
    assert.deepEqual(await create(bench, true), expected);
    assert.deepEqual(bench.central.store.records(zone), before);
    assert.deepEqual(await bench.journal.operations({}), []);
  }
  const bench = await given();
  failAt(bench, 'read', () => new CentralError('central.limit', { state: 'untouched', retry: 'never' }));
  assert.deepEqual(await create(bench, true), ['central.limit', 'nothing']);
});

const unreachable = (state: 'untouched' | 'unknown') => () =>
  new CentralError('central.unreachable', { state, retry: 'later' });

test('a create that the central refuses has changed nothing', async () => {
  const bench = await given();
  failAt(bench, 'createZone', unreachable('untouched'));
  assert.deepEqual(await create(bench), ['central.unreachable', 'nothing']);
  const { state, requested, created, watch } = await newest(bench);
  assert.deepEqual([state, requested, created, watch], ['refused', false, false, null]);
});

test('a create whose answer is lost is read back: what is there is ours', async () => {
  const bench = await given();
  failAt(bench, 'createZone', unreachable('unknown'), true);
  assert.deepEqual(await create(bench), ['central.unreachable', 'unknown']);
  const { state, created, requested, watch } = await newest(bench);
  assert.deepEqual([state, created, requested, watch === null], ['reverting', true, false, false]);
});

test('a create of unknown outcome that is not there yet may still land', async () => {
  const bench = await given();
  failAt(bench, 'createZone', unreachable('unknown'));
  assert.deepEqual(await create(bench), ['central.unreachable', 'unknown']);
  const { state, created, requested, watch } = await newest(bench);
  assert.deepEqual([state, created, requested, watch === null], ['reverting', false, true, false]);
});

test('what the journal cannot take of a zone that was made is unmade', async () => {
  const bench = await given();
  const { journal } = bench;
  const commit = journal.commit.bind(journal);
  journal.commit = async (batch) => {
    if (batch.operations?.some(({ state }) => state === 'applied') === true)
      throw new JournalError('journal.disk-full');
    await commit(batch);
  };
  assert.deepEqual(await create(bench), ['journal.disk-full', 'nothing']);
  assert.equal(bench.central.store.records(zone), null);
  assert.equal((await newest(bench)).state, 'refused');
});

test('what fails before anything is sent has changed nothing, and is not journalled', async () => {
  const bench = await given();
  failAt(bench, 'listZones', unreachable('unknown'));
  assert.deepEqual(await create(bench), ['central.unreachable', 'nothing']);
  assert.deepEqual(await bench.journal.operations({}), []);
});

test('where zones are the provider’s no create is sent, and a refusal leaves nothing to find', async () => {
  const bench = await given({ traits: { managesZones: false } });
  const sent: string[] = [];
  bench.central.faults.before = ({ method }) => void sent.push(method);
  assert.deepEqual(await create(bench), ['zone.create-there-first', 'nothing']);
  assert.deepEqual(await bench.journal.operations({}), []);
  // The error does not say whether the request took effect. This does not matter: at a central where only the
  // provider makes zones, our request creates none.
  failAt(bench, 'createZone', unreachable('unknown'));
  sent.length = 0;
  assert.deepEqual(await create(bench), ['central.unreachable', 'nothing']);
});

test('a create that the panel has already is kept, and made later', async () => {
  const unfinished = sampleCreate('0', { state: 'reverting', created: true, snapshot: [www] });
  const bench = await given({ operations: [unfinished], entry: entryOf(zone, { incarnation: 2 }) });
  const draft = newCreate(bench.runtime, { class: 'follow', zone, seed, afterSeen: true });
  await bench.run(createLater(bench.runtime, draft));
  const { state, created, snapshot, incarnation, cancels } = await newest(bench);
  assert.deepEqual([state, created, snapshot, incarnation, cancels], ['kept', true, [www], 3, null]);
  assert.equal((await bench.stored(unfinished))?.state, 'reverted');
});

async function remove(bench: Bench, isTrial = false): Promise<unknown> {
  return told(await bench.run(beforeDelete(bench.runtime, deleting, call(isTrial))));
}

test('a delete is journalled with what the central has, and sent when the panel has kept it', async () => {
  const bench = await given({ entry: entryOf(zone, { incarnation: 7 }), isThere: true });
  assert.deepEqual(await remove(bench, true), ['accept', 0]);
  assert.deepEqual(await bench.journal.operations({}), []);
  assert.deepEqual(await remove(bench), ['accept', 1]);
  const [operation] = await bench.journal.operations({});
  assert.ok(operation?.kind === 'zone-delete');
  const { state, class: group, incarnation, snapshot } = operation;
  assert.deepEqual([state, group, incarnation, snapshot], ['prepared', 'veto', 7, [www]]);
  assert.notEqual(bench.central.store.records(zone), null);
  await bench.wait(60_000);
  assert.deepEqual(bench.woken, ['5000 operations']);
});

test('a delete of a zone that is not ours needs nothing; of one that nobody knows it has to wait', async () => {
  for (const state of ['panel-only', 'foreign', 'excluded', 'deleting'] as const) {
    const bench = await given({ entry: entryOf(zone, { state }), isThere: true });
    assert.deepEqual(await remove(bench), ['accept', 0], state);
  }
  assert.deepEqual(await remove(await given()), ['zone.not-known-yet', 'nothing']);
});

test('only what is known to refuse the delete stands in its way', async () => {
  for (const code of ['central.access-denied', 'central.refused', 'zone.copy'] as const) {
    const bench = await given({ entry: entryOf(zone), isThere: true });
    failAt(bench, 'read', () => new CentralError(code, { state: 'untouched', retry: 'never' }));
    assert.deepEqual(await remove(bench), [code, 'nothing']);
    assert.deepEqual(await bench.journal.operations({}), []);
  }
  const bench = await given({ entry: entryOf(zone), isThere: true });
  failAt(bench, 'read', unreachable('untouched'));
  assert.deepEqual(await remove(bench), ['accept', 1]);
  const frozen = await given({ entry: entryOf(zone), isThere: true });
  frozen.journal.damage(zone);
  await assert.rejects(remove(frozen), { code: 'journal.zone-damaged' });
});

test('a delete remembers whether the central had the zone, or a create of ours had asked for it', async () => {
  const note = 'note.missing-at-central';
  const asked = sampleCreate('0', { state: 'refused', requested: true, watch: sampleWatch(2e12) });
  const waits = sampleCreate('0', { state: 'kept' });
  const made = { created: true, watch: sampleWatch(2e12) };
  const cases: readonly (readonly [string, Given, boolean, boolean | null])[] = [
    ['there', { entry: entryOf(zone), isThere: true }, false, true],
    ['missing', { entry: entryOf(zone) }, false, false],
    ['a create may land late', { entry: entryOf(zone), operations: [asked] }, false, true],
    ...(['kept', 'confirmed'] as const).map((state) => {
      const operations = [sampleCreate('0', { ...made, state })];
      return [
        `a create whose zone was read, ${state}`,
        { entry: entryOf(zone), operations },
        false,
        false,
      ] as const;
    }),
    ['a create that has not asked yet', { entry: entryOf(zone), operations: [waits] }, false, false],
    ['out of reach', { entry: entryOf(zone) }, true, null],
    ['out of reach, known as missing', { entry: entryOf(zone, { note }) }, true, false],
  ];
  for (const [what, parts, isOut, expected] of cases) {
    const bench = await given(parts);
    if (isOut) failAt(bench, 'read', unreachable('untouched'));
    assert.deepEqual(await remove(bench), ['accept', 1], what);
    const operation = deletes(await bench.journal.operations({})).at(-1);
    assert.equal(operation?.wasThere, expected, what);
  }
});
