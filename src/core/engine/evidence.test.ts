/**
 * Tests that a create which was journalled but never proven does not count as proof that we made the zone
 * (issue 13; docs/adoption.md, rows 30 and 31).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { a, engineOf, given, held, put, statusOf, viewOf, zone } from '../../testing/simulator/given.ts';
import { administrator } from '../../testing/simulator/edits.ts';
import { defaultRecords } from '../../testing/simulator/new-zones.ts';
import { type LocalPart, type World } from '../../testing/simulator/world.ts';
import type { EditEvent, Verdict } from '../panel.ts';

const minute = 60_000;
const hour = 60 * minute;
const smoothly: LocalPart = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };

const create = (stage: 'before' | 'after'): EditEvent => ({
  kind: 'zone-create',
  stage,
  zone,
  seed: { addresses: [], nameServers: [], mailServers: [] },
  fingerprint: 'create',
  actor: administrator,
  echo: null,
});

const remove = (stage: 'before' | 'after'): EditEvent => ({
  kind: 'zone-delete',
  stage,
  zone,
  fingerprint: 'delete',
  actor: administrator,
  echo: null,
});

async function wait(world: World, ms: number): Promise<void> {
  await world.clock.runUntil(world.clock.now() + ms);
}

/** Creates the zone in the panel with its default records. */
function make(world: World): boolean {
  const records = defaultRecords(zone, 'panel').map((one): [string, ResourceRecord] => [recordId(one), one]);
  world.panel.zones.set(zone, new Map(records));
  return true;
}

async function createZone(world: World, local = smoothly): Promise<Verdict> {
  const { verdict } = await world.clock.runUntilSettled(world.edit(create, () => make(world), local));
  return verdict;
}

/**
 * Starts a create, and kills the agent after this many milliseconds. The central keeps the zones that it has
 * at that time.
 */
async function killedIn(at: number): Promise<World> {
  const world = await given({ panel: null, central: null });
  void world.edit(create, () => make(world), smoothly);
  await wait(world, at);
  world.kill();
  await wait(world, minute);
  return world;
}

async function restart(world: World): Promise<void> {
  await world.clock.runUntilSettled(world.start());
}

async function stuckCodes(world: World): Promise<(string | undefined)[]> {
  const { stuck } = await statusOf(world);
  return stuck.map(({ problems }) => problems[0]?.code);
}

/** A world whose agent is killed as soon as its next commit is on disk. */
async function killedAtCommit(): Promise<World> {
  const world = await given({ panel: null, central: null });
  world.chooseJournalFault = (call) => (call === 'read' ? null : 'cut-after');
  return world;
}

for (const records of [[], [a('www', 7), a('mail', 8)]])
  test(`issue 13: a zone made by hand (${records.length} records) hours after we were killed in a create is nobody's to undo`, async () => {
    const world = await killedAtCommit();
    await createZone(world);
    world.chooseJournalFault = () => null;
    assert.ok(world.engine === null && !world.panel.zones.has(zone) && !world.central.zones.has(zone));
    await wait(world, 3 * hour);
    put(world, 'central', records);
    await restart(world);
    await wait(world, 30 * minute);
    assert.ok(world.central.zones.has(zone));
    for (const record of records) assert.ok(held(world, 'central', record));
    assert.deepEqual(await stuckCodes(world), ['zone.maybe-ours']);
  });

test('issue 13: a zone that we may have made when we were killed stays, listed, until somebody decides', async () => {
  let landed = 0;
  for (let at = 0; at < 400; at += 5) {
    const world = await killedIn(at);
    if (world.panel.zones.has(zone)) break;
    if (!world.central.zones.has(zone)) continue;
    landed += 1;
    await restart(world);
    await wait(world, 30 * minute);
    const open = await statusOf(world);
    // If the agent had journalled before the kill that it read the zone back, the create is undone and
    // nothing is left.
    if (!world.central.zones.has(zone)) {
      assert.deepEqual([open.open, open.stuck], [0, []], `killed after ${at} ms`);
      continue;
    }
    assert.deepEqual(await stuckCodes(world), ['zone.maybe-ours'], `killed after ${at} ms`);
    // Once the operator deletes the zone by hand, the operation ends.
    world.central.zones.delete(zone);
    engineOf(world).compare(zone, 'person');
    await wait(world, minute);
    assert.deepEqual(await stuckCodes(world), [], `killed after ${at} ms`);
    assert.equal((await viewOf(world, zone)).entry, null);
  }
  assert.ok(landed > 0);
});

test('issue 13: what somebody adds after we were killed in a create stays when the user tries again', async () => {
  let landed = 0;
  for (let at = 0; at < 400; at += 5) {
    const world = await killedIn(at);
    if (world.panel.zones.has(zone)) break;
    if (!world.central.zones.has(zone)) continue;
    landed += 1;
    world.central.zones.get(zone)?.set(recordId(a('shop', 7)), a('shop', 7));
    await restart(world);
    await wait(world, 2_000);
    assert.equal((await createZone(world)).kind, 'accept');
    await wait(world, 30 * minute);
    assert.ok(held(world, 'central', a('shop', 7)), `killed after ${at} ms`);
    assert.ok(held(world, 'central', a('pop', 1)), `killed after ${at} ms`);
    const { entry, open } = await viewOf(world, zone);
    assert.deepEqual([entry?.state, open], ['synced', []], `killed after ${at} ms`);
  }
  assert.ok(landed > 0);
});

test('issue 13: a zone made by hand after the journal refused to note our create is nobody’s to undo', async () => {
  for (let failing = 1; failing < 6; failing += 1) {
    const world = await given({ panel: null, central: null });
    let commits = 0;
    world.chooseJournalFault = (call) => {
      if (call === 'read') return null;
      return (commits += 1) >= failing ? 'reserve-gone' : null;
    };
    // The panel creates the zone together with a web site, and domainsync creates it at the central
    // afterwards.
    make(world);
    void world.hint(zone);
    await wait(world, minute);
    if (world.central.zones.has(zone)) continue;
    world.panel.zones.delete(zone);
    put(world, 'central', [a('mail', 8)]);
    world.chooseJournalFault = () => null;
    await wait(world, 30 * minute);
    assert.ok(held(world, 'central', a('mail', 8)), `the journal took ${failing - 1} commits`);
  }
});

/**
 * Loses the answer to the next request, and lets the request land late. The central is out of reach for three
 * seconds.
 */
function losesOneCreate(world: World): void {
  let faults = 1;
  world.chooseFault = () => {
    if (faults-- <= 0) return null;
    world.centralDown = true;
    world.applyOutages();
    void world.clock.sleep(3_000).then(() => {
      world.centralDown = false;
      world.applyOutages();
    });
    return 'late';
  };
}

test('issue 13: a refused create that lands late is taken back by the process that sent it', async () => {
  const world = await given({ panel: null, central: null });
  losesOneCreate(world);
  assert.equal((await createZone(world)).kind, 'refuse');
  await wait(world, 30 * minute);
  assert.ok(!world.central.zones.has(zone));
  assert.deepEqual(await stuckCodes(world), []);
  // The watch is over by now, so a zone that appears is foreign.
  put(world, 'central', [a('mail', 1)]);
  await wait(world, 70 * minute);
  assert.ok(held(world, 'central', a('mail', 1)));
});

test('issue 13: a zone that appears after the process that asked for it was killed is left and listed', async () => {
  const world = await given({ panel: null, central: null });
  losesOneCreate(world);
  assert.equal((await createZone(world)).kind, 'refuse');
  world.kill();
  await wait(world, 2 * minute);
  if (!world.central.zones.has(zone)) put(world, 'central', [a('mail', 1)]);
  await restart(world);
  await wait(world, 30 * minute);
  assert.ok(world.central.zones.has(zone));
  assert.deepEqual(await stuckCodes(world), ['zone.maybe-ours']);
  // If the user creates the zone in the panel too, it is synced.
  assert.equal((await createZone(world)).kind, 'accept');
  await wait(world, 5 * minute);
  assert.deepEqual(await stuckCodes(world), []);
  assert.ok(held(world, 'central', a('pop', 1)));
});

test('issue 13: a zone made by hand after the one of a late create was deleted is left and listed', async () => {
  const world = await given({ panel: null, central: null });
  losesOneCreate(world);
  // The panel creates the zone together with a web site, and domainsync creates it at the central afterwards.
  // The answer of the first try is lost.
  make(world);
  void world.hint(zone);
  await wait(world, 2 * minute);
  assert.ok(held(world, 'central', a('pop', 1)));
  const deleting = world.edit(remove, () => world.panel.zones.delete(zone), smoothly);
  assert.equal((await world.clock.runUntilSettled(deleting)).verdict.kind, 'accept');
  await wait(world, minute);
  assert.ok(!world.central.zones.has(zone));
  put(world, 'central', [a('mail', 1)]);
  await wait(world, 30 * minute);
  assert.ok(held(world, 'central', a('mail', 1)));
  assert.deepEqual(await stuckCodes(world), ['zone.maybe-ours']);
});

test('issue 13: a create whose answer was lost is read back at once, and undone when it was refused', async () => {
  const world = await given({ panel: null, central: null });
  let faults = 1;
  world.chooseFault = () => (faults-- > 0 ? 'lost-answer' : null);
  const verdict = await createZone(world);
  assert.deepEqual([verdict.kind, verdict.kind === 'refuse' && verdict.changed], ['refuse', 'unknown']);
  await wait(world, 2 * minute);
  assert.ok(!world.central.zones.has(zone));
  assert.deepEqual(await stuckCodes(world), []);
});

test('issue 13: nothing that the answer of our create did not show is removed when a kept zone is filled', async () => {
  for (let at = 0; at < 3_000; at += 50) {
    const world = await given({ panel: null, central: null });
    world.central.createsWithContent = false;
    // The panel creates the zone together with a web site, and domainsync creates it at the central
    // afterwards.
    make(world);
    void world.hint(zone);
    await wait(world, at);
    world.kill();
    await wait(world, minute);
    if (!world.central.zones.has(zone)) put(world, 'central', []);
    world.central.zones.get(zone)?.set(recordId(a('shop', 7)), a('shop', 7));
    await restart(world);
    await wait(world, 30 * minute);
    assert.ok(held(world, 'central', a('shop', 7)), `killed after ${at} ms`);
  }
});

/**
 * The agent was killed in a create, and the user deleted the zone while the central was out of reach. The
 * central has the zone, with default records that nobody has read.
 */
async function deletedUnread(): Promise<World> {
  const world = await given({ panel: null, central: null });
  losesOneCreate(world);
  make(world);
  void world.hint(zone);
  // The request is out as soon as its answer is lost.
  for (let waited = 0; !world.centralDown && waited < minute; waited += 50) await wait(world, 50);
  world.kill();
  await wait(world, 2 * minute);
  assert.ok(world.central.zones.has(zone) && world.panel.zones.has(zone));
  world.centralDown = true;
  world.applyOutages();
  await restart(world);
  assert.equal(await deleteZone(world), 'accept');
  await wait(world, minute);
  world.centralDown = false;
  world.applyOutages();
  await wait(world, 30 * minute);
  assert.ok(world.central.zones.has(zone));
  const stuck = await stuckCodes(world);
  assert.deepEqual(new Set(stuck), new Set(['zone.maybe-ours']));
  return world;
}

async function deleteZone(world: World): Promise<Verdict['kind']> {
  const deleting = world.edit(remove, () => world.panel.zones.delete(zone), smoothly);
  return (await world.clock.runUntilSettled(deleting)).verdict.kind;
}

test('crash seed 4011: a zone that nobody read back and that the user deleted is listed, and forgotten once it is gone', async () => {
  const world = await deletedUnread();
  world.central.zones.delete(zone);
  // Nobody asks for a comparison: the hourly one finds it.
  await wait(world, 70 * minute);
  assert.deepEqual(await stuckCodes(world), []);
  assert.equal((await viewOf(world, zone)).entry, null);
});

test('crash seed 4011: the user can create such a zone again, and delete it then', async () => {
  const world = await deletedUnread();
  assert.equal((await createZone(world)).kind, 'accept');
  await wait(world, 5 * minute);
  assert.deepEqual(await stuckCodes(world), []);
  assert.deepEqual((await viewOf(world, zone)).entry?.state, 'synced');
  assert.equal(await deleteZone(world), 'accept');
  await wait(world, 5 * minute);
  assert.ok(!world.central.zones.has(zone));
  assert.deepEqual(await stuckCodes(world), []);
});
