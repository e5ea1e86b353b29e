/** Tests changes that the panel makes without a DNS event (docs/adoption.md, rows 22 to 25). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import { recordId } from '../../../dns/record.ts';
import { creates } from '../../operation.ts';
import {
  a,
  engineOf,
  given,
  held,
  historyOf,
  pushed,
  put,
  recordState,
  viewOf,
  zone,
} from '../../../testing/simulator/given.ts';

test('22: what comes into the panel without a DNS event is added by the comparison that follows', async () => {
  const world = await given({ panel: [], central: [] });
  world.panel.zones.get(zone)?.set(recordId(a('shop', 1)), a('shop', 1));
  await world.clock.runUntilSettled(world.hint(zone));
  await world.clock.runUntil(world.clock.now() + 10_000);
  assert.ok(held(world, 'central', a('shop', 1)));
  assert.equal(await recordState(world, a('shop', 1)), 'synced');
});

test('23: what goes from the panel without a DNS event goes at the central too, once two looks agree', async () => {
  const world = await given({ panel: [a('www', 1), a('ftp', 1)], central: [a('www', 1), a('ftp', 1)] });
  put(world, 'panel', [a('ftp', 1)]);
  await world.clock.runUntilSettled(world.hint(zone));
  await world.clock.runUntil(world.clock.now() + 3_000);
  assert.ok(held(world, 'central', a('www', 1)), 'one look is not enough');
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.equal(held(world, 'central', a('www', 1)), false);
  assert.equal(await recordState(world, a('www', 1)), undefined);
  const [newest] = await historyOf(world, 1);
  assert.deepEqual([newest?.class, newest?.source], ['follow', 'wwwdomain.edit']);
});

test('23: a value changed without a DNS event is changed at the central; a host names the zone it lies in', async () => {
  const world = await given({ panel: [a('www', 1), a('ftp', 1)], central: [a('www', 1), a('ftp', 1)] });
  put(world, 'panel', [a('www', 2), a('ftp', 1)]);
  await world.clock.runUntilSettled(world.hint(parseName('www', zone)));
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.ok(held(world, 'central', a('www', 2)) && !held(world, 'central', a('www', 1)));
  assert.equal(await recordState(world, a('www', 2)), 'synced');
});

test('23: what comes back before the second look stays', async () => {
  const world = await given({ panel: [a('www', 1), a('ftp', 1)], central: [a('www', 1), a('ftp', 1)] });
  put(world, 'panel', [a('ftp', 1)]);
  await world.clock.runUntilSettled(world.hint(zone));
  await world.clock.runUntil(world.clock.now() + 3_000);
  put(world, 'panel', [a('ftp', 1), a('www', 1)]);
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.ok(held(world, 'central', a('www', 1)));
  assert.equal(await recordState(world, a('www', 1)), 'synced');
});

test('23: what somebody changed at the central is listed, not removed', async () => {
  const world = await given({ panel: [a('www', 1), a('ftp', 1)], central: [a('www', 1), a('ftp', 1)] });
  put(world, 'panel', [a('ftp', 1)]);
  put(world, 'central', [a('www', 9), a('ftp', 1)]);
  await world.clock.runUntilSettled(world.hint(zone));
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.ok(held(world, 'central', a('www', 9)));
});

test('24: too much at once, or without anything that points to it, is listed until a person allows it', async () => {
  const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((host) => a(host, 1));
  const cases = [many.slice(0, 1), []];
  for (const left of cases) {
    const world = await given({ panel: many, central: many });
    put(world, 'panel', left);
    await world.clock.runUntilSettled(world.hint(zone));
    await world.clock.runUntil(world.clock.now() + 60_000);
    assert.equal(world.central.zones.get(zone)?.size, many.length + 1);
    assert.equal(await recordState(world, a('b', 1)), 'conflict');
  }
  const quiet = await given({ panel: many, central: many });
  put(quiet, 'panel', many.slice(1));
  engineOf(quiet).compare(zone, 'periodic');
  await quiet.clock.runUntil(quiet.clock.now() + 60_000);
  assert.ok(held(quiet, 'central', a('a', 1)));
  assert.equal(await recordState(quiet, a('a', 1)), 'conflict');
});

test('24: nothing left of a zone is all of it, also where the central lacks part of it by now', async () => {
  const both = [a('www', 1), a('ftp', 1), a('pop', 1)];
  const world = await given({ panel: both, central: both });
  put(world, 'panel', []);
  put(world, 'central', both.slice(1));
  await world.clock.runUntilSettled(world.hint(zone));
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.ok(held(world, 'central', a('ftp', 1)) && held(world, 'central', a('pop', 1)));
  assert.equal(await recordState(world, a('ftp', 1)), 'conflict');
});

test('24: the brakes begin with the fifth record, and above 30 % of ten or more', async () => {
  const hosts = Array.from({ length: 20 }, (_, at) => a(`h${at}`, 1));
  const cases = [
    { has: 20, lacks: 4, goes: true },
    { has: 20, lacks: 5, goes: false },
    { has: 10, lacks: 3, goes: true },
    { has: 10, lacks: 4, goes: false },
    { has: 9, lacks: 4, goes: true },
  ];
  for (const { has, lacks, goes } of cases) {
    const world = await given({ panel: hosts.slice(0, has), central: hosts.slice(0, has) });
    put(world, 'panel', hosts.slice(lacks, has));
    await world.clock.runUntilSettled(world.hint(zone));
    await world.clock.runUntil(world.clock.now() + 60_000);
    assert.equal(held(world, 'central', a('h0', 1)), !goes, `${lacks} of ${has}`);
  }
});

test('24: an operator may allow it for one zone', async () => {
  const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((host) => a(host, 1));
  const world = await given({ panel: many, central: many });
  put(world, 'panel', []);
  assert.equal((await pushed(world)).kind, 'done');
  await world.clock.runUntil(world.clock.now() + 60_000);
  assert.equal(held(world, 'central', a('a', 1)), false);
});

test('25: a zone that goes without a DNS event follows where the panel named it, otherwise it is listed', async () => {
  const named = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  named.panel.zones.delete(zone);
  await named.clock.runUntilSettled(named.hint(zone));
  await named.clock.runUntil(named.clock.now() + 60_000);
  assert.equal(named.central.zones.has(zone), false);
  const other = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  other.panel.zones.delete(zone);
  await other.clock.runUntilSettled(other.hint('all'));
  await other.clock.runUntil(other.clock.now() + 60_000);
  assert.ok(other.central.zones.has(zone));
  assert.equal((await viewOf(other, zone)).entry?.note, 'note.gone-from-panel');
});

test('25: what a function named is still followed when the first look failed while a lesser one was asked for', async () => {
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  world.panel.zones.delete(zone);
  world.panelFailing = true;
  world.applyOutages();
  await world.clock.runUntilSettled(world.hint(zone));
  await world.clock.runUntil(world.clock.now() + 202);
  engineOf(world).compare(zone, 'periodic');
  await world.clock.runUntil(world.clock.now() + 5_000);
  world.panelFailing = false;
  world.applyOutages();
  await world.clock.runUntil(world.clock.now() + 120_000);
  assert.equal(world.central.zones.has(zone), false);
});

test('25: a zone that comes without a DNS event is created by one operation, at the first try', async () => {
  const world = await given({ panel: [], central: [] });
  const other = parseName('other.example.');
  const record = { ...a('www', 1), name: parseName('www', other) };
  world.panel.zones.set(other, new Map([[recordId(record), record]]));
  await world.clock.runUntilSettled(world.hint(other));
  await world.clock.runUntil(world.clock.now() + 120_000);
  assert.ok(world.central.zones.get(other)?.has(recordId(record)));
  const made = creates(await historyOf(world, 10));
  assert.deepEqual(
    made.map(({ state }) => state),
    ['confirmed'],
  );
  const [create] = made;
  assert.ok(create !== undefined && create.snapshot.length > 0, 'what the create itself made is known');
});

test('issue 12.11: a list with a name that cannot be read proves no absence: a zone that seems gone is listed, not deleted', async () => {
  for (const names of [zone, 'all'] as const) {
    const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
    const { panel, clock } = world;
    const content = panel.zones.get(zone);
    assert.ok(content !== undefined);
    panel.zones.delete(zone);
    panel.unreadable.add('a..b');
    await clock.runUntilSettled(world.hint(names));
    await clock.runUntil(clock.now() + 60_000);
    assert.ok(world.central.zones.has(zone));
    const noted = await viewOf(world, zone);
    assert.deepEqual([noted.entry?.state, noted.entry?.note], ['synced', 'note.panel-list-unreadable']);
    panel.unreadable.clear();
    panel.zones.set(zone, content);
    engineOf(world).compare(zone, 'periodic');
    await clock.runUntil(clock.now() + 60_000);
    const back = await viewOf(world, zone);
    assert.deepEqual([back.entry?.state, back.entry?.note], ['synced', null]);
    panel.zones.delete(zone);
    await clock.runUntilSettled(world.hint(zone));
    await clock.runUntil(clock.now() + 60_000);
    assert.equal(world.central.zones.has(zone), false, 'gone from a list that can be read whole');
  }
});

test('issue 12.11: what an operator allows needs no list; a zone left alone is not forgotten by one that cannot be read', async () => {
  const synced = await given({ panel: [a('www', 1)], central: [a('www', 1)] });
  synced.panel.zones.delete(zone);
  synced.panel.unreadable.add('a..b');
  assert.equal((await pushed(synced)).kind, 'under-way');
  await synced.clock.runUntil(synced.clock.now() + 60_000);
  assert.equal(synced.central.zones.has(zone), false);
  const alone = await given({ panel: [a('www', 1)], central: null });
  const content = alone.panel.zones.get(zone);
  assert.ok(content !== undefined);
  alone.panel.zones.delete(zone);
  alone.panel.unreadable.add('a..b');
  await alone.clock.runUntilSettled(alone.hint(zone));
  await alone.clock.runUntil(alone.clock.now() + 60_000);
  const hidden = await viewOf(alone, zone);
  assert.deepEqual([hidden.entry?.state, hidden.entry?.note], ['panel-only', null], 'nobody has to act');
  alone.panel.unreadable.clear();
  alone.panel.zones.set(zone, content);
  await alone.clock.runUntilSettled(alone.hint(zone));
  await alone.clock.runUntil(alone.clock.now() + 60_000);
  assert.equal(alone.central.zones.has(zone), false, 'what was only in the panel stays so');
});
