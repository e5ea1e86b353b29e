/** Tests how the records of a new zone are sent to the central, step by step. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord, type ResourceRecord } from '../../../dns/record.ts';
import { sampleCreate, sampleOperation, sampleRow, sampleWatch } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, viewOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, apex, zone } from '../../../testing/simulator/given.ts';
import { problem } from '../../../dns/problem.ts';
import { CentralError, type CentralTraits } from '../../central.ts';
import { edits, type CreateOperation, type Operation, type RecordsOperation } from '../../operation.ts';
import { applyEach, compareNewZones, fillZone, isJustFilled } from './fill-zone.ts';

const [www, ftp, pop] = [a('www', 1), a('ftp', 2), a('pop', 3)] as const;
const start = 1_700_000_000_000;

const create = sampleCreate('0', {
  state: 'kept',
  afterSeen: true,
  incarnation: 2,
  created: true,
  problems: [],
});

interface Given {
  readonly traits?: Partial<CentralTraits>;
  readonly central?: readonly ResourceRecord[];
  readonly operation?: CreateOperation;
  readonly others?: readonly Operation[];
}

async function given(what: Given = {}): Promise<Bench> {
  const { traits = {}, central = [], operation = create, others = [] } = what;
  const bench = engineBench({ traits });
  bench.central.store.putZone(zone, central);
  await bench.journal.commit({
    operations: [operation, ...others],
    zones: [entryOf(zone, { state: 'creating', incarnation: 2, baselineAt: 7 })],
    rows: [{ zone, put: [sampleRow(9)] }],
  });
  return bench;
}

async function fill(
  bench: Bench,
  panel: readonly ResourceRecord[] | null,
  operation = create,
): Promise<void> {
  const { runtime, run } = bench;
  const work = async (): Promise<void> =>
    await runtime.timers.step('0', async (ctx) => await fillZone(runtime, operation, viewOf(panel), ctx));
  await run(work());
}

function atCentral({ central }: Bench): string[] {
  return (central.store.records(zone) ?? []).map(({ rdata }) => rdata).sort();
}

async function rows({ journal }: Bench): Promise<unknown> {
  return (await journal.rows(zone)).map(({ record, state, note }) => [record.rdata.slice(-1), state, note]);
}

function edit(id: string, parts: Partial<RecordsOperation>): RecordsOperation {
  return sampleOperation(id, { state: 'applied', added: [], ...parts });
}

function items(remove: ResourceRecord | null, add: ResourceRecord | null): RecordsOperation['items'] {
  return [{ remove, add, mirrored: true, note: null }];
}

test('what the panel holds is added; the zone is synced then, and looked at once more later', async () => {
  const bench = await given();
  await fill(bench, [www, ftp]);
  assert.deepEqual(atCentral(bench), [www.rdata, ftp.rdata]);
  assert.deepEqual(await rows(bench), [
    ['2', 'synced', null],
    ['1', 'synced', null],
  ]);
  const entry = await bench.journal.zone(zone);
  assert.deepEqual(entry, entryOf(zone, { incarnation: 2, baselineAt: 7 }));
  const operation = await bench.stored(create);
  assert.ok(operation?.kind === 'zone-create');
  const { state, added, removed, watch } = operation;
  assert.deepEqual([state, added, removed, watch], ['confirmed', [www, ftp], [], null]);
  await bench.wait(15_199);
  assert.deepEqual(bench.woken, []);
  await bench.wait(1);
  assert.deepEqual(bench.woken, ['15200 comparison new-zone limited']);
});

test('issue 14: an edit of a former zone of the name holds no record back; others do', async () => {
  for (const [id, group, held] of [
    ['0', 'veto', []],
    ['0', 'follow', [www.rdata]],
    ['2', 'veto', [www.rdata]],
  ] as const) {
    const operation = { ...create, id: '1', class: group };
    const others = [edit(id, { state: 'kept', items: items(www, null), removed: [www] })];
    const bench = await given({ operation, others });
    await fill(bench, [www, ftp], operation);
    const sent = new Set(atCentral(bench));
    assert.deepEqual(
      [www.rdata, ftp.rdata].filter((one) => !sent.has(one)),
      held,
      `${id} ${group}`,
    );
  }
});

test('an engine that has stopped compares nothing any more', async () => {
  const bench = await given();
  await fill(bench, [www]);
  bench.runtime.timers.stopping.abort(new Error('stopping'));
  await bench.wait(60_000);
  assert.deepEqual(bench.woken, []);
});

test('what it sends is on watch while it is sent, and stays so after a failure', async () => {
  const bench = await given();
  const lost = new CentralError('central.unreachable', { state: 'unknown', retry: 'later' });
  bench.central.faults.before = async ({ method }) => {
    if (method !== 'add') return;
    assert.deepEqual((await bench.stored(create))?.watch?.added, [www]);
    throw lost;
  };
  await assert.rejects(fill(bench, [www]), lost);
  const operation = await bench.stored(create);
  assert.deepEqual([operation?.state, operation?.watch?.until], ['kept', start + 600_000]);
  assert.equal((await bench.journal.zone(zone))?.state, 'creating');
});

test('what our create put there and the panel lacks goes; what somebody else added stays', async () => {
  const operation = { ...create, snapshot: [www, ftp] };
  const bench = await given({ central: [www, ftp, pop], operation });
  await fill(bench, [www], operation);
  assert.deepEqual(atCentral(bench), [www.rdata, pop.rdata]);
  assert.deepEqual(await rows(bench), [
    ['3', 'central-only', null],
    ['1', 'synced', null],
  ]);
  const ended = await bench.stored(create);
  assert.ok(ended?.kind === 'zone-create');
  assert.deepEqual(
    ended.removed.map(({ rdata }) => rdata),
    [ftp.rdata],
  );
});

test('a value that the panel has in place of one of ours replaces it', async () => {
  const operation = { ...create, snapshot: [www] };
  const bench = await given({ central: [www], operation });
  await fill(bench, [a('www', 4)], operation);
  assert.deepEqual(atCentral(bench), [a('www', 4).rdata]);
  assert.deepEqual(await rows(bench), [['4', 'synced', null]]);
});

test('what an earlier request for the zone may have added late goes as well', async () => {
  const late = edit('1', {
    state: 'refused',
    items: [],
    watch: { ...sampleWatch(start + 1e6), added: [ftp] },
  });
  const bench = await given({ central: [ftp, pop], others: [late] });
  await fill(bench, []);
  assert.deepEqual(atCentral(bench), [pop.rdata]);
});

test('the central’s own records stay', async () => {
  const operation = { ...create, snapshot: [apex, www] };
  const bench = await given({ central: [apex, www], operation });
  await fill(bench, [], operation);
  assert.deepEqual(atCentral(bench), [apex.rdata]);
});

test('a zone that the panel lacks is filled with nothing', async () => {
  const bench = await given({ central: [ftp] });
  await fill(bench, null);
  assert.deepEqual(atCentral(bench), [ftp.rdata]);
  const operation = await bench.stored(create);
  assert.deepEqual([operation?.state, operation?.watch], ['confirmed', null]);
});

test('a TTL of ours becomes that of the panel', async () => {
  const slow = { ...www, ttl: 3_600 };
  const operation = { ...create, snapshot: [slow] };
  const bench = await given({
    traits: { carriesTtl: true },
    central: [slow, { ...ftp, ttl: 60 }],
    operation,
  });
  await fill(
    bench,
    [
      { ...www, ttl: 60 },
      { ...ftp, ttl: 7_200 },
    ],
    operation,
  );
  const ttls = (bench.central.store.records(zone) ?? []).map(({ rdata, ttl }) => `${rdata} ${ttl}`).sort();
  assert.deepEqual(ttls, [`${www.rdata} 60`, `${ftp.rdata} 60`]);
});

test('a record beside another writer’s value is not sent, and listed', async () => {
  const bench = await given({ central: [a('www', 4)] });
  await fill(bench, [www, ftp]);
  assert.deepEqual(atCentral(bench), [ftp.rdata, a('www', 4).rdata]);
  assert.deepEqual(await rows(bench), [
    ['2', 'synced', null],
    ['1', 'conflict', null],
    ['4', 'conflict', null],
  ]);
});

test('what open edits of the zone are about is left to them; stuck ones do not count', async () => {
  for (const [state, isLeft] of [
    ['applied', true],
    ['stuck', false],
    ['confirmed', false],
  ] as const) {
    const other = edit('1', { state, items: items(null, ftp) });
    const bench = await given({ others: [other] });
    bench.runtime.patience.heard('0');
    await fill(bench, [www, ftp]);
    assert.deepEqual(atCentral(bench), isLeft ? [www.rdata] : [www.rdata, ftp.rdata], state);
  }
});

test('issue 14, new zones: an edit that only the panel decided about keeps no record from being sent', async () => {
  const heard = edit('1', {
    class: 'compensate',
    state: 'prepared',
    afterSeen: true,
    items: items(ftp, null),
    added: [],
    removed: [],
  });
  const bench = await given({ others: [heard] });
  bench.runtime.patience.heard('0');
  await bench.wait(60_000);
  await fill(bench, [www, ftp]);
  assert.deepEqual(atCentral(bench), [www.rdata, ftp.rdata]);
  assert.equal((await bench.journal.rows(zone)).length, 2);
});

test('issue 14, reads: an edit that only the panel decided about keeps no record out of a new zone', async () => {
  const heard = { class: 'compensate', state: 'prepared', afterSeen: true, removed: [] } as const;
  const other = edit('1', { ...heard, items: items(ftp, pop) });
  const bench = await given({ others: [other] });
  await fill(bench, [www, ftp]);
  assert.deepEqual(atCentral(bench), [www.rdata, ftp.rdata]);
  assert.deepEqual(await rows(bench), [
    ['2', 'synced', null],
    ['1', 'synced', null],
  ]);
});

test('an edit that wants a record of ours answers for it from now on', async () => {
  const operation = { ...create, snapshot: [www, ftp] };
  const others = [
    edit('1', { items: items(null, www) }),
    edit('2', { state: 'reverted', items: items(null, ftp), watch: sampleWatch(start + 1e6) }),
  ];
  const bench = await given({ central: [www, ftp], operation, others });
  await fill(bench, [], operation);
  assert.deepEqual(atCentral(bench), [www.rdata]);
  const added = async (id: string): Promise<unknown> => {
    const [one] = edits(await bench.journal.operations({ prefix: id }));
    return one?.added.map(({ rdata }) => rdata);
  };
  assert.deepEqual([await added('1'), await added('2')], [[www.rdata], []]);
});

test('a zone made with its content gets the panel’s name servers where it has none', async () => {
  const bench = await given({ traits: { createsWithContent: true } });
  await fill(bench, [apex, www]);
  assert.deepEqual(atCentral(bench), [www.rdata, apex.rdata]);
  const own = makeRecord({ name: '@', type: 'NS', rdata: 'ns.other.example.' }, zone);
  const has = await given({ traits: { createsWithContent: true }, central: [own] });
  await fill(has, [apex, www]);
  assert.deepEqual(atCentral(has), [www.rdata, own.rdata]);
});

test('a record to which the central objects does not keep the others from being sent', async () => {
  const bench = await given();
  bench.central.audit = ({ remove, add }) => {
    assert.deepEqual([remove.length, add.length], [0, 1]);
    return add.some(({ rdata }) => rdata === ftp.rdata)
      ? [problem('central.type-unsupported', { name: 'x', type: 'A' }), problem('central.refused', {})]
      : [];
  };
  await fill(bench, [www, ftp]);
  assert.deepEqual(atCentral(bench), [www.rdata]);
  assert.deepEqual(await rows(bench), [
    ['2', 'panel-only', 'central.type-unsupported'],
    ['1', 'synced', null],
  ]);
});

test('while nothing may be sent, nothing is changed', async () => {
  const bench = engineBench();
  await bench.journal.commit({
    operations: [create, edit('1', { items: items(null, ftp) })],
    zones: [entryOf(zone, { state: 'creating' })],
  });
  bench.runtime.patience.heard('0');
  await fill(bench, [www]);
  assert.equal((await bench.stored(create))?.state, 'kept');
  assert.equal(bench.central.store.records(zone), null);
});

const refused = new CentralError('central.refused', { state: 'untouched', retry: 'never' });

async function apply(
  bench: Bench,
  remove: readonly ResourceRecord[],
  add: readonly ResourceRecord[],
): Promise<unknown> {
  const { runtime, run, central } = bench;
  const step = runtime.timers.step('0', async (ctx) => {
    const present = (await central.readZone(zone, [], ctx)) ?? [];
    return await applyEach(runtime, { zone, remove, add }, present, ctx);
  });
  return [...(await run(step)).values()];
}

test('a refused change is made record by record, so that one bad record does not stop the rest', async () => {
  const bench = await given({ central: [pop] });
  bench.central.faults.before = ({ record }) => {
    if (record?.rdata === ftp.rdata) throw refused;
  };
  assert.deepEqual(await apply(bench, [pop], [ftp, www]), ['central.refused']);
  assert.deepEqual(atCentral(bench), [www.rdata]);
  assert.ok(bench.logged.includes('bulk.refused'));
  const kept = await given({ central: [pop] });
  kept.central.faults.before = ({ method }) => {
    if (method === 'remove') throw refused;
  };
  assert.deepEqual(await apply(kept, [pop], [www]), ['central.refused']);
  assert.deepEqual(atCentral(kept), [www.rdata, pop.rdata]);
});

test('a failure that may go by itself, or a defect, ends it, also in the middle', async () => {
  const outage = new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
  for (const error of [outage, new TypeError('a defect')]) {
    for (const first of [error, refused]) {
      const bench = await given();
      let calls = 0;
      bench.central.faults.before = ({ method }) => {
        if (method !== 'add') return;
        calls += 1;
        throw calls === 1 ? first : error;
      };
      await assert.rejects(apply(bench, [], [www]), error);
      assert.equal(calls, first === refused ? 2 : 1);
    }
  }
});

test('a change without failure is made as a whole', async () => {
  const bench = await given({ central: [pop] });
  assert.deepEqual(await apply(bench, [pop], [www, ftp]), []);
  assert.deepEqual(atCentral(bench), [www.rdata, ftp.rdata]);
  assert.equal(bench.logged.includes('bulk.refused'), false);
});

test('a zone counts as just filled while panel reads may show an older state', async () => {
  const bench = await given();
  const { runtime, run } = bench;
  assert.equal(await run(isJustFilled(runtime, zone)), false);
  await fill(bench, [www]);
  assert.equal(await run(isJustFilled(runtime, zone)), true);
  assert.equal(await run(isJustFilled(runtime, a('other', 1).name)), false);
  await bench.wait(15_000);
  assert.equal(await run(isJustFilled(runtime, zone)), true);
  await bench.wait(1);
  assert.equal(await run(isJustFilled(runtime, zone)), false);
});

test('at most two hundred zones count as filled lately', async () => {
  const bench = await given();
  const before = Array.from({ length: 200 }, (_, at) => `${start}=z${at}.example.`).join(' ');
  await bench.journal.commit({ facts: { 'filled-zones': before } });
  await fill(bench, [www]);
  const filled = (await bench.journal.fact('filled-zones'))?.split(' ') ?? [];
  assert.deepEqual(
    [filled.length, filled[0], filled.at(-1)],
    [200, `${start}=z1.example.`, `${start}=${zone}`],
  );
});

test('after a restart the zones that were filled within the watch are compared', async () => {
  const bench = await given();
  await fill(bench, [www]);
  await bench.wait(20_000);
  bench.runtime.agenda.takeRequest(zone);
  await bench.run(compareNewZones(bench.runtime));
  await bench.wait(1_000);
  assert.equal(bench.woken.at(-1), '20200 comparison new-zone limited');
  const { length } = bench.woken;
  await bench.wait(600_000);
  await bench.run(compareNewZones(bench.runtime));
  await bench.wait(1_000);
  assert.equal(bench.woken.length, length);
});

test('issue 17, first send: a create with its content takes one commit before the request and one after', async () => {
  const fresh = { ...create, created: false, requested: false, snapshot: [] };
  const bench = await given({ traits: { createsWithContent: true }, operation: fresh });
  bench.central.store.dropZone(zone);
  const commit = bench.journal.commit.bind(bench.journal);
  const created: boolean[] = [];
  bench.journal.commit = async (batch) => {
    created.push(batch.operations?.[0]?.kind === 'zone-create' && batch.operations[0].created);
    await commit(batch);
  };
  await fill(bench, [www, ftp], fresh);
  assert.deepEqual(created, [false, true]);
  const operation = await bench.stored(create);
  assert.ok(operation?.kind === 'zone-create');
  const { state, requested, snapshot, added, watch } = operation;
  assert.deepEqual([state, requested, added, watch], ['confirmed', false, [], null]);
  assert.deepEqual(snapshot.map(({ rdata }) => rdata).sort(), [www.rdata, ftp.rdata]);
});

test('issue 17, first send: what the create made is journalled before anything more is sent', async () => {
  const fresh = { ...create, created: false, requested: false, snapshot: [] };
  const bench = await given({ traits: { createsWithContent: true }, operation: fresh });
  bench.central.store.dropZone(zone);
  const createZone = bench.central.createZone.bind(bench.central);
  // The central creates the zone but first takes only a part of its records. The rest works when it is sent
  // again.
  bench.central.createZone = async (of, seed, ctx) => await createZone(of, seed, ctx, [www]);
  bench.central.faults.before = async ({ method }) => {
    if (method !== 'add') return;
    const operation = await bench.stored(create);
    assert.ok(operation?.kind === 'zone-create');
    assert.deepEqual([operation.created, operation.requested], [true, false]);
    assert.deepEqual(
      operation.snapshot.map(({ rdata }) => rdata),
      [www.rdata],
    );
    assert.deepEqual(operation.watch?.added, [ftp]);
  };
  await fill(bench, [www, ftp], fresh);
  assert.deepEqual(atCentral(bench), [www.rdata, ftp.rdata]);
});

test('issue 17, first send: what the create made is ours although the commit after it fails', async () => {
  const fresh = { ...create, created: false, requested: false, snapshot: [] };
  const bench = await given({ traits: { createsWithContent: true }, operation: fresh });
  bench.central.store.dropZone(zone);
  const commit = bench.journal.commit.bind(bench.journal);
  let commits = 0;
  bench.journal.commit = async (batch) => {
    commits += 1;
    if (commits === 2) throw new Error('the disk is full');
    await commit(batch);
  };
  await assert.rejects(fill(bench, [www], fresh), /full/u);
  const begun = await bench.stored(create);
  assert.ok(begun?.kind === 'zone-create');
  assert.deepEqual([begun.state, begun.created, begun.requested], ['kept', false, true]);
  await fill(bench, [www], begun);
  const operation = await bench.stored(create);
  assert.ok(operation?.kind === 'zone-create');
  const { state, created, requested, snapshot, watch } = operation;
  assert.deepEqual([state, created, requested, watch], ['confirmed', true, false, null]);
  assert.deepEqual(
    snapshot.map(({ rdata }) => rdata),
    [www.rdata],
  );
});
