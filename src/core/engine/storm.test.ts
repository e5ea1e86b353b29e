/** Tests that the calls of one user do not delay edits, confirmations or undos of others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { engineOf, historyOf } from '../../testing/simulator/given.ts';
import { Random } from '../../testing/simulator/random.ts';
import { administrator, recordsEvent } from '../../testing/simulator/edits.ts';
import { World, type LocalPart } from '../../testing/simulator/world.ts';
import type { Actor, EditEvent } from '../panel.ts';
import { defaultEngineSettings } from './settings.ts';

const { grace, afterWait, readGap } = defaultEngineSettings;
/**
 * Milliseconds that an undo may take on an idle machine: the wait, two reads some seconds apart, the write.
 */
const undoTime = afterWait + readGap + 3_000;
const bobs = parseName('bob.example.');
const bob: Actor = { name: 'bob', rank: 'user' };
const mallory: Actor = { name: 'mallory', rank: 'user' };
const keeps: LocalPart = { refuses: false, takes: 1, afterLost: false, visibleAfter: 0 };
const refuses: LocalPart = { ...keeps, refuses: true };

function address(zone: DnsName, last = 1): ResourceRecord {
  return makeRecord({ name: 'www', type: 'A', rdata: `192.0.2.${last}` }, zone);
}

/**
 * A world whose sides share these zones, with one record each. The first comparison and the grace are over.
 */
async function worldWith(zones: readonly DnsName[]): Promise<World> {
  const world = new World(new MemoryJournal(), new Random(1), { compareEvery: 0 });
  for (const zone of zones) {
    for (const side of [world.panel, world.central]) putZone(side, zone);
    world.panel.owners.set(zone, [zone === bobs ? bob.name : mallory.name]);
  }
  await world.clock.runUntilSettled(world.start());
  await pass(world, grace + zones.length * 1_000);
  world.panel.reads.length = 0;
  return world;
}

function putZone({ zones }: World['panel'] | World['central'], zone: DnsName): void {
  zones.set(zone, new Map([[recordId(address(zone)), address(zone)]]));
}

async function pass(world: World, ms: number): Promise<void> {
  await world.clock.runUntil(world.clock.now() + ms);
}

function named(count: number, prefix: string): DnsName[] {
  return Array.from({ length: count }, (_, at) => parseName(`${prefix}${at}.example.`));
}

/** Adds a record as a user of the panel. @param local how the panel carries out its part */
async function edit(world: World, zone: DnsName, actor: Actor, local: LocalPart): Promise<void> {
  const add = address(zone, 2);
  const event = (stage: 'before' | 'after'): EditEvent =>
    recordsEvent(zone, [{ remove: null, add }], stage, actor);
  const carryOut = (): boolean => {
    world.panel.zones.get(zone)?.set(recordId(add), add);
    return true;
  };
  const { verdict } = await world.clock.runUntilSettled(world.edit(event, carryOut, local));
  assert.equal(verdict.kind, 'accept');
}

async function stateOf(world: World, zone: DnsName): Promise<string | undefined> {
  const history = await historyOf(world, 100_000);
  return history.find((one) => one.zone === zone)?.state;
}

/** Waits until bob's newest operation is in a state. @returns milliseconds waited */
async function timeUntil(world: World, state: string, limit: number): Promise<number> {
  const began = world.clock.now();
  while ((await stateOf(world, bobs)) !== state) {
    await pass(world, 100);
    assert.ok(world.clock.now() - began < limit, `not ${state} after ${limit} ms`);
  }
  return world.clock.now() - began;
}

test('issue 11.4: 6,000 invented aliases lead to one read of the list, none of a zone', async () => {
  const world = await worldWith([bobs]);
  await world.clock.runUntilSettled(world.hintOf(named(6_000, 'x'), mallory));
  await pass(world, 60_000);
  assert.deepEqual(world.panel.reads, ['list']);
});

test('issue 11.4: calls with invented names one after the other share the reads of the list', async () => {
  const world = await worldWith([bobs]);
  const began = world.clock.now();
  for (const name of named(600, 'x')) {
    await world.clock.runUntilSettled(world.hintOf([name], mallory));
    await pass(world, 50);
  }
  const seconds = (world.clock.now() - began) / 1_000;
  assert.ok(world.panel.reads.length <= 1 + seconds / 5, `${world.panel.reads.length} in ${seconds} s`);
  assert.ok(world.panel.reads.every((read) => read === 'list'));
});

test('issue 11.4: edits, deletes and what was done in 300 invented zones lead to no read of them', async () => {
  const world = await worldWith([bobs]);
  const signal = new AbortController().signal;
  const calls = (['before', 'after'] as const).flatMap((stage) => [
    { stage, actor: mallory },
    { stage, actor: administrator },
  ]);
  for (const { stage, actor } of calls) {
    const edits = named(300, 'x').map((zone): EditEvent => recordsEvent(zone, [], stage, actor));
    const answers = edits.map((one) => engineOf(world).answer({ kind: 'edits', edits: [one] }, signal));
    await world.clock.runUntilSettled(Promise.all(answers));
  }
  const gone = named(300, 'x').map((zone): EditEvent => ({
    ...recordsEvent(zone, [], 'after', mallory),
    kind: 'zone-delete',
  }));
  await world.clock.runUntilSettled(engineOf(world).answer({ kind: 'edits', edits: gone }, signal));
  await pass(world, 60_000);
  assert.ok(world.panel.reads.every((read) => read === 'list'));
  assert.ok(world.panel.reads.length <= 3, String(world.panel.reads.length));
});

test('issue 11.4: hints of everything share their comparisons', async () => {
  const world = await worldWith([bobs]);
  for (let call = 0; call < 200; call += 1) {
    await world.clock.runUntilSettled(world.hintOf('all', mallory));
    await pass(world, 50);
  }
  await pass(world, 30_000);
  const lists = world.panel.reads.filter((read) => read === 'list').length;
  assert.ok(lists <= 3, String(lists));
});

test('issue 11.4: zones that the list shows and nobody knows are compared, whichever was named', async () => {
  const world = await worldWith([bobs]);
  const [made, other] = [parseName('made.example.'), parseName('other.example.')];
  for (const zone of [made, other]) putZone(world.panel, zone);
  await world.clock.runUntilSettled(world.hintOf([...named(100, 'x'), parseName('www', made)], bob));
  await pass(world, 120_000);
  for (const zone of [made, other]) assert.ok(world.central.zones.get(zone)?.has(recordId(address(zone))));
});

test('issue 11.4: a list that cannot be read is read again', async () => {
  const world = await worldWith([bobs]);
  const made = parseName('made.example.');
  putZone(world.panel, made);
  world.panelFailing = true;
  world.applyOutages();
  await world.clock.runUntilSettled(world.hint(made));
  await pass(world, 20_000);
  world.panelFailing = false;
  world.applyOutages();
  await pass(world, 180_000);
  assert.ok(world.central.zones.has(made));
});

test('issue 11.4: confirming and undoing go before 1,000 comparisons that somebody else caused', async () => {
  for (const local of [keeps, refuses]) {
    const mallorys = named(1_000, 'm');
    const world = await worldWith([bobs, ...mallorys]);
    await world.clock.runUntilSettled(world.hintOf(mallorys, mallory));
    await pass(world, 1_000);
    await edit(world, bobs, bob, local);
    await timeUntil(world, local.refuses ? 'reverted' : 'confirmed', local.refuses ? undoTime : 2_000);
    const compared = new Set(world.panel.reads).size;
    assert.ok(compared < 900, `the storm was over already: ${compared}`);
  }
});

test('issue 11.4: confirmations of one user go before many of another', async () => {
  const mallorys = named(300, 'm');
  const world = await worldWith([bobs, ...mallorys]);
  const saves = mallorys.map(async (zone) => {
    const add = address(zone, 2);
    const event = (stage: 'before' | 'after'): EditEvent =>
      recordsEvent(zone, [{ remove: null, add }], stage, mallory);
    await world.edit(event, () => Boolean(world.panel.zones.get(zone)?.set(recordId(add), add)), keeps);
  });
  await world.clock.runUntilSettled(Promise.all(saves));
  await edit(world, bobs, bob, keeps);
  await timeUntil(world, 'confirmed', 2_000);
  const history = await historyOf(world, 1_000);
  assert.ok(history.filter(({ state }) => state === 'kept').length > 100, 'the others were done already');
});

test('issue 11.4: calls of another user, one after the other without end, do not hold up an undo', async () => {
  const mallorys = named(3, 'm');
  const world = await worldWith([bobs, ...mallorys]);
  const stop = new AbortController();
  // One loop of calls for each zone runs at the same time as the others, so calls follow each other without a
  // pause. Mallory has no right to bob's zone.
  const endless = [bobs, ...mallorys].map(async (zone) => {
    while (!stop.signal.aborted) {
      const item = { remove: null, add: address(zone, 2) };
      await world.edit(
        (stage) => recordsEvent(zone, [item], stage, mallory),
        () => false,
        refuses,
      );
    }
  });
  await pass(world, 1_000);
  await edit(world, bobs, bob, refuses);
  await timeUntil(world, 'reverted', 2 * undoTime);
  await edit(world, bobs, bob, keeps);
  await timeUntil(world, 'confirmed', 10_000);
  stop.abort();
  await world.clock.runUntilSettled(Promise.all(endless));
});

test('issue 11.4: hints of a zone leave its lock free most of the time', async () => {
  const world = await worldWith([bobs]);
  const began = world.clock.now();
  for (let call = 0; call < 1_000; call += 1) {
    await world.clock.runUntilSettled(world.hintOf([bobs], mallory));
    await pass(world, 50);
  }
  const seconds = (world.clock.now() - began) / 1_000;
  assert.ok(world.panel.reads.length <= 1 + seconds / 2, `${world.panel.reads.length} in ${seconds} s`);
});
