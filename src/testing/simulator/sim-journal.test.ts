/** Issue 13: tests how a journal with a faulty disk fails, and what it contains afterwards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JournalError, type Journal } from '../../core/journal.ts';
import { olderFact } from '../../core/journal-doubts.ts';
import { MemoryJournal } from '../memory-journal.ts';
import { journalContract, sampleOperation, sampleRow } from '../contracts/journal.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { a, engineOf, given, statusOf, zone } from './given.ts';
import type { Life } from './life.ts';
import { JournalDisk, mortalJournal, type JournalFault } from './sim-journal.ts';
import { recordsEvent } from './edits.ts';
import type { World } from './world.ts';

journalContract('simulated', () => {
  const disk = new JournalDisk(new MemoryJournal());
  return Promise.resolve(mortalJournal(disk, disk.file, { dead: false }, new VirtualClock()));
});

interface Scene {
  readonly disk: JournalDisk;
  readonly journal: Journal;
  readonly clock: VirtualClock;
  readonly life: Life;
}

function scene(): Scene {
  const disk = new JournalDisk(new MemoryJournal());
  const clock = new VirtualClock();
  const life: Life = { dead: false };
  return { disk, clock, life, journal: mortalJournal(disk, disk.file, life, clock) };
}

/** The outcome of a call to a journal: `ok`, the code of its error, or `never` if it does not settle. */
async function outcome(clock: VirtualClock, call: Promise<unknown>): Promise<string> {
  const said = { text: 'never' };
  const known = call.then(
    () => (said.text = 'ok'),
    (error: unknown) => (said.text = error instanceof JournalError ? error.code : String(error)),
  );
  void known;
  await clock.runUntil(clock.now() + 60_000);
  return said.text;
}

const fresh = { operations: [sampleOperation('1')] };
const further = { facts: { something: 'x' } };

test('issue 13: each fault fails the calls that SQLite would fail, with its code, and leaves nothing', async () => {
  const found: Record<string, string[]> = {};
  const faults = ['full', 'reserve-gone', 'read-only', 'busy', 'unreadable', 'read-error'] as const;
  for (const fault of faults) {
    const { disk, journal, clock } = scene();
    disk.trouble = fault satisfies JournalFault;
    found[fault] = [
      await outcome(clock, journal.commit(fresh)),
      await outcome(clock, journal.commit(further)),
      await outcome(clock, journal.zones()),
    ];
    disk.trouble = null;
    assert.equal(await journal.operation('1'), null);
  }
  assert.deepEqual(found, {
    full: ['journal.disk-full', 'ok', 'ok'],
    'reserve-gone': ['journal.disk-full', 'journal.disk-full', 'ok'],
    'read-only': ['journal.write-failed', 'journal.write-failed', 'ok'],
    busy: ['journal.locked', 'journal.locked', 'ok'],
    unreadable: ['journal.unreadable', 'journal.unreadable', 'journal.unreadable'],
    'read-error': ['journal.write-failed', 'journal.write-failed', 'journal.write-failed'],
  });
});

test('issue 13: a commit whose sync failed comes back after a kill, unless another commit came after it', async () => {
  for (const overwritten of [false, true]) {
    const { disk, journal, clock } = scene();
    disk.nextFault = () => 'unsynced';
    assert.equal(await outcome(clock, journal.commit(fresh)), 'journal.write-failed');
    disk.nextFault = () => null;
    assert.equal(await journal.operation('1'), null);
    if (overwritten) await journal.commit(further);
    await disk.recover(clock);
    assert.equal((await disk.file.operation('1'))?.id, overwritten ? undefined : '1');
  }
});

test('issue 13: a power cut in a commit ends the life of its caller, and the commit is there or not', async () => {
  for (const cut of ['cut-before', 'cut-after'] as const) {
    const { disk, journal, clock, life } = scene();
    disk.cutPower = () => {
      life.dead = true;
    };
    disk.nextFault = () => cut;
    assert.equal(await outcome(clock, journal.commit(fresh)), 'never');
    assert.equal(await outcome(clock, journal.zones()), 'never');
    assert.equal((await disk.file.operation('1'))?.id, cut === 'cut-after' ? '1' : undefined);
  }
});

test('issue 13: rows of some names only are asked for as such', async () => {
  const { journal } = scene();
  await journal.commit({ rows: [{ zone, put: [sampleRow(1)] }] });
  assert.equal((await journal.rows(zone, [sampleRow(1).record.name])).length, 1);
  assert.equal((await journal.rows(zone, [zone])).length, 0);
});

test('issue 13: a copy that is put back knows nothing of what came after it', async () => {
  const { disk, journal, clock, life } = scene();
  await journal.commit(fresh);
  disk.backUp();
  await journal.commit(further);
  life.dead = true;
  assert.equal(disk.putBack(), true);
  await disk.recover(clock);
  const reopened = mortalJournal(disk, disk.file, { dead: false }, clock);
  assert.deepEqual([(await reopened.operation('1'))?.id, await reopened.fact('something')], ['1', null]);
  assert.equal(await reopened.fact(olderFact), String(clock.wall()));
});

test('issue 13, older journals: a copy without a commit since is not older', async () => {
  const { disk, journal, clock, life } = scene();
  await journal.commit(fresh);
  disk.backUp();
  life.dead = true;
  disk.putBack();
  await disk.recover(clock);
  assert.equal(await disk.file.fact(olderFact), null);
});

async function edit(world: World): Promise<string> {
  const local = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };
  const { verdict } = await world.clock.runUntilSettled(
    world.edit(
      (stage) => recordsEvent(zone, [{ remove: null, add: a('www', 1) }], stage),
      () => true,
      local,
    ),
  );
  return verdict.kind === 'accept' ? 'accept' : verdict.problems.map(({ code }) => code).join();
}

test('issue 13: an engine hears of a journal that fails, and an agent does not start with one', async () => {
  const world = await given({ panel: [], central: [] });
  const disk = world.sides[0]?.disk;
  assert.ok(disk !== undefined);
  disk.trouble = 'full';
  assert.equal(await edit(world), 'journal.disk-full');
  world.kill();
  disk.trouble = 'unreadable';
  const started = world.start();
  await world.clock.runUntil(world.clock.now() + 10_000);
  assert.equal(world.engine, null);
  disk.trouble = null;
  await world.clock.runUntilSettled(started);
  assert.ok(engineOf(world));
  assert.deepEqual(world.defects, []);
});

test('issue 13: a power cut in a commit of the engine leaves a world that starts again', async () => {
  const world = await given({ panel: [], central: [] });
  world.chooseJournalFault = (call) => (call === 'fresh' ? 'cut-after' : null);
  assert.equal(await edit(world), 'shim.no-answer');
  world.chooseJournalFault = () => null;
  assert.equal(world.engine, null);
  await world.clock.runUntilSettled(world.start());
  assert.equal((await statusOf(world)).open, 1);
  const [cut] = world.sides[0]?.witness.operations.keys() ?? [];
  assert.ok(cut !== undefined && world.tally.hasSeen(1, cut), 'the engine may send what the journal has');
});
