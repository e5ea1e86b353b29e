/**
 * Tests single steps of zone creates and deletes: which requests they send, which zones stay, and which
 * operations become stuck.
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
import { engineBench, entryOf, viewOf, type Bench } from '../../../testing/engine-bench.ts';
import { quietContext } from '../../../testing/quiet-context.ts';
import { a, apex, zone } from '../../../testing/simulator/given.ts';
import { CentralError, type CentralTraits } from '../../central.ts';
import type { ZoneEntry } from '../../ledger.ts';
import { creates, deletes, isFinal, type Operation } from '../../operation.ts';
import type { PanelView } from '../knowledge/panel-view.ts';
import { Moved } from '../parts/store.ts';
import { noteSent } from './made-zone.ts';
import { endUndo, stepCreate, stepDelete, undoCreate } from './zone-steps.ts';

const [one, two] = [a('www', 1), a('www', 2)] as const;

interface Given {
  readonly operations: readonly Operation[];
  readonly central?: readonly ResourceRecord[] | null;
  readonly entry?: ZoneEntry | null;
  readonly rows?: readonly ResourceRecord[];
  readonly traits?: Partial<CentralTraits>;
}

async function given({
  operations,
  central = null,
  entry = null,
  rows = [],
  traits = {},
}: Given): Promise<Bench> {
  const bench = engineBench({ traits });
  if (central !== null) bench.central.store.putZone(zone, central);
  await bench.journal.commit({
    operations,
    zones: entry === null ? [] : [entry],
    rows: [{ zone, put: rows.map((record) => sampleRow(1, { record })) }],
    facts: { [`other-writer ${zone}`]: '1', [`follow-due ${zone}`]: '1' },
  });
  bench.journal.takes = 10;
  return bench;
}

const removal = sampleDelete('0', { state: 'kept', afterSeen: true, problems: [] });
const deleting = entryOf(zone, { state: 'deleting' });

/**
 * Makes the step twice. The time between the two panel reads is long enough for them to count as agreeing.
 */
async function deleteTwice(bench: Bench, view: PanelView, operation = removal): Promise<void> {
  await bench.run(stepDelete(bench.runtime, operation, { ...view, readAt: bench.clock.now() }));
  await bench.wait(20_000);
  await bench.run(stepDelete(bench.runtime, operation, { ...view, readAt: bench.clock.now() }));
}

async function told(bench: Bench, id = '0'): Promise<unknown> {
  const operation = await bench.journal.operation(id);
  return [operation?.state, operation?.problems.map(({ code }) => code).join()];
}

const gone = viewOf(null);

test('a delete is sent once two looks show the zone gone, and its ledger goes', async () => {
  const bench = await given({ operations: [removal], central: [apex, one], entry: deleting, rows: [one] });
  await bench.run(stepDelete(bench.runtime, removal, gone));
  assert.deepEqual(await told(bench), ['kept', '']);
  await bench.wait(5_000);
  await bench.run(stepDelete(bench.runtime, removal, { ...gone, readAt: bench.clock.now() }));
  assert.deepEqual(await told(bench), ['confirmed', '']);
  assert.equal(bench.central.store.records(zone), null);
  assert.equal(await bench.journal.zone(zone), null);
  assert.equal(await bench.journal.fact(`other-writer ${zone}`), null);
  assert.equal(await bench.journal.fact(`follow-due ${zone}`), null);
});

test('a delete of a zone that the central has lost is done', async () => {
  const bench = await given({ operations: [removal], entry: deleting });
  await deleteTwice(bench, gone);
  assert.deepEqual([await told(bench), await bench.journal.zone(zone)], [['confirmed', ''], null]);
});

test('a delete at a central where only the provider deletes ends, and says so', async () => {
  const traits = { managesZones: false };
  const bench = await given({ operations: [removal], central: [one], entry: deleting, traits });
  await deleteTwice(bench, gone);
  assert.deepEqual(await told(bench), ['confirmed', 'zone.left-at-central']);
  assert.equal(bench.central.store.records(zone)?.length, 1);
  assert.equal(await bench.journal.zone(zone), null);
  assert.ok(bench.logged.includes('zone.left-at-central'));
});

test('a delete is given up once two looks show the zone kept', async () => {
  const bench = await given({ operations: [removal], central: [one], entry: deleting, rows: [one] });
  await deleteTwice(bench, viewOf([one]));
  // Nothing is decided yet: the panel reported the delete, and its reads may show the zone for some time
  // after that.
  assert.deepEqual(await told(bench), ['kept', '']);
  await bench.wait(60_000);
  await deleteTwice(bench, viewOf([one]));
  assert.deepEqual(await told(bench), ['kept', '']);
  await deleteTwice(bench, viewOf([one]));
  assert.deepEqual(await told(bench), ['reverted', '']);
  assert.equal((await bench.journal.zone(zone))?.state, 'synced');
});

test('a delete that the panel did not report is given up sooner than one that it did', async () => {
  for (const state of ['prepared', 'kept'] as const) {
    const operation = { ...removal, state, afterSeen: state === 'kept' };
    const bench = await given({ operations: [operation], central: [one], entry: deleting, rows: [one] });
    for (const wait of [0, 6_000, 6_000]) {
      await bench.wait(wait);
      const view = viewOf([one], { readAt: bench.clock.now() });
      await bench.run(stepDelete(bench.runtime, operation, view));
    }
    assert.deepEqual(await told(bench), [state === 'kept' ? 'kept' : 'reverted', '']);
  }
});

test('what another writer has in the zone keeps it from being deleted', async () => {
  const made = sampleCreate('00', { state: 'confirmed', created: true, snapshot: [one] });
  const removed = sampleOperation('00', { state: 'confirmed', removed: [one], added: [] });
  const cases: (readonly [string, Partial<Given>, string])[] = [
    ['a foreign record', {}, 'stuck'],
    ['a record of the ledger', { rows: [one] }, 'confirmed'],
    ['a record that we had made', { operations: [removal, made] }, 'confirmed'],
    ['a record that we joined', { operations: [removal, { ...made, created: false }] }, 'stuck'],
    ['a record that we removed', { operations: [removal, removed] }, 'confirmed'],
    ['a record of the snapshot', { operations: [{ ...removal, snapshot: [one] }] }, 'confirmed'],
    ['the central’s own records', { central: [apex] }, 'confirmed'],
    [
      'a zone made since the delete',
      { central: [apex], operations: [{ ...removal, wasThere: false }] },
      'stuck',
    ],
  ];
  cases.push(['a zone that holds nothing of the ledger', { central: [apex], rows: [one] }, 'stuck']);
  const taking = sampleOperation('00', { state: 'reverting', removed: [one], added: [] });
  cases.push([
    'a zone whose last record an open edit of ours removed',
    { central: [apex], rows: [one], operations: [removal, taking] },
    'confirmed',
  ]);
  cases.push([
    'an emptied zone that was there at the delete',
    { central: [apex], rows: [one], operations: [{ ...removal, wasThere: true }] },
    'confirmed',
  ]);
  cases.push([
    'a zone that held only records of another writer at the delete',
    { central: [two], rows: [one], operations: [{ ...removal, snapshot: [two], wasThere: true }] },
    'stuck',
  ]);
  cases.push([
    'a zone that lost all that it held at the delete',
    { central: [apex], operations: [{ ...removal, snapshot: [apex, one], wasThere: true }] },
    'stuck',
  ]);
  cases.push([
    'a zone whose last record the undo of an edit removed since',
    {
      central: [apex],
      operations: [
        { ...removal, snapshot: [apex, one], wasThere: true },
        sampleOperation('00', {
          state: 'reverted',
          items: [{ remove: null, add: one, mirrored: true, note: null }],
          added: [],
          endedAfter: removal.id,
        }),
      ],
    },
    'confirmed',
  ]);
  const asked = { state: 'kept', requested: true } as const;
  cases.push([
    'a zone that a create of ours asked for since',
    { central: [apex], operations: [{ ...removal, wasThere: false }, sampleCreate('00', asked)] },
    'confirmed',
  ]);
  // The clock was set back between the create and the delete, so times do not tell which was first.
  const later = { changedAt: removal.createdAt + 30_000, createdAt: removal.createdAt - 1 };
  for (const [endedAfter, state] of [
    ['00', 'stuck'],
    ['1', 'confirmed'],
  ] as const) {
    const before = sampleCreate('00', { state: 'confirmed', created: true, ...later, endedAfter });
    const operations = [{ ...removal, id: '1', wasThere: false }, before];
    cases.push([`issue 14: a create that ended after ${endedAfter}`, { central: [apex], operations }, state]);
  }
  for (const [what, parts, state] of cases) {
    const bench = await given({ operations: [removal], central: [apex, one], entry: deleting, ...parts });
    const [operation = removal] = deletes(parts.operations ?? []);
    await deleteTwice(bench, gone, operation);
    const expected = [state, state === 'stuck' ? 'zone.changed-at-central' : ''];
    assert.deepEqual(await told(bench, operation.id), expected, what);
    assert.equal(bench.central.store.records(zone) === null, state === 'confirmed', what);
    // An open create of the zone still needs its ledger data.
    const isAwaited = creates(parts.operations ?? []).some((create) => !isFinal(create.state));
    const ended = isAwaited ? 'creating' : undefined;
    const left = (await bench.journal.zone(zone))?.state;
    assert.equal(left, state === 'confirmed' ? ended : 'deleting', what);
  }
});

test('a zone that a create of ours may have made is listed as such when its delete leaves it', async () => {
  const asked = sampleCreate('00', { state: 'kept', requested: true });
  const cases = [
    ['neither has read it', asked, removal, 'zone.maybe-ours'],
    ['the delete has', asked, { ...removal, wasThere: true }, 'zone.changed-at-central'],
    ['the create has', { ...asked, created: true }, removal, 'zone.changed-at-central'],
    ['no request was sent', { ...asked, requested: false }, removal, 'zone.changed-at-central'],
    ['the create has ended', { ...asked, state: 'reverted' }, removal, 'zone.changed-at-central'],
  ] as const;
  for (const [what, create, operation, code] of cases) {
    const bench = await given({ operations: [create, operation], central: [apex, one], entry: deleting });
    await deleteTwice(bench, gone, operation);
    assert.deepEqual(await told(bench, operation.id), ['stuck', code], what);
    assert.notEqual(bench.central.store.records(zone), null, what);
  }
});

test('a signed zone waits for a second yes', async () => {
  const bench = await given({ operations: [removal], central: [apex], entry: deleting });
  bench.central.store.signings.set(zone, { signed: true, ds: [], cds: [] });
  await deleteTwice(bench, gone);
  assert.deepEqual(await told(bench), ['stuck', 'zone.signed-waiting']);
});

const failures = [
  { method: 'deleteZone', state: 'untouched', retry: 'later', ends: 'kept' },
  { method: 'deleteZone', state: 'unknown', retry: 'later', ends: 'kept' },
  { method: 'deleteZone', state: 'untouched', retry: 'never', ends: 'stuck' },
  { method: 'read', state: 'untouched', retry: 'later', ends: 'kept' },
] as const;

for (const { method, state, retry, ends } of failures) {
  test(`a delete whose ${method} fails (${state}, ${retry}) is ${ends}, and counted`, async () => {
    const bench = await given({ operations: [removal], central: [apex], entry: deleting });
    bench.central.faults.before = (request) => {
      if (request.method === method) throw new CentralError('central.refused', { state, retry });
    };
    if (retry === 'later') await assert.rejects(deleteTwice(bench, gone), CentralError);
    else await deleteTwice(bench, gone);
    assert.deepEqual(await told(bench), [ends, 'central.refused']);
    const operation = await bench.stored(removal);
    assert.deepEqual([operation?.attempts, operation?.watch !== null], [1, state === 'unknown']);
    assert.notEqual(await bench.journal.zone(zone), null);
  });
}

test('a delete that was heard of anew while the lock was waited for is judged again', async () => {
  const bench = await given({ operations: [removal], central: [apex], entry: deleting });
  const judged = { ...removal, afterSeen: false };
  await assert.rejects(deleteTwice(bench, gone, judged), Moved);
  assert.notEqual(bench.central.store.records(zone), null);
});

test('nothing is deleted or undone in the time after a start', async () => {
  const bench = await given({ operations: [removal], central: [apex], entry: deleting });
  bench.runtime.grace.begin();
  await deleteTwice(bench, gone);
  assert.notEqual(bench.central.store.records(zone), null);
});

const made = sampleCreate('0', { state: 'applied', created: true, snapshot: [one], problems: [] });
const creating = entryOf(zone, { state: 'creating' });

async function undo(bench: Bench, operation = made): Promise<void> {
  await bench.run(undoCreate(bench.runtime, operation, quietContext()));
}

test('a create that the panel never showed is undone after two looks, what it made deleted', async () => {
  const bench = await given({ operations: [made], central: [apex, one], entry: creating });
  await bench.run(stepCreate(bench.runtime, made, gone));
  await bench.wait(6_000);
  await bench.run(stepCreate(bench.runtime, made, { ...gone, readAt: 6_000 }));
  assert.deepEqual(await told(bench), ['applied', '']);
  await bench.wait(6_000);
  await bench.run(stepCreate(bench.runtime, made, { ...gone, readAt: bench.clock.now() }));
  assert.deepEqual(await told(bench), ['reverted', '']);
  assert.equal(bench.central.store.records(zone), null);
  assert.equal(await bench.journal.zone(zone), null);
});

test('what is undone, and what becomes stuck instead', async () => {
  const rival = sampleCreate('00', { state: 'kept', created: true });
  const asked = { ...made, created: false, requested: true } as const;
  const cases: readonly (readonly [string, Given, string, string, boolean])[] = [
    ['its own records', { operations: [made], central: [one] }, 'reverted', '', true],
    ['nothing', { operations: [made], central: null }, 'reverted', '', true],
    [
      'a zone with nothing of what the create found in it',
      { operations: [{ ...made, snapshot: [apex, one] }], central: [apex] },
      'stuck',
      'zone.changed-since-create',
      false,
    ],
    [
      'a zone that never had more than every zone has',
      { operations: [{ ...made, snapshot: [apex] }], central: [apex] },
      'reverted',
      '',
      true,
    ],
    [
      'a foreign record beside its own',
      { operations: [made], central: [one, two] },
      'stuck',
      'zone.changed-since-create',
      false,
    ],
    [
      'a foreign record in a zone that was empty',
      { operations: [{ ...made, snapshot: [] }], central: [two] },
      'stuck',
      'zone.maybe-ours',
      false,
    ],
    ['a zone that may be ours', { operations: [asked], central: [one] }, 'stuck', 'zone.maybe-ours', false],
    [
      'a zone that another create made',
      { operations: [asked, rival], central: [one] },
      'reverted',
      '',
      false,
    ],
    [
      'a zone that was only joined',
      { operations: [{ ...made, created: false }], central: [one] },
      'reverted',
      '',
      false,
    ],
  ];
  for (const [what, scene, state, code, isGone] of cases) {
    const bench = await given({ ...scene, entry: creating });
    const [operation] = scene.operations;
    assert.ok(operation?.kind === 'zone-create');
    await undo(bench, operation);
    assert.deepEqual(await told(bench), [state, code], what);
    assert.equal(bench.central.store.records(zone) === null, isGone, what);
    const now = await bench.stored(operation);
    assert.equal(now?.watch !== null, operation.requested, what);
  }
});

test('a create of this process that has landed meanwhile is ours: what it made goes', async () => {
  const watch = { until: 2e12, added: [], removed: [] };
  const late = { ...made, created: false, requested: true, snapshot: [], watch } as const;
  const bench = await given({ operations: [late], central: [two], entry: creating });
  noteSent(bench.runtime, late);
  await undo(bench, late);
  assert.deepEqual(await told(bench), ['reverted', '']);
  assert.equal(bench.central.store.records(zone), null);
});

test('a stuck create has a ledger entry, so that comparisons look at the zone', async () => {
  const bench = await given({ operations: [{ ...made, incarnation: 3 }], central: [one, two] });
  await undo(bench, { ...made, incarnation: 3 });
  const { state, incarnation } = (await bench.journal.zone(zone)) ?? deleting;
  assert.deepEqual([state, incarnation], ['creating', 3]);
});

test('an undo of unknown outcome is on watch, and tried again', async () => {
  for (const state of ['unknown', 'untouched'] as const) {
    const bench = await given({ operations: [made], central: [one], entry: creating });
    bench.central.faults.before = ({ method }) => {
      if (method === 'deleteZone') throw new CentralError('central.unreachable', { state, retry: 'later' });
    };
    await assert.rejects(undo(bench), CentralError);
    const operation = await bench.stored(made);
    assert.deepEqual([operation?.state, operation?.watch !== null], ['reverting', state === 'unknown']);
  }
});

test('an undone create takes up the delete that it had cancelled', async () => {
  const cancelled = sampleDelete('00', { state: 'reverted', snapshot: [two], actor: 'bob' });
  const undone = { ...made, state: 'reverting', cancels: '00', incarnation: 5 } as const;
  const bench = await given({ operations: [cancelled, undone], entry: creating });
  await bench.run(endUndo(bench.runtime, undone));
  const again = deletes(await bench.journal.operations({})).at(-1);
  assert.ok(again !== undefined);
  const { state, afterSeen, incarnation, actor, snapshot, formerlyOurs, wasThere } = again;
  assert.deepEqual(
    { state, afterSeen, incarnation, actor, snapshot, formerlyOurs, wasThere },
    {
      state: 'kept',
      afterSeen: true,
      incarnation: 5,
      actor: 'bob',
      snapshot: [two, one],
      formerlyOurs: [one],
      wasThere: null,
    },
  );
  assert.equal((await bench.journal.zone(zone))?.state, 'deleting');
  await bench.wait(1_000);
  assert.deepEqual(bench.woken, ['210 operations']);
});

test('issue 13, undone create: a delete that the history has dropped is not taken up, and the ledger goes', async () => {
  const undone = { ...made, state: 'reverting', cancels: '00' } as const;
  const bench = await given({ operations: [undone], entry: creating });
  await bench.run(endUndo(bench.runtime, undone));
  assert.equal(await bench.journal.zone(zone), null);
  assert.deepEqual(deletes(await bench.journal.operations({})), []);
});

test('a resumed delete still knows that its zone was missing, unless the create may land late', async () => {
  for (const requested of [true, false]) {
    const cancelled = sampleDelete('00', { state: 'reverted', wasThere: false });
    const undone = { ...made, state: 'reverting', cancels: '00', created: false, requested } as const;
    const bench = await given({ operations: [cancelled, undone], entry: creating });
    await bench.run(endUndo(bench.runtime, undone));
    assert.equal(deletes(await bench.journal.operations({})).at(-1)?.wasThere, requested ? null : false);
  }
});

test('the ledger of an undone create stays while another operation of the zone needs it', async () => {
  const undone = { ...made, state: 'reverting' } as const;
  const left = async (...others: readonly Operation[]): Promise<boolean> => {
    const bench = await given({ operations: [undone, ...others], entry: creating });
    await bench.run(endUndo(bench.runtime, undone));
    return (await bench.journal.zone(zone)) !== null;
  };
  assert.equal(await left(), false);
  assert.equal(await left(sampleDelete('1', { state: 'kept' })), true);
  assert.equal(await left(sampleCreate('1', { state: 'prepared' })), true);
  assert.equal(await left(sampleDelete('1', { state: 'confirmed' })), false);
  assert.equal(await left(sampleOperation('1', { state: 'kept' })), false);
});

test('a create that cancelled a delete, and whose panel says nothing of it, leaves the zone as it was', async () => {
  const cancelled = sampleDelete('00', { state: 'reverted' });
  const unproven = { ...made, created: false, cancels: '00', afterSeen: false } as const;
  const bench = await given({ operations: [cancelled, unproven], central: [one], entry: creating });
  await bench.run(stepCreate(bench.runtime, unproven, viewOf([one])));
  await bench.wait(6_000);
  await bench.run(stepCreate(bench.runtime, unproven, viewOf([one], { readAt: 6_000 })));
  await bench.wait(6_000);
  await bench.run(stepCreate(bench.runtime, unproven, viewOf([one], { readAt: bench.clock.now() })));
  assert.deepEqual(await told(bench), ['reverted', '']);
  assert.equal((await bench.journal.zone(zone))?.state, 'synced');
  assert.notEqual((await bench.stored(cancelled))?.watch, null);
  assert.ok(
    Number.parseInt((await bench.journal.fact(`follow-due ${zone}`)) ?? '', 10) >= bench.clock.wall() - 10,
  );
  await bench.wait(1_000);
  assert.ok(bench.woken.at(-1)?.endsWith('comparison unproven-create limited'));
});

test('a step of the clock after the reads puts off a delete and an undo', async () => {
  const scenes: readonly (readonly [Bench, (bench: Bench) => Promise<void>])[] = [
    [
      await given({ operations: [removal], central: [apex], entry: deleting }),
      async ({ runtime, clock }) => await stepDelete(runtime, removal, viewOf(null, { readAt: clock.now() })),
    ],
    [
      await given({ operations: [made], central: [one], entry: creating }),
      async ({ runtime, clock }) => await stepCreate(runtime, made, viewOf(null, { readAt: clock.now() })),
    ],
  ];
  for (const [bench, step] of scenes) {
    bench.runtime.grace.mindTheClock();
    bench.runtime.patience.heard('0');
    await bench.wait(6_000);
    await bench.run(step(bench));
    await bench.wait(6_000);
    const { signal } = new AbortController();
    const held = await bench.run(bench.runtime.locks.acquire(zone, null, signal));
    const moved = assert.rejects(step(bench), Moved);
    await bench.wait(10);
    bench.clock.stepWall(60_000);
    held.release();
    await bench.run(moved);
    assert.notEqual(bench.central.store.records(zone), null);
  }
});

/**
 * Makes a step of the create after each read of the panel. Each read has a time (ms) and the records that it
 * shows. @returns rdata of the records that the central has then
 */
async function createAt(
  operation: typeof made,
  reads: readonly (readonly [number, readonly ResourceRecord[]])[],
): Promise<readonly string[]> {
  const cancelled = sampleDelete('00', { state: 'reverted' });
  const bench = await given({ operations: [cancelled, operation], central: [], entry: creating });
  bench.runtime.patience.heard('0');
  for (const [at, records] of reads) {
    await bench.wait(at - bench.clock.now());
    await bench.run(stepCreate(bench.runtime, operation, viewOf(records, { readAt: at })));
  }
  return (bench.central.store.records(zone) ?? []).map(({ rdata }) => rdata);
}

test('the content of a new zone is sent once two reads agree on it', async () => {
  const kept = { ...made, state: 'kept', afterSeen: true, snapshot: [] } as const;
  assert.deepEqual(await createAt(kept, [[0, [one]]]), []);
  assert.deepEqual(
    await createAt(kept, [
      [0, [one]],
      [299, [one]],
    ]),
    [],
  );
  assert.deepEqual(
    await createAt(kept, [
      [0, [one]],
      [300, [one]],
    ]),
    [one.rdata],
  );
  assert.deepEqual(
    await createAt(kept, [
      [0, [one]],
      [300, [one, two]],
    ]),
    [],
  );
  // The two reads show the same records in another order, so they agree.
  const both = await createAt(kept, [
    [0, [one, two]],
    [300, [two, one]],
  ]);
  assert.equal(both.length, 2);
});

test('right after a delete of the zone, reads may still show what it held', async () => {
  const again = { ...made, state: 'kept', afterSeen: true, snapshot: [], cancels: '00' } as const;
  assert.deepEqual(
    await createAt(again, [
      [0, [one]],
      [300, [one]],
      [15_000, [one]],
      [89_999, [one]],
      [90_100, [one]],
    ]),
    [],
  );
  assert.deepEqual(
    await createAt(again, [
      [90_000, [one]],
      [90_300, [one]],
    ]),
    [one.rdata],
  );
});

test('issue 14, reads: what reads show of a zone after they have shown its delete is the new one', async () => {
  const again = sampleCreate('0', { ...made, state: 'kept', afterSeen: true, snapshot: [], cancels: '00' });
  for (const [deleted, sent] of [
    ['00', [one.rdata]],
    ['01', []],
  ] as const) {
    const bench = await given({ operations: [again], central: [], entry: creating });
    bench.runtime.patience.heard('0');
    bench.runtime.readProofs.deleted(zone, deleted);
    for (const readAt of [0, 300])
      await bench.run(stepCreate(bench.runtime, again, viewOf([one], { readAt })));
    assert.deepEqual(
      (bench.central.store.records(zone) ?? []).map(({ rdata }) => rdata),
      sent,
    );
  }
});

test('a create that cancelled a delete sends its content where the zone is or may be of our making', async () => {
  const base = {
    ...made,
    snapshot: [],
    cancels: '00',
    afterSeen: false,
    created: false,
    requested: false,
  } as const;
  for (const [parts, isSent] of [
    [{}, false],
    [{ afterSeen: true }, true],
    [{ created: true }, true],
    [{ requested: true }, true],
  ] as const) {
    const sent = await createAt({ ...base, ...parts }, [
      [90_000, [one]],
      [90_300, [one]],
    ]);
    assert.equal(sent.length === 1, isSent, JSON.stringify(parts));
  }
});

test('a create that the panel has reported may take longer to show before it is undone', async () => {
  for (const [state, isUndone] of [
    ['applied', true],
    ['kept', false],
  ] as const) {
    const operation = { ...made, state };
    const bench = await given({ operations: [operation], central: [one], entry: creating });
    bench.runtime.patience.heard('0');
    for (const at of [5_000, 10_000]) {
      await bench.wait(at - bench.clock.now());
      await bench.run(stepCreate(bench.runtime, operation, viewOf(null, { readAt: at })));
    }
    assert.deepEqual(await told(bench), [isUndone ? 'reverted' : 'kept', '']);
  }
});
