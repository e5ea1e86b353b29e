/** Tests how the zone of a create is found or created at the central, step by step. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRecord } from '../../../dns/record.ts';
import { sampleCreate, sampleOperation } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, viewOf, type Bench } from '../../../testing/engine-bench.ts';
import { a, apex, zone } from '../../../testing/simulator/given.ts';
import { CentralError, type CentralTraits, type ZoneSeed } from '../../central.ts';
import type { CreateOperation, Operation, OperationState } from '../../operation.ts';
import { isUntouched, zoneAtCentral } from './make-zone.ts';
import { mayLandLate, noteSent } from './made-zone.ts';

const [www, ftp] = [a('www', 1), a('ftp', 2)] as const;
const start = 1_700_000_000_000;

const create = sampleCreate('0', { state: 'kept', afterSeen: true, incarnation: 2, problems: [] });

interface Given {
  readonly traits?: Partial<CentralTraits>;
  /** Records of the zone at the central; null: it has no such zone. */
  readonly central?: readonly ResourceRecord[] | null;
  readonly operation?: CreateOperation;
  readonly others?: readonly Operation[];
}

async function given(what: Given = {}): Promise<Bench> {
  const { traits = {}, central = null, operation = create, others = [] } = what;
  const bench = engineBench({ traits });
  if (central !== null) bench.central.store.putZone(zone, central);
  await bench.journal.commit({
    operations: [operation, ...others],
    zones: [entryOf(zone, { state: 'creating' })],
  });
  return bench;
}

async function make(
  bench: Bench,
  operation = create,
  panel: readonly ResourceRecord[] = [apex, www],
): ReturnType<typeof zoneAtCentral> {
  const { runtime, run } = bench;
  const content = panel.filter((record) => record !== apex);
  return await run(
    runtime.timers.step('0', async (ctx) => {
      return await zoneAtCentral(runtime, operation, viewOf(panel), content, ctx);
    }),
  );
}

async function stored(bench: Bench): Promise<CreateOperation> {
  const operation = await bench.stored(create);
  assert.ok(operation?.kind === 'zone-create');
  return operation;
}

/**
 * Makes requests that create the zone fail with these errors, one after the other. Later requests succeed.
 */
function failCreates({ central }: Bench, when: 'before' | 'after', ...errors: readonly Error[]): void {
  const left = [...errors];
  central.faults[when] = ({ method }) => {
    const error = method === 'createZone' ? left.shift() : undefined;
    if (error !== undefined) throw error;
  };
}

const refused = new CentralError('central.refused', { state: 'untouched', retry: 'never' });
const lost = new CentralError('central.unreachable', { state: 'unknown', retry: 'later' });

test('a zone that is there already is not made, and is nobody’s proof', async () => {
  const bench = await given({ central: [ftp] });
  const made = await make(bench);
  assert.deepEqual(
    made?.present.map(({ rdata }) => rdata),
    [ftp.rdata],
  );
  const { created, snapshot, requested, watch } = await stored(bench);
  assert.deepEqual([created, snapshot, requested, watch], [false, [], false, null]);
});

test('a missing zone is made, with the name servers of the panel; what is in it right then is ours', async () => {
  const bench = await given();
  const seeds: ZoneSeed[] = [];
  const createZone = bench.central.createZone.bind(bench.central);
  bench.central.createZone = async (of, seed, ...rest) => {
    seeds.push(seed);
    const { requested, watch } = await stored(bench);
    assert.deepEqual([requested, watch?.until, watch?.added], [true, start + 600_000, []]);
    const done = await createZone(of, seed, ...rest);
    bench.central.store.add(zone, ftp);
    return done;
  };
  const made = await make(bench);
  assert.deepEqual(
    made?.present.map(({ rdata }) => rdata),
    [ftp.rdata],
  );
  assert.deepEqual(
    seeds.map(({ nameServers }) => nameServers),
    [[apex.rdata]],
  );
  const { created, snapshot, requested, watch } = await stored(bench);
  assert.deepEqual([created, snapshot, requested, watch], [true, [ftp], false, null]);
  assert.deepEqual(made.operation, await stored(bench));
});

test('the content goes along where the central takes it, and is on watch meanwhile', async () => {
  const bench = await given({ traits: { createsWithContent: true } });
  bench.central.faults.before = async ({ method }) => {
    if (method === 'createZone') assert.deepEqual((await stored(bench)).watch?.added, [www]);
  };
  const made = await make(bench);
  assert.deepEqual(
    made?.present.map(({ rdata }) => rdata),
    [www.rdata],
  );
  assert.deepEqual(made.operation.snapshot, [www]);
});

test('where the provider makes zones no request is noted', async () => {
  const bench = await given({ traits: { managesZones: false } });
  let isRequested: boolean | undefined;
  bench.central.createZone = async () => {
    isRequested = (await stored(bench)).requested;
    throw refused;
  };
  await make(bench);
  assert.equal(isRequested, false);
});

test('a content that the central refuses does not keep the zone from being made', async () => {
  const bench = await given({ traits: { createsWithContent: true } });
  failCreates(bench, 'before', refused);
  const made = await make(bench);
  assert.deepEqual(made?.present, []);
  assert.equal(made.operation.created, true);
  assert.ok(bench.logged.includes('zone.create-without-content'));
});

test('a zone that another writer made at the same moment is not ours', async () => {
  const bench = await given();
  bench.central.createZone = async () => {
    bench.central.store.putZone(zone, [ftp]);
    return await Promise.resolve('exists');
  };
  const made = await make(bench);
  assert.equal(made?.present.length, 1);
  const { created, requested, watch } = await stored(bench);
  assert.deepEqual([created, requested, watch], [false, false, null]);
});

test('a create whose answer is lost is read back', async () => {
  const bench = await given();
  failCreates(bench, 'after', lost);
  const made = await make(bench);
  assert.ok(made !== null);
  const { created, requested, watch } = await stored(bench);
  assert.deepEqual([created, requested, watch], [true, false, null]);
});

test('one that is not there then is tried again; until then it is on watch', async () => {
  const bench = await given();
  failCreates(bench, 'before', lost);
  await assert.rejects(make(bench), lost);
  const { created, requested, watch } = await stored(bench);
  assert.deepEqual([created, requested, watch?.until], [false, true, start + 600_000]);
  assert.ok((await make(bench)) !== null);
});

test('a zone that was made and cannot be read is ours; the next read shows what we made in it', async () => {
  const bench = await given();
  let isDown = false;
  bench.central.faults.before = ({ method }) => {
    if (method === 'read' && isDown) throw lost;
  };
  bench.central.faults.after = ({ method }) => {
    if (method !== 'createZone') return;
    isDown = true;
    bench.central.store.add(zone, ftp);
  };
  await assert.rejects(make(bench), lost);
  const begun = await stored(bench);
  assert.deepEqual([begun.created, begun.requested, begun.snapshot], [true, true, []]);
  assert.equal(begun.watch?.until, start + 600_000);
  assert.equal(mayLandLate(bench.runtime, begun), true);
  isDown = false;
  const made = await make(bench, begun);
  assert.deepEqual(made?.operation.snapshot, [ftp]);
  assert.deepEqual((await stored(bench)).snapshot, [ftp]);
  assert.equal(mayLandLate(bench.runtime, await stored(bench)), false);
});

test('what is known of the zone is not read anew, nor after a restart', async () => {
  const known = {
    ...create,
    created: true,
    requested: true,
    watch: { until: start + 1e6, added: [], removed: [] },
  };
  for (const snapshot of [[www], []]) {
    const operation = { ...known, snapshot };
    const bench = await given({ central: [ftp], operation });
    if (snapshot.length > 0) noteSent(bench.runtime, operation);
    const made = await make(bench, operation);
    assert.deepEqual(made?.operation.snapshot, snapshot);
  }
  const foreign = { ...known, created: false };
  const bench = await given({ central: [ftp], operation: foreign });
  noteSent(bench.runtime, foreign);
  assert.deepEqual((await make(bench, foreign))?.operation.snapshot, []);
});

test('a proof that the journal failed to store is stored by the next step', async () => {
  const bench = await given();
  const commit = bench.journal.commit.bind(bench.journal);
  let commits = 0;
  bench.journal.commit = async (batch) => {
    commits += 1;
    if (commits === 2) throw new Error('the disk is full');
    await commit(batch);
  };
  await assert.rejects(make(bench), /full/u);
  const begun = await stored(bench);
  assert.equal(begun.created, false);
  const made = await make(bench, begun);
  assert.equal(made?.operation.created, true);
  assert.equal((await stored(bench)).created, true);
  // The proof is stored only once, so the second step makes no commit for it.
  await make(bench, await stored(bench));
  assert.equal(commits, 3);
});

test('a zone without effect is tried again', async () => {
  const bench = await given();
  bench.central.createZone = async () => await Promise.resolve('created');
  await assert.rejects(
    make(bench),
    (error) => error instanceof CentralError && error.code === 'central.no-effect',
  );
});

test('a refused zone of a user’s edit is taken out of the panel while it holds just this', async () => {
  const bench = await given();
  failCreates(bench, 'before', refused);
  assert.equal(await make(bench), null);
  const { state, class: group, refusedContent, problems, watch, requested } = await stored(bench);
  assert.deepEqual([state, group, watch, requested], ['reverting', 'compensate', null, false]);
  assert.deepEqual(refusedContent, [www]);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['central.refused'],
  );
  assert.ok(bench.logged.includes('zone.not-followed'));
  await bench.wait(1_000);
  assert.deepEqual(bench.woken, ['0 operations']);
});

test('a refused zone that no edit made stays in the panel and is listed', async () => {
  const foreign = new CentralError('zone.foreign', { state: 'untouched', retry: 'never' });
  const cases: readonly (readonly [CreateOperation, CentralError, string])[] = [
    [{ ...create, class: 'follow' }, refused, 'panel-only'],
    [{ ...create, afterSeen: false, state: 'applied' }, refused, 'panel-only'],
    [{ ...create, class: 'follow' }, foreign, 'foreign'],
  ];
  for (const [operation, error, state] of cases) {
    const bench = await given({ operation });
    failCreates(bench, 'before', error);
    assert.equal(await make(bench, operation), null);
    assert.equal((await stored(bench)).state, 'reverted');
    const entry = await bench.journal.zone(zone);
    assert.deepEqual(
      entry,
      entryOf(zone, { state: entry?.state ?? 'synced', incarnation: 2, baselineAt: start, note: error.code }),
    );
    assert.equal(entry.state, state);
  }
});

test('a failure that may go by itself is no refusal, nor is one that may have left something', async () => {
  const others = [
    new CentralError('central.unreachable', { state: 'untouched', retry: 'later' }),
    new CentralError('central.refused', { state: 'unknown', retry: 'never' }),
  ];
  for (const error of others) {
    const bench = await given();
    failCreates(bench, 'before', error);
    await assert.rejects(make(bench), error);
    assert.equal((await stored(bench)).state, 'kept');
  }
});

/** An edit that the panel does not show yet. */
function edit(state: OperationState): Operation {
  const items = [{ remove: null, add: ftp, mirrored: true, note: null }];
  return sampleOperation('1', { state, items, added: [], afterSeen: state === 'kept' });
}

test('open edits of the zone are waited for, those that the panel has kept twice as long', async () => {
  const cases: readonly (readonly [OperationState, number])[] = [
    ['applied', 15_000],
    ['prepared', 15_000],
    ['kept', 30_000],
    ['stuck', 0],
    ['confirmed', 0],
  ];
  for (const [state, waits] of cases) {
    for (const [at, isMade] of [
      [waits - 1, false],
      [waits, true],
    ] as const) {
      if (at < 0) continue;
      const bench = await given({ others: [edit(state)] });
      await bench.wait(7_000);
      bench.runtime.patience.heard('0');
      await bench.wait(at);
      assert.equal((await make(bench)) !== null, isMade, `${state} at ${at}`);
      await bench.wait(1_000);
      assert.deepEqual(bench.woken, isMade ? [] : [`${at + 7_200} operations`]);
    }
  }
});

test('issue 14, new zones: an edit that the read shows is waited for as long as it takes to end', async () => {
  const items = [{ remove: null, add: www, mirrored: true, note: 'note.no-zone-yet' }];
  const cases: readonly (readonly [OperationState, readonly ResourceRecord[], boolean])[] = [
    ['kept', [apex, www], false],
    ['applied', [apex, www], false],
    ['kept', [apex], true],
    ['prepared', [apex, www], true],
    ['confirmed', [apex, www], true],
  ];
  for (const [state, panel, isMade] of cases) {
    const bench = await given({ others: [sampleOperation('1', { state, items, added: [] })] });
    bench.runtime.patience.heard('0');
    await bench.wait(600_000);
    assert.equal((await make(bench, create, panel)) !== null, isMade, state);
  }
});

test('a zone in the panel is untouched while it holds exactly what it held', () => {
  const refusedContent = [www, ftp];
  const operation = { ...create, refusedContent };
  assert.equal(isUntouched(operation, viewOf([apex, www, ftp])), true);
  assert.equal(isUntouched(operation, viewOf([ftp, www])), true);
  assert.equal(isUntouched(operation, viewOf([www])), false);
  assert.equal(isUntouched(operation, viewOf([www, a('ftp', 3)])), false);
  assert.equal(isUntouched(operation, viewOf([www, ftp, a('ftp', 3)])), false);
  assert.equal(isUntouched(operation, viewOf(null)), false);
  assert.equal(isUntouched({ ...create, refusedContent: [] }, viewOf(null)), true);
});
