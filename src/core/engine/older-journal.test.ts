/** Tests what the engine does with an older copy of its journal (docs/decisions/016-older-journals.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EditEvent, EditItem, Verdict } from '../panel.ts';
import { administrator, recordsEvent } from '../../testing/simulator/edits.ts';
import {
  a,
  engineOf,
  given,
  held,
  historyOf,
  put,
  recordState,
  statusOf,
  viewOf,
  zone,
  zoneState,
} from '../../testing/simulator/given.ts';
import type { MemoryJournal } from '../../testing/memory-journal.ts';
import type { World } from '../../testing/simulator/world.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Replaces the journal by the copy that was made last, as somebody does who restores a backup. */
async function putBack(world: World): Promise<void> {
  world.kill();
  assert.equal(world.sides[0]?.disk.putBack(), true);
  await world.clock.runUntilSettled(world.start());
}

function fileOf(world: World): MemoryJournal {
  const [side] = world.sides;
  assert.ok(side !== undefined);
  return side.disk.file;
}

function copy(world: World): void {
  world.sides[0]?.disk.backUp();
}

/** Makes a user's edit of records. The panel keeps it, unless `refuses` is true. */
async function edit(world: World, items: readonly EditItem[], refuses = false): Promise<Verdict> {
  const local = { refuses, takes: 10, afterLost: false, visibleAfter: 0 };
  const carryOut = (): boolean => {
    const records = [...(world.panel.zones.get(zone)?.values() ?? [])].filter(({ type }) => type !== 'NS');
    const gone = new Set(items.map(({ remove }) => remove?.rdata));
    put(world, 'panel', [
      ...records.filter(({ rdata }) => !gone.has(rdata)),
      ...items.flatMap(({ add }) => add ?? []),
    ]);
    return true;
  };
  const played = world.edit((stage) => recordsEvent(zone, items, stage), carryOut, local);
  return (await world.clock.runUntilSettled(played)).verdict;
}

const [one, two, three] = [a('www', 1), a('www', 2), a('mail', 3)];

test('issue 13, older journals: what both sides deleted since the copy was made does not come back', async () => {
  const world = await given({ panel: [one, three], central: [one, three] });
  copy(world);
  assert.equal((await edit(world, [{ remove: one, add: two }])).kind, 'accept');
  await world.clock.runUntil(world.clock.now() + minute);
  await putBack(world);
  await world.clock.runUntil(world.clock.now() + 2 * hour);
  assert.equal(held(world, 'central', one), false);
  assert.equal(held(world, 'central', two), true);
  assert.equal(await recordState(world, two), 'synced');
  assert.equal(await recordState(world, one), undefined);
  assert.deepEqual(await statusOf(world).then(({ open, stuck }) => [open, stuck]), [0, []]);
});

test('issue 13, older journals: what differs by then is listed, and neither side is changed', async () => {
  const world = await given({ panel: [one, three], central: [one, three] });
  copy(world);
  await edit(world, [{ remove: null, add: two }]);
  await world.clock.runUntil(world.clock.now() + minute);
  world.kill();
  put(world, 'panel', [one, a('new', 9)]);
  put(world, 'central', [three]);
  assert.equal(world.sides[0]?.disk.putBack(), true);
  await world.clock.runUntilSettled(world.start());
  await world.clock.runUntil(world.clock.now() + 2 * hour);
  assert.deepEqual(await Promise.all([one, a('new', 9), three].map((record) => recordState(world, record))), [
    'panel-only',
    'panel-only',
    'central-only',
  ]);
  assert.deepEqual([held(world, 'central', one), held(world, 'central', three)], [false, true]);
  assert.deepEqual([held(world, 'panel', one), held(world, 'panel', three)], [true, false]);
});

test('issue 13, older journals: edits are refused until the zone is compared', async () => {
  const world = await given({ panel: [one], central: [one] });
  copy(world);
  await edit(world, [{ remove: one, add: two }]);
  await world.clock.runUntil(world.clock.now() + minute);
  world.panelFailing = true;
  world.applyOutages();
  await putBack(world);
  const refused = await edit(world, [{ remove: two, add: three }]);
  assert.deepEqual(refused.kind === 'refuse' && refused.problems.map(({ code }) => code), [
    'zone.baseline-running',
  ]);
  world.panelFailing = false;
  world.applyOutages();
  await world.clock.runUntil(world.clock.now() + minute);
  assert.equal((await edit(world, [{ remove: two, add: three }])).kind, 'accept');
  assert.equal(held(world, 'central', three), true);
});

test('issue 13, older journals: an edit that the copy has open is stuck, blocks nothing, and ends when both sides agree', async () => {
  const world = await given({ panel: [one], central: [one] });
  await edit(world, [{ remove: null, add: two }], true);
  copy(world);
  await world.clock.runUntil(world.clock.now() + 5 * minute);
  assert.equal(held(world, 'central', two), false);
  world.panelFailing = true;
  world.applyOutages();
  await putBack(world);
  const [stuck] = (await statusOf(world)).stuck;
  assert.deepEqual(
    [stuck?.state, stuck?.problems.map(({ code }) => code), stuck?.watch],
    ['stuck', ['journal.forgotten'], null],
  );
  assert.deepEqual(stuck?.kind === 'records' && [stuck.added, stuck.removed], [[], []]);
  put(world, 'central', [one, two]);
  world.panelFailing = false;
  world.applyOutages();
  await world.clock.runUntil(world.clock.now() + 2 * hour);
  assert.equal((await statusOf(world)).stuck.length, 1);
  assert.equal(await recordState(world, two), 'central-only');
  assert.equal(held(world, 'central', two), true);
  assert.equal((await edit(world, [{ remove: null, add: two }])).kind, 'accept');
  await world.clock.runUntil(world.clock.now() + 2 * hour);
  const states = (await historyOf(world, 5)).map(({ state }) => state);
  assert.deepEqual(states, ['confirmed', 'confirmed']);
  assert.equal(await recordState(world, two), 'synced');
});

const zoneEvent =
  (kind: 'zone-create' | 'zone-delete') =>
  (stage: 'before' | 'after'): EditEvent => {
    const plain = { stage, zone, fingerprint: kind, actor: administrator, echo: null } as const;
    if (kind === 'zone-delete') return { ...plain, kind };
    return { ...plain, kind, seed: { addresses: [], nameServers: [], mailServers: [] } };
  };

test('issue 13, older journals: a delete that the copy has open is not sent, and the zone is listed', async () => {
  const world = await given({ panel: [one], central: [one] });
  world.centralDown = true;
  world.applyOutages();
  const local = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };
  const carryOut = (): boolean => world.panel.zones.delete(zone);
  await world.clock.runUntilSettled(world.edit(zoneEvent('zone-delete'), carryOut, local));
  copy(world);
  await world.clock.runUntil(world.clock.now() + 5 * minute);
  await putBack(world);
  world.centralDown = false;
  world.applyOutages();
  await world.clock.runUntil(world.clock.now() + 2 * hour);
  assert.ok(world.central.zones.has(zone));
  assert.deepEqual(
    (await statusOf(world)).stuck.map(({ kind }) => kind),
    ['zone-delete'],
  );
  put(world, 'central', null);
  await world.clock.runUntil(world.clock.now() + 2 * hour);
  assert.deepEqual((await statusOf(world)).stuck, []);
  assert.equal((await historyOf(world, 1))[0]?.state, 'confirmed');
});

test('issue 13, older journals: a create that the copy has open ends when both sides have the zone', async () => {
  const world = await given({ panel: null, central: null });
  const local = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };
  const carryOut = (): boolean => {
    put(world, 'panel', [one]);
    return true;
  };
  world.panelFailing = true;
  world.applyOutages();
  await world.clock.runUntilSettled(world.edit(zoneEvent('zone-create'), carryOut, local));
  copy(world);
  await world.clock.runUntil(world.clock.now() + minute);
  await engineOf(world).remember('something', 'later');
  await putBack(world);
  put(world, 'panel', [one, a('other', 4)]);
  world.panelFailing = false;
  world.applyOutages();
  await world.clock.runUntil(world.clock.now() + hour);
  assert.equal((await historyOf(world, 1))[0]?.state, 'confirmed');
  assert.equal(await zoneState(world), 'synced');
  assert.equal(await recordState(world, a('other', 4)), 'panel-only');
  assert.equal(held(world, 'central', a('other', 4)), false);
});

test('issue 13, older journals: a zone that only the central has since is listed, and joined when it comes back', async () => {
  const world = await given({ panel: [one], central: [one] });
  copy(world);
  await edit(world, [{ remove: one, add: two }]);
  await world.clock.runUntil(world.clock.now() + minute);
  world.kill();
  put(world, 'panel', null);
  assert.equal(world.sides[0]?.disk.putBack(), true);
  await world.clock.runUntilSettled(world.start());
  await world.clock.runUntil(world.clock.now() + 2 * hour);
  const [left] = (await statusOf(world)).stuck;
  assert.deepEqual([left?.zone, left?.problems], [zone, [{ code: 'journal.zone-left', params: { zone } }]]);
  assert.ok(held(world, 'central', two));
  put(world, 'panel', [two, three]);
  await world.clock.runUntil(world.clock.now() + 2 * hour);
  assert.deepEqual((await statusOf(world)).stuck, []);
  assert.deepEqual(
    [await recordState(world, two), await recordState(world, three)],
    ['synced', 'panel-only'],
  );
});

test('issue 14, older journals: what vanishes in the panel after the new baseline is listed, although the copy knew of a delete that was given up', async () => {
  const world = await given({ panel: [one, two, three], central: [one, two, three] });
  await fileOf(world).commit({ facts: { [`follow-due ${zone}`]: String(world.clock.wall()) } });
  copy(world);
  await edit(world, [{ remove: null, add: a('new', 9) }]);
  await world.clock.runUntil(world.clock.now() + minute);
  await putBack(world);
  await world.clock.runUntil(world.clock.now() + minute);
  assert.equal(await recordState(world, three), 'synced');
  put(world, 'panel', [one, two, a('new', 9)]);
  await world.clock.runUntil(world.clock.now() + 2 * hour);
  assert.equal(await recordState(world, three), 'conflict');
  assert.equal(held(world, 'central', three), true);
});

test('issue 13, older journals: owners are forgotten, and read again', async () => {
  const world = await given({ panel: [one], central: [one] });
  copy(world);
  await edit(world, [{ remove: one, add: two }]);
  world.panelFailing = true;
  world.applyOutages();
  await putBack(world);
  assert.equal(engineOf(world).live.owners.zones, 0);
  world.panelFailing = false;
  world.applyOutages();
  await world.clock.runUntil(world.clock.now() + minute);
  assert.equal(engineOf(world).live.owners.zones, 1);
  assert.equal((await viewOf(world, zone)).entry?.state, 'synced');
});
