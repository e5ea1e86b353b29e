/**
 * Tests a new zone below a signed zone of ours that does not delegate it: validators reject the new zone's
 * answers (issue 11.11).
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import { makeRecord, recordId } from '../../../dns/record.ts';
import { a, engineOf, given, pushed, viewOf, zone as parent } from '../../../testing/simulator/given.ts';
import { defaultRecords } from '../../../testing/simulator/new-zones.ts';
import type { World } from '../../../testing/simulator/world.ts';
import { CentralError } from '../../central.ts';
import type { Actor, EditEvent } from '../../panel.ts';

const second = 1_000;
const minute = 60 * second;
const sub = parseName('sub', parent);
const delegation = makeRecord({ name: 'sub', type: 'NS', rdata: 'ns1.example.net.' }, parent);
const smoothly = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };
const actor: Actor = { name: 'alice', rank: 'administrator' };
const asked = ['zone.signed-above'];

async function signedWorld(more: readonly (typeof delegation)[] = [], signed = true): Promise<World> {
  const records = [a('www', 1), ...more];
  const world = await given({ panel: records, central: records });
  if (signed) world.central.signed.add(parent);
  return world;
}

function make(world: World): boolean {
  world.panel.zones.set(sub, new Map(defaultRecords(sub, 'panel').map((one) => [recordId(one), one])));
  return true;
}

function create(stage: 'before' | 'after'): EditEvent {
  const seed = { addresses: [], nameServers: [], mailServers: [] };
  return { stage, zone: sub, fingerprint: 'create', actor, echo: null, kind: 'zone-create', seed };
}

/**
 * Submits the form of a new domain once.
 * @returns codes of the refusal, and the records that the message tells the user to add
 */
async function click(world: World): Promise<{ codes: string[]; records: string | undefined }> {
  const { verdict } = await world.clock.runUntilSettled(world.edit(create, () => make(world), smoothly));
  await wait(world, second);
  const problems = verdict.kind === 'refuse' ? verdict.problems : [];
  return { codes: problems.map(({ code }) => code), records: problems[0]?.params['records'] };
}

async function wait(world: World, ms: number): Promise<void> {
  await world.clock.runUntil(world.clock.now() + ms);
}

async function noteOf(world: World): Promise<string | null | undefined> {
  return (await viewOf(world, sub)).entry?.note;
}

describe('issue 11.11: a domain below a signed zone of ours', () => {
  it('is refused with the records for the zone above, and made when it is repeated', async () => {
    const world = await signedWorld();
    const { codes, records } = await click(world);
    assert.deepEqual([codes, records], [asked, 'sub.example.org. NS ns1.example.net.']);
    assert.equal(world.central.zones.has(sub), false);
    assert.deepEqual((await click(world)).codes, asked, 'the same click');
    await wait(world, 2 * second);
    assert.deepEqual((await click(world)).codes, []);
    await wait(world, minute);
    assert.ok(world.central.zones.has(sub));
  });

  it('is asked about anew after a quarter of an hour', async () => {
    const world = await signedWorld();
    assert.deepEqual((await click(world)).codes, asked);
    await wait(world, 16 * minute);
    assert.deepEqual((await click(world)).codes, asked);
  });

  it('is made at once where the zone above delegates it, is not signed, or the central has it already', async () => {
    const there = await signedWorld();
    there.central.zones.set(sub, new Map());
    for (const world of [await signedWorld([delegation]), await signedWorld([], false), there])
      assert.deepEqual((await click(world)).codes, []);
  });

  it('is not asked about where the zone is ours already, and was lost at the central (issue 13)', async () => {
    const world = await signedWorld([], false);
    assert.deepEqual((await click(world)).codes, []);
    await wait(world, minute);
    world.central.signed.add(parent);
    world.central.zones.delete(sub);
    world.otherWrote();
    assert.deepEqual((await click(world)).codes, []);
  });

  it('is made where nobody can say whether the zone above is signed; a defect is no such answer (issue 13)', async () => {
    const errors = [
      new CentralError('central.garbled', { state: 'untouched', retry: 'later' }),
      new Error('bug'),
    ];
    const codes: unknown[] = [];
    for (const error of errors) {
      const world = await signedWorld();
      world.wrap = (central) => {
        central.signing = async () => await Promise.reject(error);
        return central;
      };
      world.kill();
      await world.clock.runUntilSettled(world.start());
      await wait(world, minute);
      codes.push((await click(world)).codes);
    }
    assert.deepEqual(codes, [[], ['engine.defect']]);
  });

  it('waits for the delegation where it came with a site, or for an administrator', async () => {
    for (const way of ['delegated', 'allowed'] as const) {
      const world = await signedWorld();
      make(world);
      await world.clock.runUntilSettled(world.hint(sub));
      await wait(world, minute);
      assert.equal(world.central.zones.has(sub), false, way);
      assert.equal(await noteOf(world), 'note.signed-above');
      if (way === 'allowed') assert.equal((await pushed(world, sub)).kind, 'done');
      else {
        for (const side of [world.panel, world.central])
          side.zones.get(parent)?.set(recordId(delegation), delegation);
        engineOf(world).compare('all', 'test');
      }
      await wait(world, minute);
      assert.ok(world.central.zones.has(sub), way);
      assert.equal(await noteOf(world), null);
    }
  });
});
