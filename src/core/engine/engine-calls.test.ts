/** Tests how an engine starts and stops, and how it answers several edits of one call. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { sampleCreate, sampleOperation, sampleRow } from '../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench, type BenchOptions } from '../../testing/engine-bench.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { administrator, recordsEvent } from '../../testing/simulator/edits.ts';
import { a, zone } from '../../testing/simulator/given.ts';
import { CentralError } from '../central.ts';
import { JournalError } from '../journal.ts';
import { edits, type Operation, type OperationState } from '../operation.ts';
import type { Actor, EditEvent, EditItem, PanelEvent } from '../panel.ts';
import { baselineFact } from './before/unknown-zone.ts';
import { Engine } from './engine.ts';

const start = 1_700_000_000_000;
const hour = 3_600_000;
const [www, ftp, pop] = [a('www', 1), a('ftp', 2), a('pop', 3)] as const;
const alice: Actor = { name: 'alice', rank: 'user' };
const eve: Actor = { name: 'eve', rank: 'user' };

interface Scene extends Bench {
  readonly engine: Engine;
}

interface Given extends BenchOptions {
  readonly operations?: readonly Operation[];
}

/** Makes an engine that is not started. Both sides have a synced zone with `www`. */
async function given({ operations = [], ...options }: Given = {}): Promise<Scene> {
  const bench = engineBench(options);
  bench.panel.zones.set(zone, [www]);
  bench.panel.owners = { way: 'column', zones: new Map([[zone, ['alice']]]) };
  bench.central.store.putZone(zone, [www]);
  await bench.journal.commit({
    operations,
    zones: [entryOf(zone)],
    rows: [{ zone, put: [sampleRow(1, { record: www })] }],
    facts: { [baselineFact]: '1' },
  });
  return { ...bench, engine: new Engine(bench.ports) };
}

/** Makes an engine that is started and has read the owners. */
async function started(what: Given = {}): Promise<Scene> {
  const scene = await given(what);
  await scene.run(scene.engine.start());
  await scene.wait(1_000);
  return scene;
}

function add(record: ResourceRecord, stage: 'before' | 'after' = 'before', actor = administrator): EditEvent {
  return recordsEvent(zone, [{ remove: null, add: record }], stage, actor);
}

function change(items: readonly EditItem[], stage: 'before' | 'after' = 'before'): EditEvent {
  return recordsEvent(zone, items, stage);
}

async function answer({ engine, run }: Scene, ...events: readonly EditEvent[]): Promise<unknown> {
  const verdict = await run(engine.answer({ kind: 'edits', edits: events }, quietContext().signal));
  return verdict.kind === 'accept'
    ? 'accept'
    : [verdict.changed, ...verdict.problems.map(({ code }) => code)];
}

function atCentral({ central }: Scene): string {
  return (central.store.records(zone) ?? [])
    .map(({ rdata }) => rdata.slice(-1))
    .sort()
    .join();
}

async function states({ journal }: Scene): Promise<string[]> {
  return (await journal.operations({})).map(({ state }) => state);
}

test('a start takes up what is open: requests that may still land are watched, and its zones looked at', async () => {
  const cases: readonly (readonly [OperationState, boolean])[] = [
    ['prepared', true],
    ['applied', true],
    ['reverting', true],
    ['kept', false],
    ['stuck', false],
  ];
  for (const [state, isWatched] of cases) {
    const operation = sampleOperation('m00000000-000', { state, added: [ftp], items: [] });
    const scene = await given({ operations: [operation] });
    await scene.run(scene.engine.start());
    const { watch } = (await scene.stored(operation)) ?? operation;
    assert.deepEqual(
      [watch?.until ?? null, watch?.added ?? null],
      isWatched ? [start + 600_000, [ftp]] : [null, null],
      state,
    );
    assert.ok(scene.lines.includes('4 engine.start open=1'));
    assert.equal((await scene.journal.operations({ openAt: start })).length, 1);
    await scene.run(scene.engine.stop());
  }
});

test('ids of a new run sort after those of the last', async () => {
  const last = sampleOperation('m00000000-000', { state: 'confirmed' });
  const scene = await started({ operations: [last] });
  assert.equal(await answer(scene, add(ftp)), 'accept');
  const [newest] = await scene.journal.operations({ latest: 1 });
  assert.ok(newest !== undefined && newest.id > last.id, newest?.id);
  await scene.run(scene.engine.stop());
});

test('after a start nothing is undone for a while; then what the panel does not show is', async () => {
  const operation = sampleOperation('0', {
    state: 'applied',
    items: [{ remove: null, add: ftp, mirrored: true, note: null }],
    added: [ftp],
  });
  const scene = await given({ operations: [operation] });
  scene.central.store.add(zone, ftp);
  await scene.run(scene.engine.start());
  await scene.wait(29_000);
  assert.equal((await scene.stored(operation))?.state, 'applied');
  await scene.wait(31_000);
  assert.equal((await scene.stored(operation))?.state, 'reverted');
  await scene.run(scene.engine.stop());
});

test('after a start the zones of one user do not keep those of another waiting', async () => {
  const scene = await given();
  const zones = ['a1', 'a2', 'a3', 'b1'].map((name) => parseName(`${name}.example.`));
  const operations = zones.map((of, at) => {
    const actor = at < 3 ? 'alice' : 'bob';
    return sampleOperation(String(at), { state: 'kept', zone: of, actor });
  });
  await scene.journal.commit({ operations });
  const reads: unknown[] = [];
  scene.panel.onRead = async (what) => {
    reads.push(what);
    if (what !== 'owners') await scene.clock.sleep(10_000);
  };
  await scene.run(scene.engine.start());
  await scene.wait(5_000);
  assert.deepEqual(
    new Set(reads.filter((what) => what !== 'owners')),
    new Set([zones[0], zones[1], zones[3]]),
  );
  await scene.run(scene.engine.stop());
});

test('a start that cannot store what is to be watched fails', async () => {
  const scene = await given({ operations: [sampleOperation('0', { state: 'applied' })] });
  scene.journal.commit = async () => {
    await Promise.resolve();
    throw new JournalError('journal.disk-full');
  };
  await assert.rejects(scene.run(scene.engine.start()), JournalError);
});

test('a start that fails leaves nothing running', async () => {
  const scene = await given({ operations: [sampleOperation('0', { state: 'kept' })] });
  scene.journal.owners = async () => {
    await Promise.resolve();
    throw new JournalError('journal.unreadable');
  };
  await assert.rejects(scene.run(scene.engine.start()), JournalError);
  const reads: unknown[] = [];
  scene.panel.onRead = (what) => void reads.push(what);
  await scene.wait(2 * hour);
  assert.deepEqual(reads, []);
});

test('everything is compared once an hour, and the owners are read again', async () => {
  const scene = await started();
  const reads: unknown[] = [];
  scene.panel.onRead = (what) => {
    if (what === 'list' || what === 'owners') reads.push([what, Math.round(scene.clock.now() / hour)]);
  };
  await scene.wait(2.5 * hour);
  assert.deepEqual(reads.map(String).sort(), ['list,1', 'list,2', 'owners,1', 'owners,2']);
  await scene.run(scene.engine.stop());
  await scene.wait(3 * hour);
  assert.equal(reads.length, 4);
});

test('without a pause between comparisons there is none but the first', async () => {
  const scene = await started({ settings: { compareEvery: 0 } });
  const reads: unknown[] = [];
  scene.panel.onRead = (what) => void reads.push(what);
  await scene.wait(5 * hour);
  assert.deepEqual(reads, []);
  await scene.run(scene.engine.stop());
});

test('a stop waits for what runs in the background: comparisons of all zones and of one, readings of the owners', async () => {
  const works: readonly ((scene: Scene) => Promise<void>)[] = [
    async ({ engine }) => await Promise.resolve(engine.compare('all', 'asked', 'limited')),
    async ({ engine, wait }) => {
      engine.compare(zone, 'asked', 'limited');
      await wait(300);
    },
    async ({ engine, run }) => await run(engine.forgetOwners()),
  ];
  for (const work of works) {
    const scene = await started();
    const reads: boolean[] = [];
    scene.panel.onRead = async () => {
      reads.push(false);
      await scene.clock.sleep(3_000);
      reads.push(true);
    };
    await work(scene);
    await scene.wait(10);
    assert.deepEqual(reads, [false]);
    await scene.run(scene.engine.stop());
    assert.deepEqual(reads, [false, true]);
  }
});

test('zones that were filled shortly before the start are compared', async () => {
  const scene = await given();
  await scene.journal.commit({ facts: { 'filled-zones': `${start}=${zone}` } });
  await scene.run(scene.engine.start());
  await scene.wait(10_000);
  assert.ok(scene.lines.some((line) => line.includes('reason=new-zone follow=limited')));
  await scene.run(scene.engine.stop());
});

test('one zone or all are compared on request', async () => {
  const scene = await started();
  scene.engine.compare(zone, 'asked', 'limited');
  await scene.wait(5_000);
  assert.ok(scene.lines.some((line) => line.startsWith('6 zone.compare') && line.includes('follow=limited')));
  const { length } = scene.lines;
  scene.engine.compare('all', 'pause-over');
  await scene.wait(5_000);
  assert.ok(scene.lines.slice(length).some((line) => line.includes('reason=pause-over follow=no')));
  await scene.run(scene.engine.stop());
});

test('a call that is none of our business is accepted; one that cannot be understood is refused', async () => {
  const scene = await started();
  const ask = async (event: PanelEvent): Promise<unknown> =>
    await scene.run(scene.engine.answer(event, quietContext().signal));
  assert.deepEqual(await ask({ kind: 'ignore' }), { kind: 'accept' });
  const problems = [{ code: 'record.unknown-key', params: {} }];
  const invalid = { kind: 'invalid', problems, zone, creates: false } as const;
  assert.deepEqual(await ask({ ...invalid, actor: alice }), { kind: 'refuse', problems, changed: 'nothing' });
  // Eve does not own the zone, so the answer to her says nothing about it.
  const left = await ask({ ...invalid, actor: eve });
  assert.equal(JSON.stringify(left).includes('"accept"'), true);
  assert.deepEqual(
    await ask({ kind: 'hint', source: 'site.edit', zones: [zone], fingerprint: 'f', actor: alice }),
    {
      kind: 'accept',
    },
  );
  assert.ok(scene.lines.includes('5 hint source=site.edit zones=1'));
  await ask({ kind: 'hint', source: 'site.edit', zones: 'all', fingerprint: 'f', actor: alice });
  assert.ok(scene.lines.includes('5 hint source=site.edit zones=all'));
  await scene.run(scene.engine.stop());
});

test('a call that may change owners is accepted, also where the journal cannot store the doubt', async () => {
  const scene = await started();
  const event = {
    kind: 'owners',
    actor: administrator,
    accounts: ['alice'],
    zones: [],
    fingerprint: 'f',
  } as const;
  scene.journal.commit = async () => {
    await Promise.resolve();
    throw new JournalError('journal.disk-full');
  };
  const verdict = await scene.run(scene.engine.answer(event, quietContext().signal));
  assert.deepEqual(verdict, { kind: 'accept' });
  assert.ok(scene.lines.includes('1 journal.failed zone=- code=journal.disk-full'));
  await scene.run(scene.engine.stop());
});

test('the edits of a call are made in their order, and each is logged', async () => {
  const scene = await started();
  assert.equal(await answer(scene, add(ftp), add(pop)), 'accept');
  assert.equal(atCentral(scene), '1,2,3');
  assert.deepEqual(
    scene.lines.filter((line) => line.includes('edit.')),
    [0, 1].map(() => `4 edit.accept stage=before kind=records zone=${zone}`),
  );
  const begun = await scene.run(
    scene.engine.carryOut([add(a('x', 4)), add(a('y', 5))], quietContext().signal),
  );
  const ids = (await scene.journal.operations({ latest: 2 })).map(({ id }) => id).toReversed();
  assert.deepEqual(begun, { kind: 'accept', begun: ids });
  await scene.run(scene.engine.stop());
});

function refuse({ central }: Scene, record: ResourceRecord): void {
  central.faults.before = (request) => {
    if (request.method === 'add' && request.record?.rdata === record.rdata)
      throw new CentralError('central.refused', { state: 'untouched', retry: 'never' });
  };
}

test('where one is refused, the earlier ones of the call are undone at once', async () => {
  const scene = await started();
  refuse(scene, pop);
  assert.deepEqual(await answer(scene, add(ftp), add(pop), add(a('x', 4))), ['nothing', 'central.refused']);
  assert.equal(atCentral(scene), '1');
  assert.deepEqual(await states(scene), ['reverted', 'refused']);
  assert.ok(
    scene.lines.includes(`4 edit.refuse stage=before kind=records zone=${zone} codes=central.refused`),
  );
  // If the first edit is refused, there is no earlier edit to undo.
  assert.deepEqual(await answer(scene, add(pop), add(ftp)), ['nothing', 'central.refused']);
  await scene.run(scene.engine.stop());
});

test('where that undo fails, nobody knows what was changed', async () => {
  const scene = await started();
  refuse(scene, pop);
  const { before } = scene.central.faults;
  scene.central.faults.before = async (request, ctx) => {
    if (request.method === 'remove')
      throw new CentralError('central.unreachable', { state: 'unknown', retry: 'later' });
    await before?.(request, ctx);
  };
  assert.deepEqual(await answer(scene, add(ftp), add(pop)), ['unknown', 'central.refused']);
  await scene.run(scene.engine.stop());
});

test('of the afters of a call each is answered, whatever becomes of another', async () => {
  const scene = await started();
  refuse(scene, pop);
  assert.deepEqual(await answer(scene, add(pop, 'after'), add(ftp, 'after')), [
    'panel-unknown',
    'central.refused',
  ]);
  assert.equal(atCentral(scene), '1,2');
  assert.deepEqual(await answer(scene, add(pop, 'after')), ['panel', 'central.refused']);
  const both = add(a('x', 3), 'after');
  assert.deepEqual(await answer(scene, add(pop, 'after'), both), [
    'panel',
    'central.refused',
    'central.refused',
  ]);
  await scene.run(scene.engine.stop());
});

test('of several afters one whose outcome is unknown makes the whole unknown', async () => {
  const scene = await started();
  refuse(scene, pop);
  const commit = scene.journal.commit.bind(scene.journal);
  let isFull = false;
  scene.journal.commit = async (batch) => {
    if (isFull) throw new JournalError('journal.disk-full');
    await commit(batch);
  };
  const { before } = scene.central.faults;
  scene.central.faults.before = async (request, ctx) => {
    isFull ||= request.record?.rdata === ftp.rdata;
    await before?.(request, ctx);
  };
  const codes = await answer(scene, add(pop, 'after'), add(ftp, 'after'));
  assert.deepEqual(codes, ['panel-unknown', 'central.refused', 'journal.disk-full']);
  await scene.run(scene.engine.stop());
});

test('a journal that fails before a write has changed nothing; of a defect nobody knows', async () => {
  const scene = await started();
  scene.journal.rows = async () => {
    await Promise.resolve();
    throw new JournalError('journal.locked', { path: 'x' });
  };
  assert.deepEqual(await answer(scene, add(ftp)), ['nothing', 'journal.locked']);
  assert.deepEqual(await answer(scene, add(ftp, 'after')), ['panel-unknown', 'journal.locked']);
  assert.ok(scene.lines.includes(`1 journal.failed zone=${zone} code=journal.locked`));
  scene.journal.rows = async () => {
    await Promise.resolve();
    throw new TypeError('a defect');
  };
  assert.deepEqual(await answer(scene, add(ftp)), ['unknown', 'engine.defect']);
  assert.deepEqual(await answer(scene, add(ftp, 'after')), ['panel-unknown', 'engine.defect']);
  assert.ok(
    scene.lines.some((line) => line.startsWith(`1 engine.defect zone=${zone} error=TypeError: a defect`)),
  );
  await scene.run(scene.engine.stop());
});

test('a defect in the background is logged, and everything else goes on; not once the engine stops', async () => {
  const scene = await started();
  scene.panel.onRead = () => {
    throw new TypeError('a defect');
  };
  const unknown = {
    kind: 'hint',
    source: 'x',
    zones: [a('x', 1).name],
    fingerprint: 'f',
    actor: alice,
  } as const;
  await scene.run(scene.engine.answer(unknown, quietContext().signal));
  await scene.wait(10_000);
  assert.ok(scene.lines.some((line) => line.startsWith('1 engine.defect zone=- error=TypeError')));
  scene.panel.onRead = () => undefined;
  assert.equal(await answer(scene, add(ftp)), 'accept');
  await scene.run(scene.engine.stop());
});

test('who has no right to a zone is told nothing; the panel decides, and nothing is written', async () => {
  const scene = await started();
  assert.equal(await answer(scene, add(ftp, 'before', eve)), 'accept');
  assert.deepEqual([atCentral(scene), await states(scene)], ['1', []]);
  assert.deepEqual([scene.engine.live.owners.foreign, scene.engine.live.owners.zones], [1, 1]);
  assert.equal(await answer(scene, add(ftp, 'before', alice)), 'accept');
  assert.equal(atCentral(scene), '1,2');
  await scene.run(scene.engine.stop());
});

test('while the owners are not read yet only administrators’ edits are carried out', async () => {
  const scene = await given();
  scene.panel.owners = null;
  await scene.run(scene.engine.start());
  assert.deepEqual(await answer(scene, add(pop, 'before', alice)), ['nothing', 'panel.not-read-yet']);
  assert.deepEqual(await answer(scene, add(ftp), add(pop, 'before', alice)), [
    'nothing',
    'panel.not-read-yet',
  ]);
  assert.equal(atCentral(scene), '1');
  const objections = await scene.run(
    scene.engine.objections([add(pop, 'before', alice)], quietContext().signal),
  );
  assert.deepEqual(
    objections.map(({ code }) => code),
    ['panel.not-read-yet'],
  );
  assert.equal(await answer(scene, add(ftp)), 'accept');
  await scene.run(scene.engine.stop());
});

test('owners that were forgotten are read again before a user’s edit counts', async () => {
  const scene = await started();
  scene.panel.onRead = async () => await scene.clock.sleep(1_000);
  await scene.run(scene.engine.forgetOwners());
  assert.deepEqual(await answer(scene, add(ftp, 'before', alice)), ['nothing', 'panel.not-read-yet']);
  await scene.wait(3_000);
  assert.equal(await answer(scene, add(ftp, 'before', alice)), 'accept');
  scene.journal.commit = async () => {
    await Promise.resolve();
    throw new JournalError('journal.locked');
  };
  await scene.run(scene.engine.forgetOwners());
  assert.ok(scene.logged.includes('journal.failed'));
  await scene.run(scene.engine.stop());
});

test('objections are found without a write', async () => {
  const scene = await started();
  const find = async (...events: readonly EditEvent[]): Promise<unknown> =>
    (await scene.run(scene.engine.objections(events, quietContext().signal))).map(({ code }) => code);
  assert.deepEqual(await find(add(ftp)), []);
  scene.central.audit = (planned) =>
    planned.add.map(({ rdata }) => ({ code: `central.refused`, params: { text: rdata } }));
  assert.deepEqual(await find(add(ftp), add(pop)), ['central.refused', 'central.refused']);
  // An `after` gets no objection, nor does the edit of a user without a right.
  assert.deepEqual(await find(add(ftp, 'after'), add(pop, 'before', eve)), []);
  assert.deepEqual([atCentral(scene), await states(scene)], ['1', []]);
  scene.journal.rows = async () => {
    await Promise.resolve();
    throw new JournalError('journal.locked', { path: 'x' });
  };
  assert.deepEqual(await find(add(ftp)), ['journal.locked']);
  await scene.run(scene.engine.stop());
});

test('our own writes into the panel are accepted as they are, and their zones count as edited', async () => {
  const scene = await started();
  const restoring = sampleOperation('0', {
    class: 'compensate',
    state: 'reverting',
    afterSeen: true,
    items: [{ remove: null, add: www, mirrored: true, note: null }],
    added: [],
    changedAt: start,
  });
  await scene.journal.commit({ operations: [restoring], rows: [{ zone, dropAll: true }] });
  const verdicts: unknown[] = [];
  scene.panel.write = async (_change, _present, echo) => {
    const own = { ...add(a('own', 7), 'before', eve), echo };
    const signal = quietContext().signal;
    verdicts.push(await scene.engine.answer({ kind: 'edits', edits: [own] }, signal));
    verdicts.push(await scene.engine.objections([own], signal));
    // The next call carries the token `x`, which is not ours. So that call does not count as our own write.
    scene.engine.putOff(echo);
    verdicts.push(await scene.engine.answer({ kind: 'edits', edits: [{ ...own, echo: 'x' }] }, signal));
  };
  scene.engine.compare(zone, 'x');
  await scene.wait(60_000);
  assert.deepEqual(verdicts.slice(0, 2), [{ kind: 'accept' }, []]);
  assert.equal(JSON.stringify(verdicts[2]).includes('note.left-no-right'), true);
  assert.equal(scene.engine.live.owners.foreign > 0, true);
  await scene.run(scene.engine.stop());
});

test('a roll back that fails leaves it unknown what is at the central', async () => {
  const scene = await started();
  assert.equal(await scene.run(scene.engine.rollBack([], [])), 'nothing');
  scene.journal.operation = async () => {
    await Promise.resolve();
    throw new TypeError('a defect');
  };
  assert.equal(await scene.run(scene.engine.rollBack(['0'], [])), 'unknown');
  assert.ok(scene.lines.some((line) => line.startsWith('1 engine.defect zone=- error=TypeError')));
  await scene.run(scene.engine.stop());
});

test('the panel is not read while a call is being answered', async () => {
  const scene = await started();
  const reads: number[] = [];
  scene.panel.onRead = () => void reads.push(scene.clock.now());
  const call = { kind: 'edits', edits: [add(ftp)] } as const;
  const during = scene.engine.duringCall(call, async () => {
    scene.engine.compare(zone, 'x');
    await scene.clock.sleep(1_000);
  });
  await scene.wait(900);
  assert.deepEqual(reads, []);
  await scene.run(during);
  await scene.wait(1_000);
  assert.ok(reads.length > 0);
  await scene.run(scene.engine.stop());
});

test('a deleted zone has no known owner until the panel’s list is read again', async () => {
  const scene = await started();
  const base = { stage: 'before', zone, actor: administrator, echo: null, fingerprint: 'd' } as const;
  const owners = (): number => scene.engine.live.owners.unknown;
  const remove = { ...base, kind: 'zone-delete' } as const;
  await scene.run(scene.engine.objections([remove], quietContext().signal));
  assert.equal(owners(), 0);
  assert.equal(await answer(scene, remove), 'accept');
  assert.equal(owners(), 1);
  await scene.run(scene.engine.stop());
});

test('what the self-test proved is stored', async () => {
  const scene = await started();
  await scene.run(scene.engine.proveAccessCheck(true));
  assert.equal(scene.engine.live.owners.check, 'proved');
  await scene.run(scene.engine.stop());
});

test('the first comparison is told while it runs', async () => {
  const scene = await given();
  await scene.journal.commit({ facts: { [baselineFact]: null }, dropZones: [zone] });
  scene.panel.onRead = async () => await scene.clock.sleep(500);
  await scene.run(scene.engine.start());
  await scene.wait(700);
  assert.equal(scene.engine.live.comparison.running, true);
  await scene.wait(60_000);
  assert.deepEqual(scene.engine.live.comparison, { running: false, done: 1, total: 1, problem: null });
  await scene.run(scene.engine.stop());
});

test('a create that a start takes up is watched while its request may land', async () => {
  const create = sampleCreate('0', { state: 'prepared', requested: true });
  const scene = await given({ operations: [create] });
  await scene.run(scene.engine.start());
  assert.equal((await scene.stored(create))?.watch?.until, start + 600_000);
  assert.deepEqual(edits(await scene.journal.operations({})), []);
  await scene.run(scene.engine.stop());
});

test('an edit changes what it names', async () => {
  const scene = await started();
  assert.equal(await answer(scene, change([{ remove: www, add: ftp }])), 'accept');
  assert.equal(atCentral(scene), '2');
  await scene.run(scene.engine.stop());
});
