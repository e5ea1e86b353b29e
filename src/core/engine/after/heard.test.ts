/**
 * Tests several edits of one name that only the panel decided about (issue 11.1;
 * docs/decisions/010-who-may.md).
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { a, given, statusOf, zone } from '../../../testing/simulator/given.ts';
import { recordsEvent } from '../../../testing/simulator/edits.ts';
import type { World } from '../../../testing/simulator/world.ts';
import type { Actor, EditItem } from '../../panel.ts';

const second = 1_000;
const minute = 60 * second;
const alice: Actor = { name: 'alice', rank: 'user' };

/** A world with a zone whose owner is unknown. */
async function scene(): Promise<World> {
  return await given({ panel: [a('www', 1)], central: [a('www', 1)] }, (world) => {
    world.panel.owners.set(zone, null);
    world.defaultTtl = 3_600;
  });
}

async function wait(world: World, ms: number): Promise<void> {
  await world.clock.runUntil(world.clock.now() + ms);
}

function address(last: number, ttl = 3_600): ResourceRecord {
  return { ...a('new', last), ttl };
}

const alias: ResourceRecord = { name: address(1).name, type: 'CNAME', ttl: 60, rdata: 'x.example.net.' };

interface Step {
  readonly edit: EditItem;
  /** Milliseconds from the panel's success until panel reads show the edit. */
  readonly shows: number;
  /** Milliseconds before the next step. */
  readonly pause: number;
}

function step(remove: ResourceRecord | null, add: ResourceRecord | null, shows = 0, pause = 50): Step {
  return { edit: { remove, add }, shows, pause };
}

async function save(world: World, { edit, shows, pause }: Step): Promise<void> {
  const carryOut = (): boolean => {
    const records = world.panel.zones.get(zone);
    if (edit.remove !== null) records?.delete(recordId(edit.remove));
    if (edit.add !== null) records?.set(recordId(edit.add), edit.add);
    return records !== undefined;
  };
  const local = { refuses: false, takes: 10, afterLost: false, visibleAfter: shows };
  await world.clock.runUntilSettled(
    world.edit((stage) => recordsEvent(zone, [edit], stage, alice), carryOut, local),
  );
  await wait(world, pause);
}

function setDown(world: World, down: boolean): void {
  world.centralDown = down;
  world.applyOutages();
}

function shown(world: World, side: 'panel' | 'central'): string[] {
  const records = [...(world[side].zones.get(zone)?.values() ?? [])];
  return records
    .filter(({ type }) => type !== 'SOA' && type !== 'NS')
    .map(({ name, type, rdata, ttl }) => `${name} ${ttl ?? 3_600} ${type} ${rdata}`)
    .sort();
}

/**
 * Checks that the central ends with the same records as the panel, and that no operation is stuck.
 * @param about the name of the story, for the message of a failure
 */
async function expectFollowed(world: World, about: string): Promise<void> {
  await wait(world, 5 * minute);
  assert.deepEqual(shown(world, 'central'), shown(world, 'panel'), about);
  const { stuck } = await statusOf(world);
  assert.deepEqual(stuck, [], about);
}

describe('issue 11.1: several edits of one name that are only followed', () => {
  const cases: readonly (readonly [string, readonly Step[]])[] = [
    ['added and removed, which shows late', [step(null, address(1)), step(address(1), null, 3_000)]],
    ['removed and added with another TTL', [step(address(1, 60), null), step(null, address(1))]],
    [
      'an address that becomes an alias and an address again',
      [step(address(1, 60), alias, 500), step(alias, address(2)), step(address(2), address(3))],
    ],
    [
      'the same record, then its TTL',
      [step(address(1, 60), address(1, 60)), step(address(1, 60), address(1))],
    ],
  ];
  for (const [what, steps] of cases) {
    for (const down of [false, true]) {
      it(`${what}${down ? ', during an outage' : ''}`, async () => {
        const world = await scene();
        const first = steps[0]?.edit.remove ?? null;
        if (first !== null) await save(world, step(null, first, 0, minute));
        setDown(world, down);
        for (const one of steps) await save(world, one);
        await wait(world, minute);
        setDown(world, false);
        await expectFollowed(world, what);
      });
    }
  }

  it('one that shows a second late is followed then, not after the time that undos wait', async () => {
    const world = await scene();
    await save(world, step(null, address(1), second, 4 * second));
    assert.deepEqual(shown(world, 'central'), shown(world, 'panel'));
  });

  it('random histories, with outages and kills', async () => {
    for (let seed = 1; seed <= 60; seed += 1) await play(seed);
  });
});

async function play(seed: number): Promise<void> {
  const pick = random(seed);
  const world = await scene();
  const told: string[] = [`seed ${seed}`];
  for (let count = 0; count < 6; count += 1) {
    const edit = anyEdit(world, pick);
    if (edit === null) continue;
    told.push(`${edit.remove?.rdata ?? '-'} ${edit.add?.rdata ?? '-'}`);
    const shows = pick(2) * pick(4_000);
    await save(world, { edit, shows, pause: [0, 300, second, 20 * second][pick(4)] ?? 0 });
    if (pick(8) === 0) {
      world.kill();
      await world.clock.runUntilSettled(world.start());
    }
    if (pick(8) === 0) setDown(world, !world.centralDown);
  }
  setDown(world, false);
  await expectFollowed(world, told.join('; '));
}

/** Draws a random edit that the panel would accept; null: the draw gave no such edit. */
function anyEdit(world: World, pick: (below: number) => number): EditItem | null {
  const records = [...(world.panel.zones.get(zone)?.values() ?? [])];
  const held = records.filter(({ name }) => name === alias.name);
  const remove = pick(4) === 0 ? null : (held[pick(held.length)] ?? null);
  const others = held.filter((record) => record !== remove);
  const fresh = others.length === 0 && pick(4) === 0 ? alias : address(pick(4), 60 + pick(2));
  const add = pick(3) === 0 ? null : fresh;
  const isTaken = others.some((one) => one.type === 'CNAME' || recordId(one) === recordId(fresh));
  return (remove === null && add === null) || isTaken ? null : { remove, add };
}

/** Makes a generator of random integers below a limit. The same seed gives the same numbers. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return below === 0 ? 0 : Math.floor((state / 2 ** 32) * below);
  };
}
