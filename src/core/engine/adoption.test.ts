/** Tests of the adoption rule: one test for each row of the table in docs/adoption.md, in its order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import {
  a,
  apex,
  engineOf,
  given,
  held,
  historyOf,
  put,
  recordState,
  statusOf,
  zone,
  zoneState,
} from '../../testing/simulator/given.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { Random } from '../../testing/simulator/random.ts';
import { administrator, recordsEvent } from '../../testing/simulator/edits.ts';
import { World } from '../../testing/simulator/world.ts';
import type { EditEvent, EditItem } from '../panel.ts';

function cname(host: string): ResourceRecord {
  return makeRecord({ name: host, type: 'CNAME', rdata: 'elsewhere.example.net.' }, zone);
}

const smoothly = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };

/**
 * Makes one edit as a user of the panel, then waits until the engine has confirmed or undone it.
 * @returns codes of the refusal; empty: the panel kept the edit
 */
async function edit(
  world: World,
  remove: ResourceRecord | null,
  add: ResourceRecord | null,
): Promise<string[]> {
  const items: EditItem[] = [{ remove, add }];
  const records = world.panel.zones.get(zone);
  const carryOut = (): boolean => {
    if (remove !== null) records?.delete(recordId(remove));
    if (add !== null) records?.set(recordId(add), add);
    return true;
  };
  return await play(world, (stage) => recordsEvent(zone, items, stage), carryOut);
}

async function play(
  world: World,
  event: (stage: 'before' | 'after') => EditEvent,
  carryOut: () => boolean,
  settle = 60_000,
): Promise<string[]> {
  const { verdict } = await world.clock.runUntilSettled(world.edit(event, carryOut, smoothly));
  await world.clock.runUntil(world.clock.now() + settle);
  return verdict.kind === 'accept' ? [] : verdict.problems.map(({ code }) => code);
}

function zoneEvent(kind: 'zone-create' | 'zone-delete'): (stage: 'before' | 'after') => EditEvent {
  return (stage) => {
    const base = { stage, zone, fingerprint: kind, actor: administrator, echo: null };
    if (kind === 'zone-delete') return { ...base, kind };
    return { ...base, kind, seed: { addresses: [], nameServers: [], mailServers: [] } };
  };
}

test('1: the same on both sides synchronises by itself', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  assert.equal(await recordState(world, a('www', 1)), 'synced');
  assert.deepEqual(await edit(world, a('www', 1), a('www', 2)), []);
  assert.ok(held(world, 'central', a('www', 2)) && !held(world, 'central', a('www', 1)));
});

test('2: another value on the other side: nothing is sent, both are listed', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 9)] });
  assert.equal(await recordState(world, a('www', 1)), 'conflict');
  assert.equal(await recordState(world, a('www', 9)), 'conflict');
  assert.ok(held(world, 'central', a('www', 9)) && !held(world, 'central', a('www', 1)));
});

test('3: a CNAME against other data: nothing is sent, both are listed', async () => {
  const world = await given({ panel: [cname('www')], central: [a('www', 9)] });
  assert.equal(await recordState(world, cname('www')), 'conflict');
  assert.equal(await recordState(world, a('www', 9)), 'conflict');
});

test('4 and 7: a zone only the panel has is left alone, edits pass', async () => {
  const world = await given({ panel: [a('www', 1)], central: null });
  assert.deepEqual(await edit(world, null, a('new', 1)), []);
  assert.deepEqual(await edit(world, a('www', 1), a('www', 2)), []);
  assert.equal(world.central.zones.has(zone), false);
  assert.equal(await zoneState(world), 'panel-only');
});

test('5: a record only the panel has is left alone, edits of it pass', async () => {
  const world = await given({ panel: [a('old', 1)], central: [] });
  assert.equal(await recordState(world, a('old', 1)), 'panel-only');
  assert.deepEqual(await edit(world, a('old', 1), a('old', 2)), []);
  assert.equal(held(world, 'central', a('old', 2)), false);
  assert.equal(await recordState(world, a('old', 2)), 'panel-only');
});

test('6: a record only the central has is never removed', async () => {
  const world = await given({ panel: [], central: [a('hand', 1)] });
  assert.equal(await recordState(world, a('hand', 1)), 'central-only');
  await edit(world, null, a('www', 1));
  assert.ok(held(world, 'central', a('hand', 1)));
});

test('8: a second value beside one that was left alone is new', async () => {
  const world = await given({ panel: [a('old', 1)], central: [] });
  assert.deepEqual(await edit(world, null, a('old', 2)), []);
  assert.ok(held(world, 'central', a('old', 2)) && !held(world, 'central', a('old', 1)));
  assert.equal(await recordState(world, a('old', 2)), 'synced');
  assert.equal(await recordState(world, a('old', 1)), 'panel-only');
});

test('9: a new value beside one that differs passes in the panel only', async () => {
  const world = await given({ panel: [a('odd', 1)], central: [a('odd', 9)] });
  assert.deepEqual(await edit(world, null, a('odd', 2)), []);
  assert.equal(held(world, 'central', a('odd', 2)), false);
  assert.equal(await recordState(world, a('odd', 2)), 'conflict');
});

test('10: a new record the central has already is synced without a write', async () => {
  const world = await given({ panel: [], central: [a('hand', 1)] });
  assert.deepEqual(await edit(world, null, a('hand', 1)), []);
  assert.equal(await recordState(world, a('hand', 1)), 'synced');
});

test('10: and when the panel refuses its part, it stays at the central', async () => {
  const world = await given({ panel: [], central: [a('hand', 1)] });
  const items = [{ remove: null, add: a('hand', 1) }];
  await play(
    world,
    (stage) => recordsEvent(zone, items, stage),
    () => false,
  );
  assert.ok(held(world, 'central', a('hand', 1)));
});

test('11: a synced record whose old value is gone at the central: the new value is added', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  put(world, 'central', []);
  assert.deepEqual(await edit(world, a('www', 1), a('www', 2)), []);
  assert.ok(held(world, 'central', a('www', 2)));
  assert.equal(await recordState(world, a('www', 2)), 'synced');
});

test('12: a synced record that somebody replaced at the central: passes in the panel only, listed', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  put(world, 'central', [a('www', 9)]);
  assert.deepEqual(await edit(world, a('www', 1), a('www', 2)), []);
  assert.ok(held(world, 'central', a('www', 9)) && !held(world, 'central', a('www', 2)));
  assert.equal(await recordState(world, a('www', 2)), 'conflict');
  assert.equal(await recordState(world, a('www', 9)), 'conflict');
});

test('13: a further value beside a synced record stays', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  put(world, 'central', [a('www', 1), a('www', 9)]);
  assert.deepEqual(await edit(world, a('www', 1), a('www', 2)), []);
  assert.ok(held(world, 'central', a('www', 9)) && held(world, 'central', a('www', 2)));
  assert.equal(held(world, 'central', a('www', 1)), false);
});

test("14: a new CNAME beside somebody's data is refused, quoting it", async () => {
  const world = await given({ panel: [], central: [a('www', 9)] });
  assert.deepEqual(await edit(world, null, cname('www')), ['record.cname-clash']);
  assert.equal(held(world, 'panel', cname('www')), false);
  assert.ok(held(world, 'central', a('www', 9)));
});

test('15: what was left alone joins once somebody adds the same at the central', async () => {
  const world = await given({ panel: [a('old', 1)], central: [] });
  put(world, 'central', [a('old', 1)]);
  engineOf(world).compare('all', 'test');
  await world.clock.runUntil(world.clock.now() + 10_000);
  assert.equal(await recordState(world, a('old', 1)), 'synced');
});

test('15: even if the central was down when the comparison was asked for', async () => {
  const world = await given({ panel: [a('old', 1)], central: [] });
  put(world, 'central', [a('old', 1)]);
  world.centralDown = true;
  world.applyOutages();
  engineOf(world).compare('all', 'test');
  await world.clock.runUntil(world.clock.now() + 10_000);
  assert.equal(await recordState(world, a('old', 1)), 'panel-only');
  world.centralDown = false;
  world.applyOutages();
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.equal(await recordState(world, a('old', 1)), 'synced');
});

test('15: and so does a zone', async () => {
  const world = await given({ panel: [a('www', 1)], central: null });
  put(world, 'central', [a('www', 1)]);
  engineOf(world).compare('all', 'test');
  await world.clock.runUntil(world.clock.now() + 10_000);
  assert.equal(await zoneState(world), 'synced');
});

test('16: an edit while the first comparison is not durable is refused, nothing is touched', async () => {
  const world = new World(new MemoryJournal(), new Random(1));
  put(world, 'panel', [a('www', 1)]);
  put(world, 'central', [a('www', 1)]);
  world.centralDown = true;
  await world.clock.runUntilSettled(world.start());
  assert.deepEqual(await edit(world, a('www', 1), a('www', 2)), ['zone.baseline-running']);
  assert.ok(held(world, 'panel', a('www', 1)) && held(world, 'central', a('www', 1)));
});

test('18: a new zone is created and filled, of the defaults only what our create made goes', async () => {
  const world = await given({ panel: null, central: null });
  const codes = await play(world, zoneEvent('zone-create'), () => {
    put(world, 'panel', [a('www', 1)]);
    return true;
  });
  assert.deepEqual(codes, []);
  assert.deepEqual(
    [...(world.central.zones.get(zone)?.keys() ?? [])].sort(),
    [recordId(apex), recordId(a('www', 1))].sort(),
  );
  assert.equal(await zoneState(world), 'synced');
});

test('19: a new zone the account has already is synced, and no undo deletes it', async () => {
  const world = await given({ panel: null, central: [a('www', 9)] });
  assert.deepEqual(await play(world, zoneEvent('zone-create'), () => false, 120_000), []);
  assert.ok(held(world, 'central', a('www', 9)));
});

test('19: and its content is compared, not overwritten', async () => {
  const world = await given({ panel: null, central: [a('www', 9), a('hand', 1)] });
  await play(world, zoneEvent('zone-create'), () => {
    put(world, 'panel', [a('www', 1), a('new', 1)]);
    return true;
  });
  assert.ok(held(world, 'central', a('www', 9)) && held(world, 'central', a('hand', 1)));
  assert.ok(held(world, 'central', a('new', 1)) && !held(world, 'central', a('www', 1)));
});

test("20: a new zone of somebody else's is refused", async () => {
  const world = await given({ panel: null, central: null });
  world.central.foreign.add(zone);
  assert.deepEqual(await play(world, zoneEvent('zone-create'), () => true), ['zone.foreign']);
});

test('21: apex NS passes in the panel only', async () => {
  const world = await given({ panel: [], central: [] });
  const other = makeRecord({ name: '@', type: 'NS', rdata: 'ns9.example.net.' }, zone);
  assert.deepEqual(await edit(world, null, other), []);
  assert.equal(held(world, 'central', other), false);
  assert.equal(await recordState(world, other), undefined);
});

test('a deleted zone goes at the central once two looks have proved it gone', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  assert.deepEqual(await play(world, zoneEvent('zone-delete'), () => world.panel.zones.delete(zone)), []);
  assert.equal(world.central.zones.has(zone), false);
});

test('a deleted zone that somebody has written to at the central stays there, and is a case for a person', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  world.centralDown = true;
  world.applyOutages();
  await play(world, zoneEvent('zone-delete'), () => world.panel.zones.delete(zone), 1_000);
  put(world, 'central', [a('www', 1), a('hand', 9)]);
  world.centralDown = false;
  world.applyOutages();
  await world.clock.runUntil(world.clock.now() + 120_000);
  assert.ok(held(world, 'central', a('hand', 9)));
  const { stuck } = await statusOf(world);
  assert.equal(stuck[0]?.problems[0]?.code, 'zone.changed-at-central');
});

test('an undo that the central refuses for good is a case for a person, and ends once both sides agree by hand', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  const items: EditItem[] = [{ remove: a('www', 1), add: a('www', 2) }];
  let accepted = false;
  world.chooseFault = () => (accepted ? 'refuse' : null);
  const refusesLocally = (): boolean => {
    accepted = true;
    return false;
  };
  await play(world, (stage) => recordsEvent(zone, items, stage), refusesLocally, 600_000);
  const { stuck } = await statusOf(world);
  assert.equal(stuck.length, 1);
  world.chooseFault = () => null;
  assert.deepEqual(await edit(world, a('www', 1), a('www', 3)), ['name.stuck']);
  put(world, 'central', [a('www', 1)]);
  engineOf(world).compare(zone, 'asked');
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.deepEqual((await statusOf(world)).stuck, []);
  assert.equal(await recordState(world, a('www', 1)), 'synced');
  assert.deepEqual(await edit(world, a('www', 1), a('www', 3)), []);
});

test('issue 14: what a function of the panel has removed goes from the central, although the agent is killed before it reaches it', async () => {
  const [one, two, three] = [a('www', 1), a('www', 2), a('mail', 3)];
  const world = await given({ panel: [one, two, three], central: [one, two, three] });
  world.centralDown = true;
  world.applyOutages();
  put(world, 'panel', [one, two]);
  await world.clock.runUntilSettled(world.hint(zone));
  await world.clock.runUntil(world.clock.now() + 60_000);
  world.kill();
  world.centralDown = false;
  world.applyOutages();
  await world.clock.runUntilSettled(world.start());
  await world.clock.runUntil(world.clock.now() + 2 * 3_600_000);
  assert.equal(held(world, 'central', three), false);
  const [last] = await historyOf(world, 1);
  assert.deepEqual([last?.class, last?.state, last?.source], ['follow', 'confirmed', 'wwwdomain.edit']);
});
