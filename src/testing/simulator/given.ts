import { approvalOf, type ZoneResult } from '../../core/zone-plan.ts';
import assert from 'node:assert/strict';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import {
  journalStatus,
  zoneView,
  type JournalStatus,
  type ZoneView,
} from '../../app/answers/journal-status.ts';
import type { Engine } from '../../core/engine/engine.ts';
import type { Journal } from '../../core/journal.ts';
import type { Operation } from '../../core/operation.ts';
import { MemoryJournal } from '../memory-journal.ts';
import { Random } from './random.ts';
import { World } from './world.ts';

/** The zone that tests of single rules use. */
export const zone = parseName('example.org.');

/** Makes an A record of `zone`. @param last the last part of the address, which begins with `192.0.2.` */
export function a(host: string, last: number): ResourceRecord {
  return makeRecord({ name: host, type: 'A', rdata: `192.0.2.${last}` }, zone);
}

export const apex = makeRecord({ name: '@', type: 'NS', rdata: 'ns1.example.net.' }, zone);

interface Sides {
  readonly panel: readonly ResourceRecord[] | null;
  readonly central: readonly ResourceRecord[] | null;
}

/**
 * Makes a world in which the sides have these records in `zone`, and the engine has made its first
 * comparison.
 * @param prepare changes the world before its engine starts
 */
export async function given(
  { panel, central }: Sides,
  prepare: (world: World) => void = () => undefined,
  journal = new MemoryJournal(),
): Promise<World> {
  const world = new World(journal, new Random(1));
  prepare(world);
  put(world, 'panel', panel);
  put(world, 'central', central);
  await world.clock.runUntilSettled(world.start());
  await world.clock.runUntil(world.clock.now() + 5_000);
  return world;
}

/** Gives a side exactly these records in `zone`, and the apex NS record; null: removes the zone. */
export function put(
  world: World,
  side: 'panel' | 'central',
  records: readonly ResourceRecord[] | null,
): void {
  if (records === null) world[side].zones.delete(zone);
  else world[side].zones.set(zone, new Map([apex, ...records].map((one) => [recordId(one), one])));
}

export function held(world: World, side: 'panel' | 'central', record: ResourceRecord): boolean {
  return world[side].zones.get(zone)?.has(recordId(record)) ?? false;
}

export async function recordState(world: World, record: ResourceRecord): Promise<string | undefined> {
  const { rows } = await viewOf(world, zone);
  return rows.find((row) => recordId(row.record) === recordId(record))?.state;
}

export async function zoneState(world: World): Promise<string | undefined> {
  return (await viewOf(world, zone)).entry?.state;
}

/** The running engine. @throws AssertionError when none is running */
export function engineOf(world: World): Engine {
  assert.ok(world.engine !== null);
  return world.engine;
}

/** Reads a zone's data in the journal of the first central. Needs a running engine. */
export async function viewOf(world: World, of: DnsName): Promise<ZoneView> {
  return await world.clock.runUntilSettled(zoneView(journalOf(world), of, world.clock.wall()));
}

/** Reads the newest operations from the journal of the first central, newest first. */
export async function historyOf(world: World, latest: number): Promise<readonly Operation[]> {
  return await world.clock.runUntilSettled(journalOf(world).operations({ latest }));
}

/** Pushes a zone like `push --delete`, with everything allowed that an operator can allow. */
export async function pushed(world: World, of: DnsName = zone): Promise<ZoneResult> {
  const [engine, { clock }] = [engineOf(world), world];
  const plan = await clock.runUntilSettled(engine.plan(of, { direction: 'push', removes: true }));
  const consent = { force: 'it is a test', despiteDnssec: true };
  return await clock.runUntilSettled(engine.apply({ ...approvalOf(plan), ...consent }));
}

export async function statusOf(world: World): Promise<JournalStatus> {
  return await world.clock.runUntilSettled(journalStatus(journalOf(world), world.clock.wall()));
}

export function journalOf({ journals: [journal] }: World): Journal {
  assert.ok(journal !== undefined);
  return journal;
}
