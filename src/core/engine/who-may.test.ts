/**
 * Tests which users' edits are written at the central before the panel has made them (issue 11.1;
 * docs/decisions/010-who-may.md).
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseName, type DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { changedCentral } from '../../testing/changed-central.ts';
import { a, engineOf, given, held, historyOf, zone, zoneState } from '../../testing/simulator/given.ts';
import { administrator, recordsEvent } from '../../testing/simulator/edits.ts';
import type { World } from '../../testing/simulator/world.ts';
import type { Central } from '../central.ts';
import type { Actor, EditEvent, EditItem, PanelEvent, Verdict } from '../panel.ts';

const second = 1_000;
const minute = 60 * second;
const smoothly = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };
const denied = { ...smoothly, refuses: true };

const alice: Actor = { name: 'alice', rank: 'user' };
const rick: Actor = { name: 'rick', rank: 'reseller' };
const eve: Actor = { name: 'eve', rank: 'user' };

/**
 * A world with a zone of alice, whose reseller is rick.
 * @returns `calls`: requests to the central since the first comparison
 */
async function scene(
  owners: readonly string[] | null = ['alice', 'rick'],
): Promise<{ world: World; calls: string[] }> {
  const calls: string[] = [];
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] }, (made) => {
    made.panel.owners.set(zone, owners);
    made.defaultTtl = 3_600;
    made.wrap = (central) => noted(central, calls);
  });
  calls.length = 0;
  return { world, calls };
}

function noted(central: Central, calls: string[]): Central {
  const note = (call: string, about: string): void => {
    calls.push(`${call} ${about}`);
  };
  return changedCentral(central, {
    listZones: (asked, ctx) => (note('list', asked.join()), central.listZones(asked, ctx)),
    readZone: (name, known, ctx) => (note('read', name), central.readZone(name, known, ctx)),
    readNames: (name, ...rest) => (note('read', name), central.readNames(name, ...rest)),
    apply: (change, present, ctx) => (note('write', change.zone), central.apply(change, present, ctx)),
    mayCreateZone: (name, seed, ctx) => (note('ask', name), central.mayCreateZone(name, seed, ctx)),
    createZone: (name, ...rest) => (note('create', name), central.createZone(name, ...rest)),
    deleteZone: (name, ctx) => (note('delete', name), central.deleteZone(name, ctx)),
    signing: (name, ctx) => (note('signing', name), central.signing(name, ctx)),
  });
}

async function wait(world: World, ms: number): Promise<void> {
  await world.clock.runUntil(world.clock.now() + ms);
}

function carry(world: World, items: readonly EditItem[]): boolean {
  const records = world.panel.zones.get(zone);
  for (const { remove, add } of items) {
    if (remove !== null) records?.delete(recordId(remove));
    if (add !== null) records?.set(recordId(add), add);
  }
  return records !== undefined;
}

/** Makes one edit as a user. @returns the answer that this user gets */
async function save(
  world: World,
  actor: Actor,
  items: readonly EditItem[],
  local = smoothly,
  done: readonly EditItem[] = items,
): Promise<Verdict> {
  const event = (stage: 'before' | 'after'): EditEvent => recordsEvent(zone, items, stage, actor);
  const { verdict } = await world.clock.runUntilSettled(world.edit(event, () => carry(world, done), local));
  return verdict;
}

async function ask(world: World, event: PanelEvent): Promise<Verdict> {
  return await world.clock.runUntilSettled(engineOf(world).answer(event, new AbortController().signal));
}

function zoneEvent(
  kind: 'zone-create' | 'zone-delete',
  of: DnsName,
  actor: Actor,
  stage: 'before' | 'after',
): EditEvent {
  const base = { stage, zone: of, fingerprint: `${kind} ${of} ${actor.name}`, actor, echo: null };
  if (kind === 'zone-delete') return { ...base, kind };
  return { ...base, kind, seed: { addresses: [], nameServers: [], mailServers: [] } };
}

const add: readonly EditItem[] = [{ remove: null, add: a('new', 9) }];

async function history(world: World): Promise<string[]> {
  const operations = await historyOf(world, 20);
  return operations.map(({ kind, class: group, state }) => `${kind} ${group} ${state}`);
}

describe('issue 11.1: an edit in a zone of somebody else', () => {
  const edits: readonly (readonly [string, readonly EditItem[]])[] = [
    ['a new record', add],
    ['a changed one', [{ remove: a('www', 1), add: a('www', 6) }]],
    ['a removed one', [{ remove: a('www', 1), add: null }]],
    ['one that does not exist', [{ remove: a('none', 1), add: null }]],
    ['a CNAME where something is', [{ remove: null, add: cname('www') }]],
  ];
  for (const [what, items] of edits) {
    it(`${what}: nothing is asked, written, journalled or told; the owner is not disturbed`, async () => {
      const { world, calls } = await scene();
      assert.equal((await save(world, eve, items, denied)).kind, 'accept');
      assert.deepEqual(calls, []);
      assert.deepEqual(await history(world), []);
      assert.equal((await save(world, alice, add)).kind, 'accept');
      assert.ok(held(world, 'central', a('new', 9)));
      await wait(world, minute);
      assert.ok(held(world, 'central', a('www', 1)) && !held(world, 'central', a('www', 6)));
      const { owners } = engineOf(world).live;
      assert.deepEqual([owners.foreign, owners.undecided], [1, 0]);
    });
  }

  it('while such a call is under way the owner’s own edit of the same name goes through', async () => {
    const { world } = await scene();
    const change = [{ remove: a('www', 1), add: a('www', 2) }];
    const slow = world.edit(
      (stage) => recordsEvent(zone, change, stage, eve),
      () => false,
      { ...denied, takes: 9_000 },
    );
    assert.equal((await save(world, alice, change)).kind, 'accept');
    await world.clock.runUntilSettled(slow);
    assert.ok(held(world, 'central', a('www', 2)));
  });

  it('a problem of the call is not told, to the owner it is', async () => {
    const { world } = await scene();
    const invalid = {
      kind: 'invalid',
      problems: [{ code: 'rdata.bad-number', params: {} }],
      zone,
      creates: false,
    } as const;
    assert.equal((await ask(world, { ...invalid, actor: eve })).kind, 'accept');
    assert.equal((await ask(world, { ...invalid, actor: alice })).kind, 'refuse');
    assert.equal((await ask(world, { ...invalid, actor: eve, zone: null, creates: true })).kind, 'refuse');
    assert.equal((await ask(world, { ...invalid, actor: eve, zone: null })).kind, 'accept');
  });

  it('nothing is told before the first comparison either', async () => {
    const { world } = await scene();
    world.kill();
    world.centralDown = true;
    const side = world.sides[0];
    assert.ok(side !== undefined);
    await world.clock.runUntilSettled(
      side.disk.file.commit({ facts: { baseline: null }, dropZones: [zone] }),
    );
    await world.clock.runUntilSettled(world.start());
    await wait(world, 2 * second);
    assert.equal((await save(world, eve, add, denied)).kind, 'accept');
    assert.equal((await save(world, alice, add, denied)).kind, 'refuse');
  });

  it('deletes and creates above, below and at it: the panel decides', async () => {
    const { world, calls } = await scene();
    for (const name of [parseName('sub.example.org.'), parseName('org.'), zone]) {
      assert.equal(
        (await ask(world, { kind: 'edits', edits: [zoneEvent('zone-create', name, eve, 'before')] })).kind,
        'accept',
      );
    }
    assert.equal(
      (await ask(world, { kind: 'edits', edits: [zoneEvent('zone-delete', zone, eve, 'before')] })).kind,
      'accept',
    );
    await wait(world, minute);
    assert.deepEqual(calls, []);
    assert.deepEqual(await history(world), []);
    // The owner's edits still reach the central in `before`, so they can be refused.
    world.chooseFault = () => 'refuse';
    assert.equal((await save(world, alice, add)).kind, 'refuse');
  });

  it('of a group, what is his is done; the rest is the panel’s', async () => {
    const { world, calls } = await scene();
    const own = parseName('own.example.');
    world.panel.zones.set(own, new Map());
    world.central.zones.set(own, new Map());
    world.panel.owners.set(own, ['eve']);
    engineOf(world).compare('all', 'test');
    await world.clock.runUntilSettled(engineOf(world).forgetOwners());
    await wait(world, minute);
    calls.length = 0;
    const deletes = [zone, own].map((of) => zoneEvent('zone-delete', of, eve, 'before'));
    assert.equal((await ask(world, { kind: 'edits', edits: deletes })).kind, 'accept');
    assert.ok(
      calls.every((call) => !call.endsWith(zone)),
      calls.join(),
    );
    assert.equal((await history(world)).length, 1);
  });
});

describe('issue 11.1: who may', () => {
  const cases: readonly (readonly [string, Actor])[] = [
    ['the owner', alice],
    ['his reseller', rick],
    ['an administrator', administrator],
  ];
  for (const [who, actor] of cases) {
    it(`${who}: written before, refused where the central refuses`, async () => {
      const { world } = await scene();
      assert.equal((await save(world, actor, add)).kind, 'accept');
      assert.ok(held(world, 'central', a('new', 9)));
      world.chooseFault = () => 'refuse';
      assert.equal((await save(world, actor, [{ remove: null, add: a('no', 9) }])).kind, 'refuse');
    });
  }

  it('nobody: a level that cannot be read, also with `owner_check = off`', async () => {
    const { world, calls } = await scene();
    assert.equal((await save(world, { name: 'alice', rank: 'nobody' }, add, denied)).kind, 'accept');
    assert.deepEqual(calls, []);
  });

  it('a zone that a plain user has just made is his', async () => {
    const { world } = await scene();
    const fresh = parseName('fresh.example.');
    const create = (stage: 'before' | 'after'): EditEvent => zoneEvent('zone-create', fresh, eve, stage);
    const carryOut = (): boolean => {
      world.panel.owners.set(fresh, null);
      world.panel.zones.set(fresh, new Map());
      return true;
    };
    await world.clock.runUntilSettled(world.edit(create, carryOut, smoothly));
    assert.ok(world.central.zones.has(fresh));
    await wait(world, minute);
    world.chooseFault = () => 'refuse';
    const event = recordsEvent(
      fresh,
      [{ remove: null, add: { ...a('x', 1), name: parseName('x.fresh.example.') } }],
      'before',
      eve,
    );
    assert.equal((await ask(world, { kind: 'edits', edits: [event] })).kind, 'refuse');
  });

  it('after a delete was begun the former owner writes nothing before the panel', async () => {
    const { world, calls } = await scene();
    const event = (stage: 'before' | 'after'): EditEvent => zoneEvent('zone-delete', zone, alice, stage);
    await world.clock.runUntilSettled(world.edit(event, () => true, denied));
    calls.length = 0;
    assert.equal((await save(world, alice, add, denied)).kind, 'accept');
    assert.deepEqual(
      calls.filter((call) => call.startsWith('write')),
      [],
    );
    // A list that was read after the delete shows alice as the owner, so her edit is written again.
    await wait(world, minute);
    assert.equal((await save(world, alice, add)).kind, 'accept');
    assert.ok(held(world, 'central', a('new', 9)));
  });

  it('a delete that takes the panel longer than it is waited for', async () => {
    const { world } = await scene();
    const remove = (stage: 'before' | 'after'): EditEvent => zoneEvent('zone-delete', zone, alice, stage);
    await ask(world, { kind: 'edits', edits: [remove('before')] });
    await wait(world, minute);
    await ask(world, { kind: 'edits', edits: [remove('after')] });
    const { owners } = engineOf(world).live;
    assert.equal(owners.unknown, 1);
  });

  it('functions about accounts: unknown until the list is read again', async () => {
    const { world, calls } = await scene();
    const owners = {
      kind: 'owners',
      actor: administrator,
      fingerprint: 'f',
      zones: [],
      accounts: ['alice'],
    } as const;
    assert.equal((await ask(world, owners)).kind, 'accept');
    world.panel.owners.set(zone, ['bob']);
    await save(world, alice, add, denied);
    assert.deepEqual(calls, []);
    const done = { kind: 'hint', zones: [], source: 'user.edit', fingerprint: 'f' } as const;
    await ask(world, { ...done, actor: administrator });
    await wait(world, 5 * second);
    calls.length = 0;
    await save(world, alice, add, denied);
    assert.deepEqual(calls, []);
    assert.equal((await save(world, { name: 'bob', rank: 'user' }, add)).kind, 'accept');
    assert.ok(held(world, 'central', a('new', 9)));
  });
});

describe('issue 11.1: an edit that only the panel decided about is followed once the panel shows it', () => {
  it('added, changed, its TTL alone, removed', async () => {
    const { world } = await scene(null);
    const steps: readonly EditItem[] = [
      { remove: null, add: { ...a('new', 9), ttl: 3_600 } },
      { remove: { ...a('new', 9), ttl: 3_600 }, add: { ...a('new', 9), ttl: 60 } },
      { remove: { ...a('new', 9), ttl: 60 }, add: { ...a('new', 8), ttl: 60 } },
      { remove: { ...a('new', 8), ttl: 60 }, add: null },
    ];
    for (const step of steps) {
      assert.equal((await save(world, alice, [step])).kind, 'accept');
      await wait(world, 3 * second);
      for (const record of [step.remove, step.add]) {
        const there = record === null ? undefined : world.central.zones.get(zone)?.get(recordId(record));
        if (record !== null && record === step.add) assert.equal(there?.ttl, record.ttl);
        else if (record !== null && step.add?.rdata !== record.rdata) assert.equal(there, undefined);
      }
    }
    assert.deepEqual(await history(world), Array(4).fill('records compensate confirmed'));
    const { owners } = engineOf(world).live;
    assert.equal(owners.undecided, 4);
  });

  it('what the central will not have is put back in the panel', async () => {
    const { world } = await scene(null);
    world.chooseFault = () => 'refuse';
    assert.equal((await save(world, alice, add)).kind, 'accept');
    await wait(world, 2 * minute);
    assert.ok(!held(world, 'panel', a('new', 9)) && !held(world, 'central', a('new', 9)));
  });

  it('during an outage it waits', async () => {
    const { world } = await scene(null);
    world.centralDown = true;
    world.applyOutages();
    assert.equal((await save(world, alice, add)).kind, 'accept');
    await wait(world, minute);
    assert.ok(held(world, 'panel', a('new', 9)));
    world.centralDown = false;
    world.applyOutages();
    await wait(world, 2 * minute);
    assert.ok(held(world, 'panel', a('new', 9)) && held(world, 'central', a('new', 9)));
  });

  it('a kill in between loses nothing', async () => {
    const { world } = await scene(null);
    await save(world, alice, add);
    world.kill();
    await world.clock.runUntilSettled(world.start());
    await wait(world, minute);
    assert.ok(held(world, 'central', a('new', 9)));
  });

  it('a call that says something else than what the panel did moves nothing', async () => {
    const { world, calls } = await scene();
    const forged = [{ remove: a('www', 1), add: a('www', 66) }];
    await save(world, eve, forged, smoothly, []);
    await wait(world, 2 * minute);
    assert.deepEqual(
      calls.filter((call) => call.startsWith('write')),
      [],
    );
    assert.ok(held(world, 'central', a('www', 1)));
    assert.deepEqual(await history(world), ['records compensate reverted']);
    assert.equal((await save(world, alice, [{ remove: a('www', 1), add: a('www', 2) }])).kind, 'accept');
  });

  it('a delete that the panel says and does not show leaves the zone and its veto', async () => {
    const { world } = await scene();
    await ask(world, { kind: 'edits', edits: [zoneEvent('zone-delete', zone, eve, 'after')] });
    world.chooseFault = () => 'refuse';
    assert.equal((await save(world, alice, add)).kind, 'refuse');
    world.chooseFault = () => null;
    await wait(world, 2 * minute);
    assert.ok(world.central.zones.has(zone));
    assert.equal(await zoneState(world), 'synced');
  });

  it('a zone made and deleted without a veto is followed', async () => {
    const { world } = await scene();
    const below = parseName('sub.example.org.');
    const make = (stage: 'before' | 'after'): EditEvent => zoneEvent('zone-create', below, eve, stage);
    await world.clock.runUntilSettled(
      world.edit(
        make,
        () => (world.panel.zones.set(below, new Map()), world.panel.owners.set(below, null), true),
        smoothly,
      ),
    );
    assert.ok(!world.central.zones.has(below));
    await wait(world, minute);
    assert.ok(world.central.zones.has(below));
    const end = (stage: 'before' | 'after'): EditEvent => zoneEvent('zone-delete', below, eve, stage);
    await world.clock.runUntilSettled(world.edit(end, () => world.panel.zones.delete(below), smoothly));
    await wait(world, 2 * minute);
    assert.ok(!world.central.zones.has(below));
  });
});

describe('issue 11.1: where the check is not needed', () => {
  it('seen by the self-test: an unknown owner is no hindrance, another’s zone still is', async () => {
    const { world, calls } = await scene(null);
    await world.clock.runUntilSettled(engineOf(world).proveAccessCheck(true));
    world.chooseFault = () => 'refuse';
    assert.equal((await save(world, alice, add)).kind, 'refuse');
    world.chooseFault = () => null;
    world.panel.owners.set(zone, ['alice']);
    await world.clock.runUntilSettled(engineOf(world).forgetOwners());
    await wait(world, minute);
    calls.length = 0;
    assert.equal((await save(world, eve, add, denied)).kind, 'accept');
    assert.deepEqual(calls, []);
    // Eve's call shows that the panel does not check access first. So the self-test's result no longer
    // counts.
    const { owners } = engineOf(world).live;
    assert.equal(owners.check, 'on');
  });
});

function cname(host: string): ResourceRecord {
  return { name: parseName(host, zone), type: 'CNAME', ttl: null, rdata: 'elsewhere.example.net.' };
}
