import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName, type DnsName } from '../../../dns/name.ts';
import { sampleDelete } from '../../../testing/contracts/journal.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { CentralError } from '../../central.ts';
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

async function states({ journal }: Scene): Promise<unknown> {
  return (await journal.zones()).map(({ zone, state, note }) => [zone, state, note]);
}

function unreachable(): never {
  throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
}

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
    [three, true, 2, 3],
  ]);
  assert.equal(scene.all.progress.running, false);
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
  for (const [changedAt, operationState, isAgain] of [
    [1, 'confirmed', true],
    [-1, 'confirmed', false],
    [1, 'reverted', false],
  ] as const) {
    const scene = given([one], []);
    const at = scene.clock.wall() + changedAt;
    const operation = sampleDelete('0', { zone: one, state: operationState, changedAt: at });
    await scene.journal.commit({ operations: [operation] });
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
  // The next one that asks is tried again too.
  failing = true;
  await scene.wait(60_000);
  const second = scene.all.untilDone('pause-over', 'limited');
  await scene.wait(0);
  failing = false;
  await scene.run(second);
  assert.deepEqual([...scene.runtime.agenda.wanted], [one]);
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
