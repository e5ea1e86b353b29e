/** Tests an engine whose journal may lack the newest events (docs/decisions/016-older-journals.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  acceptedFact,
  asideFact,
  gapFact,
  hostFact,
  newBaselineFact,
  otherHostFact,
} from '../journal-doubts.ts';
import type { Batch } from '../journal.ts';
import type { Verdict } from '../panel.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { recordsEvent } from '../../testing/simulator/edits.ts';
import {
  a,
  engineOf,
  given,
  held,
  journalOf,
  put,
  recordState,
  statusOf,
  zone,
  zoneState,
} from '../../testing/simulator/given.ts';
import { machines } from '../../testing/simulator/sim-journal.ts';
import type { World } from '../../testing/simulator/world.ts';

const minute = 60_000;
const [one, two, three] = [a('www', 1), a('www', 2), a('mail', 3)];

/** A world with a synced zone, whose agent is then started with these facts in its journal. */
async function startedWith(
  facts: NonNullable<Batch['facts']>,
  change: (world: World) => void,
): Promise<World> {
  const journal = new MemoryJournal();
  const world = await given({ panel: [one, three], central: [one, three] }, undefined, journal);
  world.kill();
  change(world);
  await journal.commit({ facts });
  await world.clock.runUntilSettled(world.start());
  await world.clock.runUntil(world.clock.now() + minute);
  return world;
}

async function edit(world: World): Promise<Verdict> {
  const items = [{ remove: null, add: two }];
  const local = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };
  const carryOut = (): boolean => {
    put(world, 'panel', [one, two, three]);
    return true;
  };
  const played = world.edit((stage) => recordsEvent(zone, items, stage), carryOut, local);
  return (await world.clock.runUntilSettled(played)).verdict;
}

function codes(verdict: Verdict): readonly string[] {
  return verdict.kind === 'refuse' ? verdict.problems.map(({ code }) => code) : [];
}

/** Changes both sides differently while the agent does not run. */
function differ(world: World): void {
  put(world, 'panel', [one, a('new', 9)]);
}

/** The journal was written on another host. */
const other = { [hostFact]: `${machines.copy}/-` };

test('issue 17, host identity: the journal of another host: every edit is refused, and nothing is done', async () => {
  const world = await startedWith(other, differ);
  const asked = world.central.provenance.requests.length;
  const verdict = await edit(world);
  assert.deepEqual(
    [codes(verdict), verdict.kind === 'refuse' && verdict.changed],
    [['journal.other-host'], 'nothing'],
  );
  await world.clock.runUntilSettled(world.hint(zone));
  engineOf(world).compare('all', 'asked', 'named');
  await engineOf(world).forgetOwners();
  await world.clock.runUntil(world.clock.now() + 180 * minute);
  assert.equal(world.central.provenance.requests.length, asked);
  assert.deepEqual([held(world, 'central', a('new', 9)), held(world, 'central', three)], [false, true]);
  const approved = { zone, direction: 'push', removes: true, whole: null, steps: [] } as const;
  assert.equal((await engineOf(world).apply(approved)).kind, 'refused');
  assert.equal((await statusOf(world)).doubt?.why, 'other-host');
});

test('issue 17, host identity: once it is accepted, a new baseline is taken, and edits are sent', async () => {
  const world = await startedWith(other, differ);
  const engine = engineOf(world);
  const accepted = Promise.all([engine.acceptJournal(), engine.acceptJournal()]);
  assert.deepEqual(await world.clock.runUntilSettled(accepted), [true, true]);
  await world.clock.runUntil(world.clock.now() + 120 * minute);
  assert.deepEqual(
    [await recordState(world, a('new', 9)), await recordState(world, three)],
    ['panel-only', 'central-only'],
  );
  assert.deepEqual([held(world, 'central', a('new', 9)), held(world, 'central', three)], [false, true]);
  const facts = [otherHostFact, acceptedFact, hostFact].map((name) => journalOf(world).fact(name));
  assert.deepEqual(await Promise.all(facts), [null, null, `${machines.original}/-`]);
  assert.equal((await statusOf(world)).doubt, null);
  assert.equal((await edit(world)).kind, 'accept');
  assert.equal(held(world, 'central', two), true);
  assert.equal(await world.clock.runUntilSettled(engine.acceptJournal()), false);
});

test('issue 17, host identity: killed right after it was accepted, the new baseline is taken all the same', async () => {
  const world = await startedWith({ [acceptedFact]: '6' }, differ);
  assert.deepEqual([await zoneState(world), await recordState(world, a('new', 9))], ['synced', 'panel-only']);
  assert.equal(held(world, 'central', a('new', 9)), false);
});

test('issue 17, long gap: a new baseline is taken, and it is told until somebody accepts it', async () => {
  const world = await startedWith({ [gapFact]: '6' }, differ);
  assert.deepEqual(
    [await recordState(world, a('new', 9)), await recordState(world, three)],
    ['panel-only', 'central-only'],
  );
  const { doubt } = await statusOf(world);
  assert.equal(doubt?.why, 'long-gap');
  const engine = engineOf(world);
  assert.equal(await world.clock.runUntilSettled(engine.acceptJournal()), true);
  assert.deepEqual(
    [(await statusOf(world)).doubt, await journalOf(world).fact(newBaselineFact)],
    [null, null],
  );
  assert.equal(await world.clock.runUntilSettled(engine.acceptJournal()), false);
  assert.equal(await zoneState(world), 'synced');
});

test('issue 17, uninstall: a ledger that was set aside is taken anew, and nobody has to be told', async () => {
  const world = await startedWith({ [asideFact]: '6', [gapFact]: '6' }, differ);
  assert.deepEqual(
    [await recordState(world, one), await recordState(world, a('new', 9)), await recordState(world, three)],
    ['synced', 'panel-only', 'central-only'],
  );
  assert.deepEqual([held(world, 'central', a('new', 9)), held(world, 'central', three)], [false, true]);
  assert.deepEqual([(await statusOf(world)).doubt, await journalOf(world).fact(asideFact)], [null, null]);
});

test('issue 17, long gap: what an administrator has excluded stays so', async () => {
  for (const whole of [true, false]) {
    const world = await startedWith({}, () => undefined);
    const only = whole ? null : { name: three.name, type: 'A' };
    const excluding = engineOf(world).setExclusion({ zone, only, excluded: true });
    await world.clock.runUntilSettled(excluding);
    world.kill();
    await world.sides[0]?.disk.file.commit({ facts: { [gapFact]: '6' } });
    await world.clock.runUntilSettled(world.start());
    await world.clock.runUntil(world.clock.now() + 120 * minute);
    assert.equal(await zoneState(world), whole ? 'excluded' : 'synced');
    if (!whole) assert.equal(await recordState(world, three), 'excluded');
  }
});

test('issue 17, host identity: nothing is excluded or included in the journal of another host', async () => {
  const journal = new MemoryJournal();
  const world = await given({ panel: [one, three], central: [one, three] }, undefined, journal);
  const only = { name: one.name, type: null };
  const set = async (excluded: boolean): Promise<unknown> =>
    await world.clock.runUntilSettled(engineOf(world).setExclusion({ zone, only, excluded }));
  assert.deepEqual(await set(true), { kind: 'done', count: 1 });
  world.kill();
  put(world, 'panel', [one, three, a('new', 9)]);
  await journal.commit({ facts: other });
  await world.clock.runUntilSettled(world.start());
  const asked = world.central.provenance.requests.length;
  assert.deepEqual(await set(false), { kind: 'other-host' });
  await world.clock.runUntil(world.clock.now() + minute);
  assert.equal(world.central.provenance.requests.length, asked);
  assert.equal(held(world, 'central', a('new', 9)), false);
  assert.equal(await recordState(world, one), 'excluded');
});
