/** Tests the answer to an `after`, and the choice of the operation to which it belongs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  sampleCreate,
  sampleDelete,
  sampleOperation,
  sampleRow,
  sampleWatch,
} from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { quietContext } from '../../../testing/quiet-context.ts';
import { administrator, recordsEvent } from '../../../testing/simulator/edits.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { CentralError } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import type { ZoneEntry } from '../../ledger.ts';
import { creates, deletes, edits, type Operation, type RecordsOperation } from '../../operation.ts';
import type { EditEvent, EditItem } from '../../panel.ts';
import type { Answer } from '../before/answer.ts';
import type { Right } from '../owners/owners.ts';
import { answerAfter, markAnswered } from './after.ts';

const start = 1_700_000_000_000;
const [old, next, other] = [a('www', 1), a('www', 2), a('www', 3)] as const;
const change: EditItem = { remove: old, add: next };
const call = recordsEvent(zone, [change], 'after');
const base = { stage: 'after', zone, actor: administrator, echo: null } as const;
const createCall: EditEvent = {
  ...base,
  kind: 'zone-create',
  fingerprint: 'create',
  seed: { addresses: [], nameServers: [], mailServers: [] },
};
const deleteCall: EditEvent = { ...base, kind: 'zone-delete', fingerprint: 'delete' };

const asked = sampleOperation('0', {
  state: 'applied',
  fingerprint: call.fingerprint,
  items: [{ ...change, mirrored: true, note: null }],
  removed: [old],
  added: [next],
});
const askedCreate = sampleCreate('0', { state: 'applied', fingerprint: 'create', created: true });
const askedDelete = sampleDelete('0', { state: 'prepared', fingerprint: 'delete' });

interface Given {
  readonly operations?: readonly Operation[];
  readonly entry?: ZoneEntry | null;
}

async function given({ operations = [], entry = entryOf(zone) }: Given): Promise<Bench> {
  const bench = engineBench();
  bench.central.store.putZone(zone, [old]);
  await bench.journal.commit({
    operations,
    zones: entry === null ? [] : [entry],
    rows: [{ zone, put: [sampleRow(1, { record: old })] }],
  });
  return bench;
}

async function answer(bench: Bench, event: EditEvent = call, right: Right = 'may'): Promise<Answer> {
  return await bench.run(answerAfter(bench.runtime, event, right, quietContext().signal));
}

/** Returns the operation's state, and whether its `after` has come. */
async function stateOf(bench: Bench, id = '0'): Promise<unknown> {
  const operation = await bench.stored({ id });
  return operation === null ? null : [operation.state, operation.afterSeen];
}

function atCentral({ central }: Bench): string {
  return (central.store.records(zone) ?? []).map(({ rdata }) => rdata.slice(-1)).join();
}

const accepted = { kind: 'accept', begun: [] };

test('an edit that waits for it is kept, and looked at soon', async () => {
  const bench = await given({ operations: [asked] });
  assert.deepEqual(await answer(bench), accepted);
  assert.deepEqual(await stateOf(bench), ['kept', true]);
  assert.equal(bench.runtime.patience.since('0'), 0);
  await bench.wait(1_000);
  assert.deepEqual(bench.woken, ['200 operations']);
});

test('what each state becomes by its after', async () => {
  const cases: readonly (readonly [Operation, EditEvent, string])[] = [
    [{ ...asked, state: 'prepared' }, call, 'prepared'],
    [{ ...asked, state: 'stuck' }, call, 'stuck'],
    [askedCreate, createCall, 'kept'],
    [{ ...askedCreate, state: 'stuck' }, createCall, 'kept'],
    [{ ...askedCreate, state: 'prepared', requested: true }, createCall, 'prepared'],
    // For this create, `before` only asked the central whether it would create the zone. No create was sent.
    [{ ...askedCreate, state: 'prepared', created: false }, createCall, 'kept'],
    [askedDelete, deleteCall, 'kept'],
    [{ ...askedDelete, state: 'stuck' }, deleteCall, 'stuck'],
  ];
  for (const [operation, event, state] of cases) {
    const bench = await given({ operations: [operation] });
    assert.deepEqual(await answer(bench, event), accepted);
    assert.deepEqual(await stateOf(bench), [state, true], `${operation.kind} ${operation.state}`);
    const isDeleting = state === 'kept' && event.kind === 'zone-delete';
    assert.equal((await bench.journal.zone(zone))?.state, isDeleting ? 'deleting' : 'synced');
    assert.equal((await bench.journal.operations({})).length, 1);
    assert.equal(bench.runtime.patience.since('0'), 0);
  }
});

test('an edit that a read confirmed before its after is on watch: the panel may do something else now', async () => {
  const bench = await given({ operations: [{ ...asked, state: 'confirmed' }] });
  assert.deepEqual(await answer(bench), accepted);
  const operation = await bench.stored(asked);
  assert.deepEqual([operation?.state, operation?.watch?.until], ['confirmed', start + 600_000]);
  const plain = await given({ operations: [asked] });
  await answer(plain);
  assert.equal((await plain.stored(asked))?.watch, null);
});

test('a delete that comes after its undo knows whether the central had the zone', async () => {
  for (const wasThere of [true, false, null]) {
    const undone = { ...askedDelete, state: 'reverted', wasThere, snapshot: [a('www', 1)] } as const;
    const bench = await given({ operations: [undone] });
    assert.deepEqual(await answer(bench, deleteCall), accepted);
    const again = deletes(await bench.journal.operations({})).at(-1);
    assert.deepEqual([again?.class, again?.state, again?.wasThere], ['compensate', 'kept', wasThere]);
    assert.deepEqual(again?.snapshot, undone.snapshot);
  }
});

test('issue 14: a delete that comes after its undo does not expect what an edit has removed since', async () => {
  const undone = { ...askedDelete, state: 'reverted', snapshot: [a('www', 1), a('mail', 2)] } as const;
  const edit = sampleOperation('1', { state: 'confirmed', removed: [a('mail', 2)], added: [] });
  const bench = await given({ operations: [undone, { ...edit, endedAfter: undone.id }] });
  assert.deepEqual(await answer(bench, deleteCall), accepted);
  const again = deletes(await bench.journal.operations({})).find(({ state }) => state === 'kept');
  assert.deepEqual(again?.snapshot, [a('www', 1)]);
});

test('issue 14: a delete that comes after its undo expects the zone that a create has requested since', async () => {
  const undone = { ...askedDelete, state: 'reverted', wasThere: false } as const;
  for (const [endedAfter, wasThere] of [
    ['0', true],
    ['00', false],
  ] as const) {
    const made = sampleCreate('00', { state: 'confirmed', requested: true, endedAfter });
    const bench = await given({ operations: [made, { ...undone, id: endedAfter === '0' ? '0' : '01' }] });
    assert.deepEqual(await answer(bench, deleteCall), accepted);
    const again = deletes(await bench.journal.operations({})).find(({ state }) => state === 'kept');
    assert.equal(again?.wasThere, wasThere, endedAfter);
  }
});

test('a delete of a zone that the ledger lacks is kept all the same', async () => {
  const bench = await given({ operations: [askedDelete], entry: null });
  assert.deepEqual(await answer(bench, deleteCall), accepted);
  assert.deepEqual(await stateOf(bench), ['kept', true]);
  assert.equal(await bench.journal.zone(zone), null);
});

test('of several the likeliest is taken, the oldest of them', async () => {
  const at = (
    id: string,
    state: RecordsOperation['state'],
    parts: Partial<RecordsOperation> = {},
  ): Operation => ({
    ...asked,
    id,
    state,
    ...parts,
  });
  const cases: readonly (readonly [readonly Operation[], string | null])[] = [
    [[at('1', 'applied'), at('2', 'applied')], '1'],
    [[at('1', 'prepared'), at('2', 'applied')], '2'],
    [[at('1', 'kept'), at('2', 'prepared')], '2'],
    [[at('1', 'confirmed'), at('2', 'kept')], '2'],
    [[at('1', 'stuck'), at('2', 'confirmed')], '2'],
    [[at('1', 'applied', { afterSeen: true }), at('2', 'applied')], '2'],
    [[at('1', 'applied', { fingerprint: 'x' }), at('2', 'applied')], '2'],
    [[at('1', 'applied', { class: 'compensate' }), at('2', 'applied')], '2'],
    [[sampleDelete('1', { fingerprint: call.fingerprint }), at('2', 'applied')], '2'],
  ];
  for (const [operations, id] of cases) {
    const bench = await given({ operations });
    await answer(bench);
    const seen = (await bench.journal.operations({})).filter(
      (one) => one.afterSeen && !operations.some((before) => before.id === one.id && before.afterSeen),
    );
    assert.deepEqual(
      seen.map((one) => one.id),
      id === null ? [] : [id],
      operations.map(({ state }) => state).join(),
    );
  }
});

test('one that another call works on is not taken', async () => {
  const bench = await given({ operations: [asked, { ...asked, id: '6' }] });
  bench.runtime.inFlight.add('0');
  await answer(bench);
  assert.deepEqual(
    [await stateOf(bench, '0'), await stateOf(bench, '6')],
    [
      ['applied', false],
      ['kept', true],
    ],
  );
});

test('an open one is found at any age, one that has ended among the twenty newest of the zone', async () => {
  const stateBehind = async (state: 'applied' | 'confirmed', count: number): Promise<unknown> => {
    const newer = Array.from({ length: count }, (_, at) => ({
      ...asked,
      id: `6${String(at).padStart(2, '0')}`,
      fingerprint: 'x',
    }));
    const bench = await given({ operations: [{ ...asked, state }, ...newer] });
    await answer(bench);
    return await stateOf(bench);
  };
  assert.deepEqual(await stateBehind('applied', 20), ['kept', true]);
  assert.deepEqual(await stateBehind('confirmed', 19), ['confirmed', true]);
  assert.deepEqual(await stateBehind('confirmed', 20), ['confirmed', false]);
});

test('an edit without an operation is made now, and counts as kept', async () => {
  const bench = await given({});
  assert.deepEqual(await answer(bench), accepted);
  const [made, ...others] = edits(await bench.journal.operations({}));
  assert.ok(made !== undefined && others.length === 0);
  const { class: group, state, afterSeen, fingerprint, actor } = made;
  assert.deepEqual(
    [group, state, afterSeen, fingerprint, actor],
    ['compensate', 'kept', true, call.fingerprint, 'alice'],
  );
  assert.equal(atCentral(bench), '2');
});

test('an edit that was undone is made anew, and its first operation is answered', async () => {
  for (const state of ['reverted', 'reverting'] as const) {
    const undone = { ...asked, state };
    const bench = await given({ operations: [undone] });
    assert.deepEqual(await answer(bench), accepted);
    assert.deepEqual(await stateOf(bench), [state, true]);
    const [again] = edits(await bench.journal.operations({ latest: 1 }));
    assert.deepEqual([again?.class, again?.state, again?.items], ['compensate', 'kept', asked.items]);
    assert.equal(atCentral(bench), '2');
  }
});

const refusal = new CentralError('central.refused', { state: 'untouched', retry: 'never' });

function refuseWrites({ central }: Bench, error = refusal): void {
  central.faults.before = ({ method }) => {
    if (method !== 'read') throw error;
  };
}

test('what the central refuses then is put back in the panel, soon; only the panel was changed', async () => {
  for (const operations of [[], [{ ...asked, state: 'reverted' } as const]]) {
    const bench = await given({ operations });
    refuseWrites(bench);
    const refused = await answer(bench);
    assert.ok(refused.kind === 'refuse');
    assert.deepEqual(
      [refused.changed, refused.problems.map(({ code }) => code)],
      ['panel', ['central.refused']],
    );
    const [restoring] = edits(await bench.journal.operations({ latest: 1 }));
    const { class: group, state, afterSeen, items, problems } = restoring ?? asked;
    assert.deepEqual([group, state, afterSeen], ['compensate', 'reverting', true]);
    assert.deepEqual(items, [{ ...change, mirrored: true, note: null }]);
    assert.equal(problems[0]?.code, 'central.refused');
    if (operations.length > 0) assert.deepEqual(await stateOf(bench), ['reverted', true]);
    await bench.wait(1_000);
    assert.equal(bench.woken[0], '200 operations');
  }
});

test('so is what is refused before it is journalled', async () => {
  const bench = await given({});
  bench.central.audit = () => [{ code: 'central.type-unsupported', params: {} }];
  const refused = await answer(bench);
  assert.ok(refused.kind === 'refuse');
  assert.equal(refused.changed, 'panel');
  const [restoring] = edits(await bench.journal.operations({}));
  const { class: group, state, items, fingerprint } = restoring ?? asked;
  assert.deepEqual([group, state, fingerprint], ['compensate', 'reverting', call.fingerprint]);
  assert.deepEqual(items, [{ ...change, mirrored: true, note: null }]);
});

test('an edit that is being undone needs no other undo where the central refuses it', async () => {
  const bench = await given({ operations: [{ ...asked, state: 'reverting' }] });
  refuseWrites(bench);
  const refused = await answer(bench);
  assert.equal(refused.kind === 'refuse' && refused.changed, 'panel');
  assert.deepEqual(await stateOf(bench), ['reverting', true]);
  const others = (await bench.journal.operations({})).filter(({ id }) => id !== '0');
  assert.deepEqual(
    others.map(({ state }) => state).filter((state) => state !== 'refused'),
    [],
  );
});

test('where nobody knows what the central did, the answer says so', async () => {
  const bench = await given({});
  refuseWrites(bench, new CentralError('central.unreachable', { state: 'unknown', retry: 'later' }));
  const read = bench.central.readNames.bind(bench.central);
  let reads = 0;
  bench.central.readNames = async (...which) => {
    reads += 1;
    if (reads > 1) throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
    return await read(...which);
  };
  const refused = await answer(bench);
  assert.equal(refused.kind === 'refuse' && refused.changed, 'panel-unknown');
});

test('an edit that cannot be understood is left to a comparison', async () => {
  const bench = await given({});
  assert.deepEqual(
    await answer(bench, recordsEvent(zone, [{ remove: other, add: next }], 'after')),
    accepted,
  );
  assert.deepEqual(await bench.journal.operations({}), []);
  await bench.wait(20_000);
  // After this time reads of the panel surely show the edit. The comparison may also remove records that are
  // missing in the panel.
  assert.deepEqual(bench.woken, ['15000 comparison after-not-understood limited']);
  assert.equal(atCentral(bench), '1');
});

test('a zone that is not synced, or that the ledger lacks, is compared', async () => {
  for (const event of [call, deleteCall, createCall]) {
    const bench = await given({ entry: entryOf(zone, { state: 'panel-only' }) });
    assert.deepEqual(await answer(bench, event), accepted);
    assert.deepEqual(await bench.journal.operations({}), []);
    await bench.wait(1_000);
    assert.deepEqual(bench.woken, ['200 comparison after-without-operation no']);
    const absent = await given({ entry: null });
    const looked: unknown[] = [];
    absent.runtime.askForZone = (name, { reason, lane }) => void looked.push([name, reason, lane]);
    assert.deepEqual(await answer(absent, event), accepted);
    assert.deepEqual(looked, [[zone, 'after-without-operation', 'alice']]);
  }
});

test('a delete without an operation is journalled, and sent soon', async () => {
  for (const undone of [null, { ...askedDelete, state: 'reverted' } as const]) {
    const bench = await given({
      operations: undone === null ? [] : [undone],
      entry: entryOf(zone, { incarnation: 3 }),
    });
    assert.deepEqual(await answer(bench, deleteCall), accepted);
    const made = deletes(await bench.journal.operations({ latest: 1 }))[0] ?? askedDelete;
    const { class: group, state, incarnation, afterSeen, fingerprint } = made;
    assert.deepEqual(
      [group, state, incarnation, afterSeen, fingerprint],
      ['compensate', 'kept', 3, true, 'delete'],
    );
    assert.equal((await bench.journal.zone(zone))?.state, 'deleting');
    if (undone !== null) assert.deepEqual(await stateOf(bench), ['reverted', true]);
    await bench.wait(1_000);
    assert.deepEqual(bench.woken, ['200 operations']);
  }
});

test('a create that was undone with the delete before it is made by an operation of its own', async () => {
  const undone = { ...askedCreate, state: 'reverted', watch: sampleWatch(start + 1e6) } as const;
  const bench = await given({ operations: [undone] });
  assert.deepEqual(await answer(bench, createCall), accepted);
  const [made] = creates(await bench.journal.operations({ latest: 1 }));
  assert.deepEqual([made?.class, made?.source, made?.state], ['follow', 'late-create', 'kept']);
  assert.deepEqual(await stateOf(bench), ['reverted', true]);
  // A new create is journalled only if the ledger has the zone as synced and an operation of ours was undone.
  // In each of these scenes one of the two is missing.
  for (const scene of [
    { operations: [undone], entry: entryOf(zone, { state: 'creating' }) },
    { operations: [], entry: entryOf(zone) },
  ]) {
    const compared = await given(scene);
    assert.deepEqual(await answer(compared, createCall), accepted);
    assert.equal((await compared.journal.operations({})).length, scene.operations.length);
    await compared.wait(1_000);
    assert.deepEqual(compared.woken, ['200 comparison after-without-operation no']);
  }
});

test('what was left to the panel is only heard, unless an operation waits for it', async () => {
  const rights: readonly Right[] = ['another', 'unknown', 'unread'];
  for (const right of rights) {
    const bench = await given({});
    assert.deepEqual(await answer(bench, call, right), accepted);
    const [heard] = edits(await bench.journal.operations({}));
    assert.deepEqual([heard?.state, heard?.afterSeen, atCentral(bench)], ['prepared', true, '1'], right);
    const waiting = await given({ operations: [asked] });
    await answer(waiting, call, right);
    assert.deepEqual(await stateOf(waiting), ['kept', true]);
  }
});

test('where the journal fails, nobody knows what is left at the central', async () => {
  const bench = await given({ operations: [asked] });
  bench.journal.commit = async () => {
    await Promise.resolve();
    throw new JournalError('journal.disk-full', { path: 'x' });
  };
  const refused = await answer(bench);
  assert.deepEqual(refused, {
    kind: 'refuse',
    problems: [{ code: 'journal.disk-full', params: { path: 'x' } }],
    changed: 'panel-unknown',
  });
  assert.ok(bench.lines.some((line) => line.startsWith('1 journal.failed')));
  bench.journal.operations = async () => {
    await Promise.resolve();
    throw new TypeError('a defect');
  };
  await assert.rejects(answer(bench), TypeError);
});

test('an operation that is answered has its after', async () => {
  const bench = await given({ operations: [{ ...asked, state: 'reverted' }] });
  await bench.run(markAnswered(bench.runtime, { ...asked, state: 'reverted' }));
  assert.deepEqual(await stateOf(bench), ['reverted', true]);
});
