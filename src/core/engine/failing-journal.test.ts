/**
 * Tests that the engine survives each failing call of the journal, and a journal that fails for some time
 * (issue 13).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { a, given, recordState, viewOf, zone } from '../../testing/simulator/given.ts';
import { Random } from '../../testing/simulator/random.ts';
import { SimCentral } from '../../testing/simulator/sim-central.ts';
import {
  JournalDisk,
  mortalJournal,
  type JournalCall,
  type JournalFault,
} from '../../testing/simulator/sim-journal.ts';
import { SimPanel } from '../../testing/simulator/sim-panel.ts';
import { administrator, recordsEvent } from '../../testing/simulator/edits.ts';
import { defaultRecords } from '../../testing/simulator/new-zones.ts';
import type { LocalPart, World } from '../../testing/simulator/world.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { isFinal } from '../operation.ts';
import type { EditEvent, Verdict } from '../panel.ts';
import { Engine } from './engine.ts';
import { defaultEngineSettings } from './settings.ts';

const minute = 60_000;
const smoothly: LocalPart = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };
const old = a('www', 1);
const wanted = a('www', 2);

async function wait(world: World, ms: number): Promise<void> {
  await world.clock.runUntil(world.clock.now() + ms);
}

function zoneEvent(kind: 'zone-create' | 'zone-delete'): (stage: 'before' | 'after') => EditEvent {
  return (stage) => {
    const base = { stage, zone, fingerprint: kind, actor: administrator, echo: null };
    return kind === 'zone-delete'
      ? { ...base, kind }
      : { ...base, kind, seed: { addresses: [], nameServers: [], mailServers: [] } };
  };
}

/**
 * A story to play while the journal fails. `run` returns the verdict of `before`; null: `before` was not
 * answered.
 */
interface Play {
  readonly panel: readonly ResourceRecord[] | null;
  readonly central: readonly ResourceRecord[] | null;
  readonly run: (world: World) => Promise<Verdict | null>;
}

function changeRecord(world: World): boolean {
  const records = world.panel.zones.get(zone);
  records?.delete(recordId(old));
  records?.set(recordId(wanted), wanted);
  return true;
}

function makeZone(world: World): boolean {
  const records = defaultRecords(zone, 'panel').map((one): [string, ResourceRecord] => [recordId(one), one]);
  world.panel.zones.set(zone, new Map(records));
  return true;
}

async function verdictOf(editing: ReturnType<World['edit']>): Promise<Verdict> {
  return (await editing).verdict;
}

const change = (stage: 'before' | 'after'): EditEvent =>
  recordsEvent(zone, [{ remove: old, add: wanted }], stage);

const plays: Readonly<Record<string, Play>> = {
  'an edit': {
    panel: [old],
    central: [old],
    run: (world) => verdictOf(world.edit(change, () => changeRecord(world), smoothly)),
  },
  'an edit that the panel refuses': {
    panel: [old],
    central: [old],
    run: (world) => verdictOf(world.edit(change, () => false, smoothly)),
  },
  'an edit that the panel keeps after our patience': {
    panel: [old],
    central: [old],
    run: (world) => verdictOf(world.edit(change, () => changeRecord(world), { ...smoothly, takes: 20_000 })),
  },
  'an edit that the panel keeps after our patience, and whose after is lost': {
    panel: [old],
    central: [old],
    run: (world) =>
      verdictOf(
        world.edit(change, () => changeRecord(world), { ...smoothly, takes: 20_000, afterLost: true }),
      ),
  },
  'an edit whose answer is lost': {
    panel: [old],
    central: [old],
    run: (world) => {
      let faults = 1;
      world.chooseFault = () => (faults-- > 0 ? 'lost-answer' : null);
      return verdictOf(world.edit(change, () => changeRecord(world), smoothly));
    },
  },
  'a create': {
    panel: null,
    central: null,
    run: (world) => verdictOf(world.edit(zoneEvent('zone-create'), () => makeZone(world), smoothly)),
  },
  'a create that the panel refuses': {
    panel: null,
    central: null,
    run: (world) => verdictOf(world.edit(zoneEvent('zone-create'), () => false, smoothly)),
  },
  'a delete': {
    panel: [old],
    central: [old],
    run: (world) =>
      verdictOf(world.edit(zoneEvent('zone-delete'), () => world.panel.zones.delete(zone), smoothly)),
  },
  'a zone without an event': {
    panel: null,
    central: null,
    run: async (world) => {
      makeZone(world);
      await world.hint(zone);
      return null;
    },
  },
  'a start after a kill in an edit': {
    panel: [old],
    central: [old],
    run: async (world) => {
      void world.edit(change, () => changeRecord(world), smoothly);
      await world.clock.sleep(200);
      world.kill();
      await world.clock.sleep(1_000);
      await world.start();
      return null;
    },
  },
};

function contents(world: World, side: 'panel' | 'central'): string[] | null {
  const records = world[side].zones.get(zone);
  return records === undefined ? null : [...records.keys()].sort();
}

/** Plays one story. @returns the faults at the end */
async function outcome(
  { panel, central, run }: Play,
  fails: (call: JournalCall, number: number) => JournalFault | null,
): Promise<{ readonly calls: number; readonly wrong: readonly string[] }> {
  const world = await given({ panel, central });
  await wait(world, minute);
  const wrong: string[] = [];
  let calls = 0;
  world.chooseJournalFault = (call) => fails(call, (calls += 1));
  const before = contents(world, 'central');
  const running = run(world).then((verdict) => {
    const isUntrue = verdict?.kind === 'refuse' && verdict.changed === 'nothing';
    if (isUntrue && JSON.stringify(contents(world, 'central')) !== JSON.stringify(before))
      wrong.push('"nothing was changed", and the central was');
  });
  await wait(world, 2 * minute);
  world.chooseJournalFault = () => null;
  await world.clock.runUntilSettled(running);
  await wait(world, 30 * minute);
  wrong.push(...world.defects);
  if (world.engine === null) return { calls, wrong: [...wrong, 'no engine runs'] };
  return { calls, wrong: [...wrong, ...(await differences(world)), ...(await comparison(world))] };
}

/**
 * Records that differ between the sides, and open operations. Empty if the zone is listed for an
 * administrator.
 */
async function differences(world: World): Promise<string[]> {
  const { entry, rows, open } = await viewOf(world, zone);
  if (open.some(({ state }) => state === 'stuck')) return [];
  const here = contents(world, 'panel');
  const there = contents(world, 'central');
  const wrong: string[] = [];
  if (JSON.stringify(here) !== JSON.stringify(there))
    wrong.push(`the panel has ${JSON.stringify(here)}, the central ${JSON.stringify(there)}`);
  if (here !== null && entry?.state !== 'synced') wrong.push(`the zone is ${entry?.state ?? 'unknown'}`);
  const left = rows.filter(({ state }) => state !== 'synced');
  wrong.push(...left.map(({ record, state }) => `${state}: ${recordId(record)}`));
  wrong.push(
    ...open.filter(({ state }) => !isFinal(state)).map(({ kind, state }) => `open: ${kind} ${state}`),
  );
  return wrong;
}

/**
 * Checks that the hourly comparison still syncs a record that both sides have. @returns the faults; empty:
 * there is none
 */
async function comparison(world: World): Promise<string[]> {
  const records = [world.panel.zones.get(zone), world.central.zones.get(zone)];
  if (records.includes(undefined)) return [];
  const extra = a('later', 1);
  for (const side of records) side?.set(recordId(extra), extra);
  await wait(world, 130 * minute);
  return (await recordState(world, extra)) === 'synced' ? [] : ['no comparison comes any more'];
}

for (const [name, play] of Object.entries(plays))
  for (const [how, lasts] of [
    ['one call', 1],
    ['ten calls', 10],
  ] as const)
    test(`issue 13: ${name}, while ${how} of the journal fail`, async () => {
      const found: string[] = [];
      const { calls } = await outcome(play, () => null);
      for (let first = 1; first <= calls; first += 1) {
        const { wrong } = await outcome(play, (_, number) =>
          number >= first && number < first + lasts ? 'unreadable' : null,
        );
        found.push(...wrong.map((text) => `from call ${first} on: ${text}`));
      }
      assert.deepEqual(found, []);
    });

test('issue 13: a journal that takes no commit for minutes loses nothing', async () => {
  for (const [name, play] of Object.entries(plays)) {
    for (const fault of ['reserve-gone', 'unsynced', 'busy', 'read-error'] as const) {
      const { wrong } = await outcome(play, () => fault);
      assert.deepEqual(wrong, [], `${name}, ${fault}`);
    }
  }
});

test('issue 13: an engine whose start fails does nothing any more', async () => {
  const world = await given({ panel: [old], central: [old] });
  void world.edit(change, () => changeRecord(world), smoothly);
  await wait(world, 200);
  const file = world.sides[0]?.disk.file;
  assert.ok(file !== undefined);
  world.kill();
  for (let failing = 1, failed = true; failed; failing += 1) {
    const clock = new VirtualClock(world.clock.wall());
    const life = { dead: false };
    const disk = new JournalDisk(file.copy());
    let calls = 0;
    disk.nextFault = () => ((calls += 1) === failing ? 'unreadable' : null);
    const chances = new Random(1);
    const engine = new Engine({
      panel: new SimPanel(world.panel, clock, chances, life),
      central: new SimCentral(world.central, clock, chances, life, false),
      journal: mortalJournal(disk, disk.file, life, clock),
      clock,
      log: () => undefined,
      random: () => 0.5,
      settings: defaultEngineSettings,
    });
    failed = await clock.runUntilSettled(
      engine.start().then(
        () => false,
        () => true,
      ),
    );
    const then = calls;
    await clock.runUntil(clock.now() + 10 * minute);
    if (failed) assert.equal(calls, then, `call ${failing}`);
    else await clock.runUntilSettled(engine.stop());
  }
});
