/**
 * Tests zones that the central signs: records that the signing server makes, and the delete of a zone, which
 * the user has to repeat (docs/adoption.md, rows 21, 26, 27).
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseName, type DnsName } from '../../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { sampleDelete } from '../../../testing/contracts/journal.ts';
import {
  a,
  engineOf,
  given,
  held,
  historyOf,
  pushed,
  put,
  recordState,
  statusOf,
  viewOf,
  zone,
} from '../../../testing/simulator/given.ts';
import { recordsEvent } from '../../../testing/simulator/edits.ts';
import type { World } from '../../../testing/simulator/world.ts';
import { edits } from '../../operation.ts';
import type { EditEvent, Verdict } from '../../panel.ts';
import { waitsForYes } from './signed-delete.ts';

const second = 1_000;
const minute = 60 * second;
const smoothly = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };
const other = parseName('example.net.');

function deleteOf(of: DnsName, actor = 'alice'): (stage: 'before' | 'after') => EditEvent {
  return (stage) => ({
    kind: 'zone-delete',
    stage,
    zone: of,
    fingerprint: `delete ${of}`,
    actor: { name: actor, rank: 'administrator' },
    echo: null,
  });
}

/** A world in which both sides have a zone that the central signs. */
async function signedWorld(records: readonly ResourceRecord[] = [a('www', 1)]): Promise<World> {
  const world = await given({ panel: records, central: records });
  world.central.signed.add(zone);
  return world;
}

/** Deletes the zone in the panel once, then waits a second. @returns codes of the refusal */
async function click(world: World, actor = 'alice'): Promise<string[]> {
  const event = deleteOf(zone, actor);
  const carryOut = (): boolean => world.panel.zones.delete(zone);
  const { verdict } = await world.clock.runUntilSettled(world.edit(event, carryOut, smoothly));
  await wait(world, second);
  return codesOf(verdict);
}

function codesOf(verdict: Verdict): string[] {
  return verdict.kind === 'accept' ? [] : verdict.problems.map(({ code }) => code);
}

async function wait(world: World, ms: number): Promise<void> {
  await world.clock.runUntil(world.clock.now() + ms);
}

function setDown(world: World, down: boolean): void {
  world.centralDown = down;
  world.applyOutages();
}

async function stuckCodes(world: World): Promise<(string | undefined)[]> {
  const { stuck } = await statusOf(world);
  return stuck.map(({ problems }) => problems[0]?.code);
}

async function noteOf(world: World): Promise<string | null | undefined> {
  return (await viewOf(world, zone)).entry?.note;
}

const refused = ['zone.signed-delete'];

describe('26: deleting a zone that the central signs', () => {
  it('is refused once, and done when it is repeated, whoever does it', async () => {
    const world = await signedWorld();
    assert.deepEqual(await click(world), refused);
    assert.ok(world.panel.zones.has(zone) && world.central.zones.has(zone));
    await wait(world, 10 * minute);
    assert.deepEqual(await click(world, 'bob'), []);
    await wait(world, minute);
    assert.equal(world.central.zones.has(zone), false);
  });

  it('is refused again where one click asks more than once', async () => {
    const world = await signedWorld();
    assert.deepEqual(await click(world), refused);
    assert.deepEqual(await click(world), refused);
    await wait(world, 2 * second);
    assert.deepEqual(await click(world), []);
  });

  it('is asked about anew after a quarter of an hour, and in a later zone of that name', async () => {
    const world = await signedWorld();
    assert.deepEqual(await click(world), refused);
    await wait(world, 15 * minute);
    assert.deepEqual(await click(world), refused);
    await wait(world, 5 * second);
    assert.deepEqual(await click(world), []);
    await wait(world, minute);
    assert.equal(world.central.zones.has(zone), false);
    put(world, 'panel', [a('www', 1)]);
    put(world, 'central', [a('www', 1)]);
    engineOf(world).compare(zone, 'test');
    await wait(world, 5 * second);
    assert.deepEqual(await click(world), refused);
  });

  it('is remembered by an agent that was killed in between', async () => {
    const world = await signedWorld();
    assert.deepEqual(await click(world), refused);
    world.kill();
    await world.clock.runUntilSettled(world.start());
    await wait(world, minute);
    assert.deepEqual(await click(world), []);
    await wait(world, minute);
    assert.equal(world.central.zones.has(zone), false);
  });

  it('is asked about for all zones of a call at once, and none of them is deleted', async () => {
    const world = await signedWorld();
    const unsigned = parseName('example.com.');
    for (const one of [other, unsigned]) {
      for (const side of [world.panel, world.central]) side.zones.set(one, new Map());
    }
    world.central.signed.add(other);
    engineOf(world).compare('all', 'test');
    await wait(world, 10 * second);
    const zones = [unsigned, zone, other];
    const deletes = zones.map((one) => deleteOf(one)('before'));
    const answer = async (): Promise<Verdict> =>
      await world.clock.runUntilSettled(
        engineOf(world).answer({ kind: 'edits', edits: deletes }, new AbortController().signal),
      );
    const verdict = await answer();
    assert.deepEqual(codesOf(verdict), [...refused, ...refused]);
    assert.ok(verdict.kind === 'refuse' && verdict.changed === 'nothing');
    await wait(world, minute);
    const { open } = await viewOf(world, unsigned);
    assert.deepEqual(open, []);
    assert.deepEqual(codesOf(await answer()), []);
  });

  it('is no question where zones are the provider’s: it stays there', async () => {
    const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
    world.central.signed.add(zone);
    world.central.managesZones = false;
    world.kill();
    await world.clock.runUntilSettled(world.start());
    await wait(world, minute);
    assert.deepEqual(await click(world), []);
    await wait(world, minute);
    assert.ok(world.central.zones.has(zone));
    assert.deepEqual(await stuckCodes(world), []);
  });
});

describe('26: a delete that could not be asked about, as the central did not answer', () => {
  async function deletedMeanwhile(): Promise<World> {
    const world = await signedWorld();
    setDown(world, true);
    assert.deepEqual(await click(world), []);
    setDown(world, false);
    await wait(world, 3 * minute);
    return world;
  }

  it('waits for a person, who may allow it', async () => {
    const world = await deletedMeanwhile();
    assert.ok(world.central.zones.has(zone));
    assert.deepEqual(await stuckCodes(world), ['zone.signed-waiting']);
    engineOf(world).compare(zone, 'asked');
    await wait(world, minute);
    assert.deepEqual(await stuckCodes(world), ['zone.signed-waiting']);
    assert.equal((await pushed(world)).kind, 'under-way');
    await wait(world, minute);
    assert.equal(world.central.zones.has(zone), false);
    assert.deepEqual(await stuckCodes(world), []);
  });

  it('ends when the panel has the zone again, or the central has it no longer', async () => {
    const back = await deletedMeanwhile();
    put(back, 'panel', [a('www', 1)]);
    engineOf(back).compare('all', 'asked');
    await wait(back, minute);
    assert.deepEqual(await stuckCodes(back), []);
    assert.ok(held(back, 'central', a('www', 1)));
    assert.equal(await recordState(back, a('www', 1)), 'synced');
    const gone = await deletedMeanwhile();
    gone.central.zones.delete(zone);
    engineOf(gone).compare('all', 'asked');
    await wait(gone, minute);
    assert.deepEqual(await stuckCodes(gone), []);
  });

  it('goes through when it was the second', async () => {
    const world = await signedWorld();
    assert.deepEqual(await click(world), refused);
    setDown(world, true);
    await wait(world, minute);
    assert.deepEqual(await click(world), []);
    await wait(world, minute);
    setDown(world, false);
    await wait(world, 3 * minute);
    assert.equal(world.central.zones.has(zone), false);
  });
});

describe('issue 13: whether a delete waits for a yes', () => {
  const waiting = { code: 'zone.signed-waiting', params: {} };
  const changed = { code: 'zone.changed-at-central', params: {} };
  for (const [what, problems, state, waits] of [
    ['only that', [waiting], 'stuck', true],
    ['that beside something else', [changed, waiting], 'stuck', true],
    ['something else', [changed], 'stuck', false],
    ['nothing that is known', [], 'stuck', false],
    ['that, until it ended', [waiting], 'reverted', false],
  ] as const) {
    it(`where it is stuck for ${what}: ${waits}`, () => {
      assert.equal(waitsForYes(sampleDelete('a', { state, problems })), waits);
    });
  }
});

describe('27: a signed zone that goes without a DNS event', () => {
  it('is listed even where the panel named it, until a person allows it', async () => {
    const world = await signedWorld();
    world.panel.zones.delete(zone);
    await world.clock.runUntilSettled(world.hint(zone));
    await wait(world, minute);
    assert.ok(world.central.zones.has(zone));
    assert.equal(await noteOf(world), 'note.gone-signed');
    assert.equal((await pushed(world)).kind, 'under-way');
    await wait(world, minute);
    assert.equal(world.central.zones.has(zone), false);
    assert.deepEqual(await stuckCodes(world), []);
  });

  it('waits for a person where it is signed only when the delete goes out, whatever was said in the panel before', async () => {
    const world = await signedWorld();
    assert.deepEqual(await click(world), refused);
    world.central.signed.delete(zone);
    await wait(world, 5 * second);
    world.panel.zones.delete(zone);
    await world.clock.runUntilSettled(world.hint(zone));
    await wait(world, second);
    world.central.signed.add(zone);
    await wait(world, minute);
    assert.ok(world.central.zones.has(zone));
    assert.deepEqual(await stuckCodes(world), ['zone.signed-waiting']);
  });

  it('is left alone while it cannot be found out', async () => {
    const world = await signedWorld();
    world.panel.zones.delete(zone);
    setDown(world, true);
    await world.clock.runUntilSettled(world.hint(zone));
    await wait(world, minute);
    setDown(world, false);
    await wait(world, 2 * minute);
    assert.ok(world.central.zones.has(zone));
    assert.equal(await noteOf(world), 'note.gone-signed');
  });
});

describe('21: what signs a zone', () => {
  const key = String.raw`\# 8 01010308 0a0b0c0d`;
  const made = ['RRSIG', 'NSEC', 'NSEC3', 'NSEC3PARAM', 'DNSKEY', 'CDS', 'CDNSKEY', 'TYPE65534'].map(
    (type): ResourceRecord => ({ name: zone, type, ttl: null, rdata: String.raw`\# 1 00` }),
  );
  const ds = makeRecord({ name: 'sub', type: 'DS', rdata: `1 13 2 ${'ab'.repeat(32)}` }, zone);

  it('is on no list, whichever side has it; a DS is data', async () => {
    const world = await given({ panel: [a('www', 1)], central: [a('www', 1), ...made, ds] });
    const { rows } = await viewOf(world, zone);
    assert.deepEqual(rows.map(({ record }) => recordId(record)).toSorted(), [
      recordId(ds),
      recordId(a('www', 1)),
    ]);
    const turned = await given({ panel: [a('www', 1), ...made], central: [a('www', 1)] });
    const view = await viewOf(turned, zone);
    assert.equal(view.rows.length, 1);
  });

  it('passes in the panel only when somebody edits it there, with a note', async () => {
    const world = await signedWorld();
    const add = makeRecord({ name: '@', type: 'DNSKEY', rdata: key }, zone);
    const items = [{ remove: null, add }];
    const carryOut = (): boolean => {
      world.panel.zones.get(zone)?.set(recordId(add), add);
      return true;
    };
    const { verdict } = await world.clock.runUntilSettled(
      world.edit((stage) => recordsEvent(zone, items, stage), carryOut, smoothly),
    );
    await wait(world, minute);
    assert.equal(verdict.kind, 'accept');
    assert.equal(held(world, 'central', add), false);
    assert.equal(await recordState(world, add), undefined);
    const [newest] = edits(await historyOf(world, 1));
    assert.deepEqual([newest?.state, newest?.items[0]?.note], ['confirmed', 'note.signers-own']);
  });

  it('does not keep a deleted zone from going at the central', async () => {
    const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
    put(world, 'central', [a('www', 1), ...made]);
    assert.deepEqual(await click(world), []);
    await wait(world, minute);
    assert.equal(world.central.zones.has(zone), false);
  });
});
