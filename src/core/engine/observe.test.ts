/** Tests an engine that only observes: it refuses and writes nothing, and reports what it would have done. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import {
  a,
  apex,
  engineOf,
  given,
  held,
  historyOf,
  journalOf,
  put,
  recordState,
  zone,
  zoneState,
} from '../../testing/simulator/given.ts';
import { administrator, recordsEvent } from '../../testing/simulator/edits.ts';
import type { World } from '../../testing/simulator/world.ts';
import type { Observation } from '../decision.ts';
import type { EditEvent, EditItem, Verdict } from '../panel.ts';
import { approvalOf } from '../zone-plan.ts';
import { observingFacts } from './observe/take-up.ts';

const [one, two, three] = [a('www', 1), a('www', 2), a('ftp', 3)] as const;
const smoothly = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };

/** A world whose engine observes from its first start. */
async function observing(
  sides: Parameters<typeof given>[0],
  prepare: (world: World) => void = () => undefined,
): Promise<World> {
  return await given(sides, (world) => {
    world.mode = 'observe';
    prepare(world);
  });
}

/** Sends the `before` call of one edit. @returns the verdict, and what would have been done */
async function ask(world: World, event: EditEvent): Promise<{ verdict: Verdict; found: Observation | null }> {
  const verdict = await world.clock.runUntilSettled(
    engineOf(world).answer({ kind: 'edits', edits: [event] }, AbortSignal.any([])),
  );
  const [left] = verdict.kind === 'accept' ? (verdict.left ?? []) : [];
  const found = left?.observation === undefined ? null : await world.clock.runUntilSettled(left.observation);
  return { verdict, found };
}

async function wouldBe(world: World, event: EditEvent): Promise<readonly unknown[]> {
  const { verdict, found } = await ask(world, event);
  assert.equal(verdict.kind, 'accept');
  return [found?.observed.would, ...(found?.why ?? [])];
}

function edit(remove: ResourceRecord | null, add: ResourceRecord | null): EditEvent {
  return recordsEvent(zone, [{ remove, add }], 'before');
}

function zoneEdit(kind: 'zone-create' | 'zone-delete'): EditEvent {
  const base = { stage: 'before', zone, fingerprint: kind, actor: administrator, echo: null } as const;
  if (kind === 'zone-delete') return { ...base, kind };
  return { ...base, kind, seed: { addresses: [], nameServers: [], mailServers: [] } };
}

/** Plays one save in the panel. */
async function save(
  world: World,
  remove: ResourceRecord | null,
  add: ResourceRecord | null,
): Promise<Verdict> {
  const items: EditItem[] = [{ remove, add }];
  const carryOut = (): boolean => {
    const records = world.panel.zones.get(zone);
    if (remove !== null) records?.delete(recordId(remove));
    if (add !== null) records?.set(recordId(add), add);
    return true;
  };
  const playing = world.edit((stage) => recordsEvent(zone, items, stage), carryOut, smoothly);
  const { verdict } = await world.clock.runUntilSettled(playing);
  await pass(world, 60_000);
  return verdict;
}

async function pass(world: World, ms: number): Promise<void> {
  await world.clock.runUntil(world.clock.now() + ms);
}

function requests({ central }: World): number {
  return central.provenance.effects.length;
}

test('issue 17, observe: an edit passes, and tells what would have been written at the central', async () => {
  const world = await observing({ panel: [one], central: [one] });
  const { verdict, found } = await ask(world, edit(one, two));
  assert.equal(verdict.kind, 'accept');
  assert.equal(found?.observed.would, 'both-sides');
  assert.deepEqual(found.observed.remove.map(recordId), [recordId(one)]);
  assert.deepEqual(found.observed.add.map(recordId), [recordId(two)]);
  assert.ok(held(world, 'central', one) && !held(world, 'central', two));
  assert.deepEqual(await historyOf(world, 1), []);
});

test('issue 17, observe: what would have been refused, left to the panel, or not judged', async () => {
  const world = await observing({ panel: [one, three], central: [one] });
  const alias = makeRecord({ name: 'www', type: 'CNAME', rdata: 'elsewhere.example.net.' }, zone);
  assert.deepEqual(await wouldBe(world, edit(null, alias)), ['refused', 'record.cname-clash']);
  assert.deepEqual(await wouldBe(world, edit(three, a('ftp', 4))), ['panel-only', 'note.panel-only']);
  assert.deepEqual(await wouldBe(world, edit(null, apex)), ['panel-only', 'note.centrals-own']);
  assert.deepEqual(await wouldBe(world, zoneEdit('zone-delete')), ['both-sides']);
  world.panel.owners.set(zone, ['bob']);
  const other = { ...edit(one, two), actor: { name: '', rank: 'nobody' } as const };
  assert.deepEqual(await wouldBe(world, other), ['panel-only', 'note.left-owner-unknown']);
});

test('issue 17, observe: a central out of reach holds nobody up; the edit would have been refused', async () => {
  const world = await observing({ panel: [one], central: [one] });
  world.centralDown = true;
  world.applyOutages();
  const before = world.clock.now();
  const answering = engineOf(world).answer({ kind: 'edits', edits: [edit(one, two)] }, AbortSignal.any([]));
  const verdict = await world.clock.runJustUntilSettled(answering);
  assert.deepEqual([verdict.kind, world.clock.now() - before], ['accept', 0]);
  assert.deepEqual(await wouldBe(world, edit(one, two)), ['refused', 'central.unreachable']);
});

test('issue 17, observe: an unreadable edit passes too', async () => {
  const world = await observing({ panel: [one], central: [one] });
  const problems = [{ code: 'record.unreadable', params: {} }];
  const event = { kind: 'invalid', zone, problems, actor: administrator, creates: false } as const;
  const verdict = await world.clock.runUntilSettled(engineOf(world).answer(event, AbortSignal.any([])));
  assert.equal(verdict.kind, 'accept');
  const [left] = verdict.kind === 'accept' ? (verdict.left ?? []) : [];
  assert.deepEqual((await left?.observation)?.observed.would, 'refused');
});

test('issue 17, observe: each comparison is a first one, so nothing counts as new or gone', async () => {
  const world = await observing({ panel: [one], central: [one] });
  assert.equal(await recordState(world, one), 'synced');
  assert.equal((await save(world, one, two)).kind, 'accept');
  assert.deepEqual([await recordState(world, one), await recordState(world, two)], ['conflict', 'conflict']);
  await save(world, null, three);
  assert.equal(await recordState(world, three), 'panel-only');
  await save(world, two, null);
  assert.deepEqual(
    [await recordState(world, one), await recordState(world, two)],
    ['central-only', undefined],
  );
  await save(world, null, one);
  assert.equal(await recordState(world, one), 'synced');
  assert.equal(requests(world), 0);
});

test('issue 17, observe: a zone that comes and goes in the panel is only listed', async () => {
  const world = await observing({ panel: null, central: null });
  assert.deepEqual(await wouldBe(world, zoneEdit('zone-create')), ['both-sides']);
  put(world, 'panel', [one]);
  engineOf(world).compare('all', 'test', 'limited');
  await pass(world, 60_000);
  assert.equal(await zoneState(world), 'panel-only');
  put(world, 'central', [one]);
  engineOf(world).compare('all', 'test', 'limited');
  await pass(world, 60_000);
  assert.equal(await zoneState(world), 'synced');
  put(world, 'panel', null);
  engineOf(world).compare(zone, 'test', 'named');
  await pass(world, 60_000);
  assert.equal(await zoneState(world), undefined);
  assert.equal(requests(world), 0);
});

test('issue 17, observe: a new baseline is taken before a strict engine judges an edit', async () => {
  const world = await observing({ panel: [one], central: [one] });
  await save(world, one, two);
  await save(world, null, three);
  await world.clock.runUntilSettled(world.setMode('strict'));
  const early = await world.clock.runUntilSettled(
    engineOf(world).answer({ kind: 'edits', edits: [edit(null, a('new', 5))] }, AbortSignal.any([])),
  );
  assert.equal(early.kind === 'refuse' ? early.problems[0]?.code : '', 'zone.baseline-running');
  await pass(world, 60_000);
  assert.deepEqual(
    [await recordState(world, one), await recordState(world, two), await recordState(world, three)],
    ['conflict', 'conflict', 'panel-only'],
  );
  assert.equal(requests(world), 0);
  assert.equal((await save(world, null, a('new', 5))).kind, 'accept');
  assert.ok(held(world, 'central', a('new', 5)));
  assert.equal(await journalOf(world).fact(observingFacts.since), null);
});

test('issue 17, observe: what an administrator excluded stays so', async () => {
  const journal = new MemoryJournal();
  const world = await given({ panel: [one], central: [one] }, (of) => (of.mode = 'observe'), journal);
  const [row] = await journal.rows(zone);
  assert.ok(row !== undefined);
  await journal.commit({ rows: [{ zone, put: [{ ...row, state: 'excluded' }] }] });
  await save(world, null, three);
  assert.equal(await recordState(world, one), 'excluded');
  await world.clock.runUntilSettled(world.setMode('strict'));
  await pass(world, 60_000);
  assert.equal(await recordState(world, one), 'excluded');
});

test('issue 17, observe: what was under way is brought to its end, and then nothing is written', async () => {
  const world = await given({ panel: [one], central: [one] });
  const asked = await world.clock.runUntilSettled(
    engineOf(world).answer({ kind: 'edits', edits: [edit(one, two)] }, AbortSignal.any([])),
  );
  assert.equal(asked.kind, 'accept');
  assert.ok(held(world, 'central', two));
  await world.clock.runUntilSettled(world.setMode('observe'));
  // The panel does not keep the edit, so it is undone at the central.
  await pass(world, 120_000);
  const [operation] = await historyOf(world, 1);
  assert.equal(operation?.state, 'reverted');
  assert.ok(held(world, 'central', one) && !held(world, 'central', two));
  const written = requests(world);
  await save(world, one, three);
  assert.equal(requests(world), written);
  assert.deepEqual(world.defects, []);
});

test('issue 17, observe: a kill while observing changes nothing', async () => {
  const world = await observing({ panel: [one], central: [one] });
  await save(world, one, two);
  world.kill();
  await world.clock.runUntilSettled(world.start());
  await pass(world, 60_000);
  await save(world, two, three);
  assert.equal(requests(world), 0);
  assert.deepEqual(world.defects, []);
});

test('issue 17, observe: a plan is shown, and not applied', async () => {
  const world = await observing({ panel: [one, three], central: [one] });
  const engine = engineOf(world);
  const plan = await world.clock.runUntilSettled(engine.plan(zone, { direction: 'push', removes: false }));
  assert.equal(plan.steps.length, 1);
  const result = await world.clock.runUntilSettled(engine.apply(approvalOf(plan)));
  assert.equal(result.kind === 'refused' ? result.problems[0]?.code : '', 'agent.observing');
  assert.deepEqual([requests(world), await historyOf(world, 1)], [0, []]);
});
