import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName, type DnsName } from '../../../dns/name.ts';
import { sampleDelete } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { CentralError, type CentralErrorCode } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import { PanelError } from '../../panel.ts';
import { baselineFact } from '../before/unknown-zone.ts';
import { CompareAll } from './compare-all.ts';

const [one, two, three] = ['one', 'two', 'three'].map((name) => parseName(`${name}.example.`));
assert.ok(one !== undefined && two !== undefined && three !== undefined);

interface Scene extends Bench {
  readonly all: CompareAll;
}

function given(panel: readonly DnsName[], central: readonly DnsName[]): Scene {
  const bench = engineBench();
  for (const zone of panel) bench.panel.zones.set(zone, []);
  for (const zone of central) bench.central.store.putZone(zone);
  return { ...bench, all: new CompareAll(bench.runtime) };
}

async function states({ journal }: Scene): Promise<readonly unknown[][]> {
  return (await journal.zones()).map(({ zone, state, note }) => [zone, state, note]);
}

function unreachable(): never {
  throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
}

function manyZones(count: number): readonly DnsName[] {
  return Array.from({ length: count }, (_, at) => parseName(`z${at}.example.`));
}

test('issue 17, first comparison: it works on four zones at the same time', async () => {
  const zones = manyZones(12);
  const scene = given(zones, zones.slice(0, 6));
  let [reading, most] = [0, 0];
  scene.central.faults.before = async ({ method }) => {
    if (method !== 'read') return;
    reading += 1;
    most = Math.max(most, reading);
    await scene.clock.sleep(10);
    reading -= 1;
  };
  await scene.run(scene.all.untilBaseline());
  assert.equal(most, 4);
  const found = await states(scene);
  assert.equal(found.filter(([, state]) => state === 'synced').length, 6);
  assert.equal(found.filter(([, state]) => state === 'panel-only').length, 6);
});

test('the first comparison joins what both sides have, and leaves the rest of the panel alone', async () => {
  const scene = given([one, two], [two, three]);
  await scene.run(scene.all.untilBaseline());
  assert.deepEqual(await states(scene), [
    [one, 'panel-only', null],
    [two, 'synced', null],
  ]);
  assert.equal(await scene.journal.fact(baselineFact), String(scene.clock.wall()));
  assert.deepEqual(scene.all.progress, { running: false, done: 2, total: 2, problem: null });
});

test('it tells how far it is', async () => {
  const scene = given([one, two, three], [two, three]);
  const seen: unknown[] = [];
  scene.panel.onRead = (what) => {
    const { running, done, total } = scene.all.progress;
    seen.push([what, running, done, total]);
  };
  await scene.run(scene.all.untilBaseline());
  assert.deepEqual(seen.slice(0, 3), [
    ['list', false, 0, 0],
    [two, true, 1, 3],
    [three, true, 1, 3],
  ]);
  assert.deepEqual(scene.all.progress, { running: false, done: 3, total: 3, problem: null });
});

test('a failure is told, and the comparison goes on where it was', async () => {
  const scene = given([one, two], [one, two]);
  let failing = true;
  scene.central.faults.before = ({ zone }) => (failing && zone === two ? unreachable() : undefined);
  const done = scene.all.untilBaseline();
  await scene.wait(100);
  assert.deepEqual(scene.all.progress, { running: false, done: 1, total: 2, problem: 'central.unreachable' });
  assert.equal(await scene.journal.fact(baselineFact), null);
  failing = false;
  await scene.run(done);
  assert.deepEqual(scene.all.progress, { running: false, done: 2, total: 2, problem: null });
});

test('a zone that an edit waits for comes first', async () => {
  const scene = given([one, two, three], [one, two, three]);
  const read: unknown[] = [];
  scene.panel.onRead = (what) => void read.push(what);
  scene.runtime.agenda.compareSoon(three, 'edit-waits', 'no', 60_000);
  await scene.run(scene.all.untilBaseline());
  assert.deepEqual(
    read.filter((what) => what !== 'list'),
    [three, one, two],
  );
});

test('a zone that was made again while the first comparison runs is compared, not left alone', async () => {
  for (const [ended, operationState, isAgain] of [
    ['here', 'confirmed', true],
    ['before', 'confirmed', false],
    ['here', 'reverted', false],
  ] as const) {
    const scene = given([one], []);
    const operation = sampleDelete('0', { zone: one, state: operationState });
    await scene.journal.commit({ operations: [operation] });
    if (ended === 'here') scene.runtime.readProofs.deleted(one, operation.id);
    // The clock has been set back since the delete of another engine ended.
    scene.clock.stepWall(-3_600_000);
    await scene.run(scene.all.untilBaseline());
    assert.deepEqual(await states(scene), isAgain ? [] : [[one, 'panel-only', null]]);
    await scene.wait(1_000);
    assert.deepEqual(scene.woken, isAgain ? ['200 comparison made-again no'] : []);
    assert.equal(scene.all.progress.done, 1);
  }
});

test('a zone that a filter hides from the central’s list is joined', async () => {
  const scene = given([one, two], [one]);
  const listZones = scene.central.listZones.bind(scene.central);
  scene.central.listZones = async (asked, ctx) =>
    (await listZones(asked, ctx)).filter((zone) => zone !== one);
  await scene.run(scene.all.untilBaseline());
  assert.deepEqual(await states(scene), [
    [one, 'synced', null],
    [two, 'panel-only', null],
  ]);
  assert.deepEqual(scene.logged.includes('list.hides'), true);
});

test('a baseline that was taken is not taken again', async () => {
  const scene = given([one], [one]);
  await scene.journal.commit({ facts: { [baselineFact]: '5' } });
  await scene.run(scene.all.untilBaseline());
  assert.deepEqual([await states(scene), await scene.journal.fact(baselineFact)], [[], '5']);
});

test('later every zone is compared that may have changed on either side', async () => {
  const scene = given([one, two, three], [two]);
  const [four, five, six] = ['four', 'five', 'six'].map((name) => parseName(`${name}.example.`));
  assert.ok(four !== undefined && five !== undefined && six !== undefined);
  scene.panel.zones.set(four, []).set(five, []);
  scene.central.store.putZone(four);
  await scene.journal.commit({
    zones: [
      entryOf(one, { state: 'panel-only' }),
      entryOf(two, { state: 'panel-only' }),
      entryOf(four, { state: 'excluded' }),
      entryOf(five, { state: 'panel-only', note: 'note.signed-above' }),
      entryOf(six),
    ],
  });
  assert.equal(await scene.run(scene.all.everything('asked-for', 'limited')), true);
  assert.deepEqual([...scene.runtime.agenda.wanted].toSorted(), [two, three, five, six].toSorted());
  await scene.wait(60_000);
  assert.ok(scene.woken.every((what) => what.endsWith('comparison asked-for limited')));
});

test('a comparison of everything that cannot begin is repeated, once for all who ask for the same', async () => {
  const scene = given([one], [one]);
  let failing = true;
  scene.central.faults.before = () => (failing ? unreachable() : undefined);
  const first = scene.all.untilDone('pause-over', 'limited');
  await scene.wait(0);
  await scene.run(scene.all.untilDone('pause-over', 'limited'));
  assert.deepEqual([...scene.runtime.agenda.wanted], []);
  assert.equal(scene.all.progress.problem, 'central.unreachable');
  failing = false;
  await scene.run(first);
  assert.equal(scene.all.progress.problem, null);
  assert.deepEqual([...scene.runtime.agenda.wanted], [one]);
  // The first request has ended. A second one, made later, is repeated like the first.
  failing = true;
  await scene.wait(60_000);
  const second = scene.all.untilDone('pause-over', 'limited');
  await scene.wait(0);
  failing = false;
  await scene.run(second);
  assert.deepEqual([...scene.runtime.agenda.wanted], [one]);
});

test('issue 16, pause: while a comparison of everything that follows waits for its lists, others follow too', async () => {
  for (const follow of ['no', 'limited'] as const) {
    const scene = given([one], [one]);
    let failing = true;
    scene.central.faults.before = () => (failing ? unreachable() : undefined);
    const done = scene.all.untilDone('pause-over', follow);
    await scene.wait(0);
    scene.runtime.agenda.want(one, { reason: 'asked', follow: 'no' });
    assert.equal(scene.runtime.agenda.takeRequest(one)?.follow, follow);
    failing = false;
    await scene.run(done);
  }
});

test('issue 16, pause: what may remove records is repeated, because reads of the panel may lag', async () => {
  for (const [follow, times] of [
    ['no', 1],
    ['limited', 2],
  ] as const) {
    const scene = given([one], [one]);
    await scene.run(scene.all.untilDone('pause-over', follow));
    await scene.wait(120_000);
    assert.deepEqual(scene.woken.length, times);
  }
});

test('nothing is repeated once the engine stops', async () => {
  const scene = given([one], [one]);
  scene.central.faults.before = unreachable;
  const [baseline, later] = [scene.all.untilBaseline(), scene.all.untilDone('x', 'no')];
  await scene.wait(0);
  const { problem } = scene.all.progress;
  scene.runtime.timers.stopping.abort(new Error('stopping'));
  await scene.run(Promise.all([baseline, later]));
  assert.deepEqual([scene.all.progress.problem, await states(scene)], [problem, []]);
});

test('a defect is told as one', async () => {
  const scene = given([one], [one]);
  scene.panel.onRead = () => {
    throw new TypeError('a defect');
  };
  assert.equal(await scene.run(scene.all.everything('x')), false);
  assert.equal(scene.all.progress.problem, 'engine.defect');
});

function fails(code: CentralErrorCode): () => never {
  return () => {
    throw new CentralError(code, { state: 'untouched', retry: 'later' });
  };
}

/** Makes the central fail each request that reads this zone. */
function failZone({ central }: Scene, zone: DnsName, fail: () => never): void {
  central.faults.before = (request) => (request.zone === zone ? fail() : undefined);
}

test('a zone that the central cannot serve is waited for ten tries, then left to the panel with a note', async () => {
  for (const listed of [[one, two], [two]]) {
    const scene = given([one, two], listed);
    failZone(scene, one, fails('central.zone-failing'));
    let tries = 0;
    const listZones = scene.panel.listZones.bind(scene.panel);
    scene.panel.listZones = async () => {
      tries += 1;
      return await listZones();
    };
    const done = scene.all.untilBaseline();
    await scene.wait(100);
    // Zones that only the panel's list has are read at the central before any zone is compared.
    const joined: unknown = listed.includes(one) ? [[two, 'synced', null]] : [];
    assert.deepEqual([tries, await states(scene)], [1, joined]);
    await scene.run(done);
    assert.equal(tries, 11);
    assert.deepEqual(await states(scene), [
      [one, 'panel-only', 'central.zone-failing'],
      [two, 'synced', null],
    ]);
    const entry = await scene.journal.zone(one);
    assert.deepEqual(
      entry,
      entryOf(one, { state: 'panel-only', note: 'central.zone-failing', baselineAt: scene.clock.wall() }),
    );
    assert.notEqual(await scene.journal.fact(baselineFact), null);
  }
});

test('the first tries follow each other soon, later ones after ever longer pauses', async () => {
  const scene = given([one], [one]);
  const at: number[] = [];
  scene.panel.onRead = (what) => {
    if (what !== 'list') return;
    at.push(scene.clock.now());
    throw new PanelError('panel.unreachable');
  };
  const done = [scene.all.untilBaseline(), scene.all.untilDone('x', 'no')];
  await scene.wait(4_000);
  assert.deepEqual(at, [0, 0, 500, 500, 1_500, 1_500, 3_500, 3_500]);
  scene.runtime.timers.stopping.abort(new Error('stopping'));
  await scene.run(Promise.all(done));
});

test('a central that is out of reach holds up the first comparison for as long as it takes', async () => {
  for (const listed of [[one, two], [two]]) {
    const scene = given([one, two], listed);
    failZone(scene, one, fails('central.unreachable'));
    const done = scene.all.untilBaseline();
    await scene.wait(3_600_000);
    assert.equal(await scene.journal.fact(baselineFact), null);
    assert.equal(await scene.journal.zone(one), null);
    assert.equal(scene.all.progress.problem, 'central.unreachable');
    scene.central.faults.before = undefined;
    await scene.run(done);
    assert.notEqual(await scene.journal.fact(baselineFact), null);
  }
});

test('a copy of another server’s zone that the list hides is asked for, and noted as one', async () => {
  const scene = given([one], []);
  failZone(scene, one, fails('zone.copy'));
  await scene.run(scene.all.untilBaseline());
  assert.deepEqual(await states(scene), [[one, 'panel-only', 'zone.copy']]);
});

test('thousands of zones of the panel alone are entered in a few commits', async () => {
  const zones = Array.from({ length: 1_001 }, (_, at) => parseName(`z${at}.example.`));
  const scene = given(zones, []);
  const entered: number[] = [];
  const commit = scene.journal.commit.bind(scene.journal);
  scene.journal.commit = async (batch) => {
    if (batch.zones !== undefined && batch.zones.length > 0) entered.push(batch.zones.length);
    await commit(batch);
  };
  await scene.run(scene.all.untilBaseline());
  assert.deepEqual(entered, [500, 500, 1]);
  assert.equal((await scene.journal.zones()).length, 1_001);
  assert.equal((await scene.journal.zones())[0]?.incarnation, 1);
});

test('zones that the ledger has already are counted and stay as they are', async () => {
  const scene = given([one, two], [two]);
  const entries = [entryOf(one, { state: 'excluded' }), entryOf(two, { state: 'excluded', note: 'x' })];
  await scene.journal.commit({ zones: entries });
  await scene.run(scene.all.untilBaseline());
  assert.deepEqual(await states(scene), [
    [one, 'excluded', null],
    [two, 'excluded', 'x'],
  ]);
  assert.deepEqual(scene.all.progress, { running: false, done: 2, total: 2, problem: null });
});

test('an engine that stops in the middle enters no further zone', async () => {
  const zones = manyZones(12);
  for (const central of [[], zones]) {
    const scene = given(zones, central);
    scene.central.faults.before = ({ method, zone }) => {
      if (method === 'read' && zone === zones[0]) scene.runtime.timers.stopping.abort(new Error('stopping'));
    };
    await scene.run(scene.all.untilBaseline());
    // At most four zones are compared at a time, so at most four were begun.
    assert.equal((await states(scene)).length <= 4, true);
    assert.equal(await scene.journal.fact(baselineFact), null);
    assert.equal(scene.all.progress.problem, null);
  }
});

test('a zone that the panel cannot show holds up the first comparison ten tries as well', async () => {
  const scene = given([one, two], [one, two]);
  let tries = 0;
  scene.panel.onRead = (what) => {
    if (what !== one) return;
    tries += 1;
    throw new PanelError('panel.garbled');
  };
  await scene.run(scene.all.untilBaseline());
  assert.equal(tries, 11);
  assert.deepEqual(await states(scene), [
    [one, 'panel-only', 'panel.garbled'],
    [two, 'synced', null],
  ]);
});

test('a failure that is no answer about a zone ends the try at once', async () => {
  const zones = manyZones(12);
  const scene = given(zones, zones);
  const reads: unknown[] = [];
  let failing = true;
  scene.panel.onRead = (what) => {
    reads.push(what);
    if (failing && what === zones[0]) throw new JournalError('journal.locked');
  };
  const done = scene.all.untilBaseline();
  await scene.wait(100);
  // When the first zone failed, four zones had been begun. The three others were still read.
  assert.deepEqual([reads, scene.all.progress.problem], [['list', ...zones.slice(0, 4)], 'journal.locked']);
  failing = false;
  await scene.run(done);
});
