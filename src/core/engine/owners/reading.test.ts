/** Tests when the panel's list of owners is read, and which edits are counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineBench, type Bench } from '../../../testing/engine-bench.ts';
import { administrator, recordsEvent } from '../../../testing/simulator/edits.ts';
import { zone } from '../../../testing/simulator/given.ts';
import type { EngineSettings } from '../settings.ts';
import type { Actor, EditEvent, InvalidEvent, OwnersEvent } from '../../panel.ts';
import { JournalError } from '../../journal.ts';
import { OwnerCheck, ownerFacts, rememberedWay } from './read-owners.ts';

const alice: Actor = { name: 'alice', rank: 'user' };
const eve: Actor = { name: 'eve', rank: 'user' };
const nobody: Actor = { name: 'alice', rank: 'nobody' };
const settings = { afterWait: 5_000, confirmDelay: 200, retryFirst: 4_000, retryMost: 60_000 } as const;

interface Scene extends Bench {
  readonly owners: OwnerCheck;
  /** The times at which the list was read, milliseconds since the start. */
  readonly reads: number[];
  /** How long a reading takes, milliseconds. */
  takes: number;
}

function scene(more: Partial<EngineSettings> = {}): Scene {
  const bench = engineBench({ settings: { ...settings, ...more } });
  const reads: number[] = [];
  const made: Scene = { ...bench, owners: new OwnerCheck(bench.runtime), reads, takes: 0 };
  bench.panel.owners = { way: 'column', zones: new Map([[zone, ['alice']]]) };
  bench.panel.onRead = async () => {
    reads.push(bench.clock.now());
    if (made.takes > 0) await bench.clock.sleep(made.takes);
  };
  return made;
}

/** An owner check that has read the list once. @param takes how long the reading takes, milliseconds */
async function started(takes = 0, more: Partial<EngineSettings> = {}): Promise<Scene> {
  const made = scene(more);
  made.takes = takes;
  await made.run(made.owners.start());
  await made.wait(takes);
  made.reads.length = 0;
  return made;
}

function edit(actor: Actor, kind: 'records' | 'zone-create' | 'zone-delete' = 'records'): EditEvent {
  const event = recordsEvent(zone, [], 'before', actor);
  const { stage, fingerprint, echo } = event;
  const base = { stage, fingerprint, echo, actor, zone };
  if (kind === 'records') return event;
  if (kind === 'zone-delete') return { ...base, kind };
  return { ...base, kind, seed: { addresses: [], nameServers: [], mailServers: [] } };
}

function invalid(actor: Actor, parts: Partial<InvalidEvent> = {}): InvalidEvent {
  return { kind: 'invalid', problems: [], actor, zone: null, creates: false, ...parts };
}

test('the list is read at the start; what it shows is told and journalled', async () => {
  const { owners, run, wait, reads, journal, clock, logged } = scene();
  await run(owners.start());
  assert.equal(owners.judge(edit(alice)), 'unread');
  await wait(0);
  assert.deepEqual(reads, [0]);
  assert.equal(owners.judge(edit(alice)), 'may');
  assert.equal(owners.judge(edit(eve)), 'another');
  assert.deepEqual(owners.status, {
    way: 'column',
    check: 'on',
    readAt: clock.wall(),
    zones: 1,
    unknown: 0,
    undecided: 0,
    undecidedAt: null,
    foreign: 0,
    foreignAt: null,
  });
  assert.equal(await journal.fact(ownerFacts.way), 'column');
  assert.deepEqual((await journal.owners()).get(zone), ['alice']);
  assert.deepEqual(logged, ['owners.read']);
  await wait(3_600_000);
  assert.deepEqual(reads, [0]);
});

test('two readings are 2 s apart, or ten times as long as the last one took', async () => {
  const quick = await started();
  quick.owners.request(0);
  await quick.wait(10_000);
  assert.deepEqual(quick.reads, [2_000]);
  const slow = await started(1_000);
  slow.owners.request(0);
  await slow.wait(20_000);
  assert.deepEqual(slow.reads, [11_000]);
});

test('of several requests the earliest counts', async () => {
  const { owners, wait, reads } = await started();
  await wait(10_000);
  for (const delay of [500, 200, 900]) owners.request(delay);
  await wait(10_000);
  assert.deepEqual(reads, [10_200]);
});

test('what is asked for while the list is read leads to one more reading', async () => {
  const made = await started();
  const { owners, wait, reads } = made;
  await wait(10_000);
  made.takes = 1_000;
  owners.request(0);
  await wait(300);
  owners.request(0);
  await wait(60_000);
  assert.deepEqual(reads, [10_000, 21_000]);
});

test('after a time in which nothing was heard nobody has a right, and the list is read at once', async () => {
  const { owners, run, wait, reads, journal } = await started(1_000);
  await run(owners.forget());
  assert.equal(owners.judge(edit(alice)), 'unread');
  assert.equal((await journal.owners()).get(zone), null);
  await wait(5_000);
  assert.deepEqual(reads, [1_000]);
  assert.equal(owners.judge(edit(alice)), 'may');
});

test('a list whose reading began before that proves nothing, and is read again', async () => {
  const made = scene();
  const { owners, run, wait, reads } = made;
  made.takes = 1_000;
  await run(owners.start());
  await wait(500);
  await run(owners.forget());
  await wait(500);
  assert.equal(owners.judge(edit(alice)), 'unread');
  await wait(60_000);
  assert.deepEqual(reads.length, 2);
  assert.equal(owners.judge(edit(alice)), 'may');
});

test('a reading that fails is repeated ever later, and told', async () => {
  const { panel, owners, run, wait, reads, logged } = scene();
  const { owners: list } = panel;
  panel.owners = null;
  await run(owners.start());
  await wait(20_000);
  // The pauses would be 8 s, then 16 s. A random part is added to half of each pause, and in this test it is
  // zero.
  assert.deepEqual(reads, [0, 4_000, 12_000]);
  assert.deepEqual([...new Set(logged)], ['owners.later']);
  panel.owners = list;
  await wait(100_000);
  assert.equal(owners.status.zones, 1);
  const count = reads.length;
  panel.owners = null;
  owners.request(0);
  await wait(4_001);
  assert.equal(reads.length, count + 2);
});

test('nothing is read once the engine stops', async () => {
  const { owners, wait, reads, runtime, run } = await started();
  runtime.timers.stopping.abort(new Error('stopping'));
  owners.request(0);
  await wait(60_000);
  await run(owners.drain());
  assert.deepEqual(reads, []);
});

test('a reading is over before the check is drained', async () => {
  const made = scene();
  made.takes = 1_000;
  await made.run(made.owners.start());
  await made.wait(0);
  await made.run(made.owners.drain());
  assert.equal(made.clock.now(), 1_000);
});

test('an edit that the panel has to judge is counted, and has the list read again after half a minute', async () => {
  const { owners, wait, reads, clock } = await started();
  await wait(10_000);
  owners.count('unknown', edit(alice));
  assert.deepEqual([owners.status.undecided, owners.status.undecidedAt], [1, clock.wall()]);
  assert.deepEqual([owners.status.foreign, owners.status.foreignAt], [0, null]);
  await wait(60_000);
  assert.deepEqual(reads, [30_000]);
  owners.count('another', edit(eve));
  assert.deepEqual([owners.status.undecided, owners.status.foreign], [1, 1]);
  assert.equal(owners.status.foreignAt, clock.wall());
  await wait(60_000);
  assert.deepEqual(reads, [30_000]);
  owners.count('unread', edit(alice));
  await wait(0);
  assert.deepEqual(reads, [30_000, 130_000]);
});

test('a panel that was seen to check first is trusted until it asks about a zone of another account', async () => {
  const made = await started();
  const { owners, run, wait, journal, panel, logged } = made;
  panel.owners = { way: 'none', zones: new Map([[zone, null]]) };
  await run(owners.forget());
  await wait(5_000);
  assert.equal(owners.judge(edit(alice)), 'unknown');
  await run(owners.prove(true));
  assert.equal(owners.status.check, 'proved');
  assert.notEqual(await journal.fact(ownerFacts.proved), null);
  assert.equal(owners.judge(edit(alice)), 'may');
  assert.equal(owners.judge(edit(nobody)), 'unknown');
  owners.count('another', edit(eve, 'zone-create'));
  owners.count('unknown', edit(eve));
  assert.equal(owners.status.check, 'proved');
  owners.count('another', edit(eve));
  assert.equal(owners.status.check, 'on');
  assert.equal(logged.filter((event) => event === 'owners.disproved').length, 1);
  owners.count('another', edit(eve));
  assert.equal(logged.filter((event) => event === 'owners.disproved').length, 1);
  await wait(5_000);
  assert.equal(await journal.fact(ownerFacts.proved), null);
  await run(owners.prove(true));
  await run(owners.prove(false));
  assert.deepEqual([owners.status.check, await journal.fact(ownerFacts.proved)], ['on', null]);
});

test('what is known is remembered over a restart', async () => {
  const made = await started();
  await made.run(made.owners.prove(true));
  const again = new OwnerCheck(made.runtime);
  made.panel.owners = null;
  await made.run(again.start());
  const { way, check, readAt, zones } = again.status;
  assert.deepEqual([way, check, readAt, zones], ['column', 'proved', null, 1]);
  assert.equal(again.judge(edit(eve)), 'another');
  assert.deepEqual(['column', 'each-account', 'none', 'other', null].map(rememberedWay), [
    'column',
    'each-account',
    'none',
    null,
    null,
  ]);
});

test('the check that is off lets everybody do everything whom the panel names', async () => {
  const { owners } = await started(0, { ownerCheck: 'off' });
  assert.deepEqual([owners.judge(edit(eve)), owners.judge(edit(nobody))], ['may', 'unknown']);
  assert.equal(owners.status.check, 'off');
});

test('what was typed wrong is told to whoever would create it, and to administrators', async () => {
  const { owners } = await started();
  assert.equal(owners.judge(invalid(eve, { creates: true })), 'may');
  assert.equal(owners.judge(invalid(administrator)), 'may');
  assert.equal(owners.judge(invalid(eve)), 'unknown');
  assert.equal(owners.judge(invalid(alice, { zone })), 'may');
  assert.equal(owners.judge(invalid(eve, { zone, creates: true })), 'another');
});

function owning(actor: Actor, parts: Partial<OwnersEvent> = {}): OwnersEvent {
  return { kind: 'owners', actor, fingerprint: 'f', zones: [zone], accounts: null, ...parts };
}

test('a function that may change owners makes them unknown until a later list; who may not use it does not', async () => {
  const made = await started();
  const { owners, run, wait, reads, journal } = made;
  await wait(10_000);
  await run(owners.before(owning(alice, { accounts: ['alice'] })));
  assert.equal(owners.judge(edit(alice)), 'may');
  await run(owners.before(owning(eve)));
  assert.equal(owners.judge(edit(alice)), 'may');
  await run(owners.before(owning(administrator, { accounts: ['alice'] })));
  assert.equal(owners.judge(edit(alice)), 'unknown');
  assert.equal((await journal.owners()).get(zone), null);
  owners.ended('other', false);
  owners.ended('f', false);
  await wait(60_000);
  assert.deepEqual(reads, [10_200]);
  assert.equal(owners.judge(edit(alice)), 'may');
});

test('a function whose end nobody reported is over after the time for `after`', async () => {
  const { owners, run, wait, reads } = await started();
  await wait(10_000);
  await run(owners.deleting(edit(alice, 'zone-delete')));
  await wait(4_999);
  assert.deepEqual([owners.judge(edit(alice)), reads], ['unknown', []]);
  await wait(2_000);
  assert.deepEqual([owners.judge(edit(alice)), reads], ['may', [15_000]]);
});

test('functions that may have made zones have the list read; others do not', async () => {
  const { owners, wait, reads } = await started();
  await wait(10_000);
  owners.ended('f', false);
  await wait(10_000);
  assert.deepEqual(reads, []);
  owners.ended('f', true);
  await wait(10_000);
  assert.deepEqual(reads, [20_200]);
});

test('a zone that was made is its maker’s; one that was deleted is nobody’s until the list tells', async () => {
  const { owners, run, wait, panel, journal, reads } = await started();
  await wait(10_000);
  panel.owners = { way: 'column', zones: new Map() };
  await run(owners.kept(edit(eve, 'zone-delete')));
  assert.equal(owners.judge(edit(alice)), 'may');
  await run(owners.kept(edit(alice)));
  assert.equal(owners.judge(edit(alice)), 'may');
  await run(owners.kept(edit(alice, 'zone-delete')));
  assert.equal(owners.judge(edit(alice)), 'unknown');
  await run(owners.kept(edit(eve, 'zone-create')));
  assert.equal(owners.judge(edit(eve)), 'may');
  assert.deepEqual((await journal.owners()).get(zone), ['eve']);
  await wait(1_000);
  assert.deepEqual([reads, owners.status.zones], [[10_200], 0]);
  assert.equal((await journal.owners()).has(zone), false);
});

test('each of these is over when the journal has it', async () => {
  const steps: readonly (readonly [
    string,
    (owners: OwnerCheck) => Promise<void>,
    readonly string[] | null,
  ])[] = [
    ['forgotten', (owners) => owners.forget(), null],
    ['doubted', (owners) => owners.before(owning(administrator)), null],
    ['being deleted', (owners) => owners.deleting(edit(alice, 'zone-delete')), null],
    ['deleted', (owners) => owners.kept(edit(alice, 'zone-delete')), null],
  ];
  for (const [what, step, expected] of steps) {
    const { owners, run, journal } = await started();
    journal.takes = 50;
    await run(step(owners));
    assert.deepEqual((await journal.owners()).get(zone), expected, what);
  }
  const { owners, run, journal } = await started();
  journal.takes = 50;
  await run(owners.prove(true));
  assert.notEqual(await journal.fact(ownerFacts.proved), null);
});

test('what the journal could not take goes there later, once', async () => {
  const { owners, run, wait, journal } = await started();
  const commit = journal.commit.bind(journal);
  let full = true;
  const taken: unknown[] = [];
  journal.commit = async (batch) => {
    if (full) throw new JournalError('journal.disk-full');
    taken.push([...(batch.owners ?? [])]);
    await commit(batch);
  };
  await assert.rejects(run(owners.forget()), JournalError);
  await wait(0);
  full = false;
  await run(owners.before(owning(administrator)));
  assert.deepEqual(taken, [[[zone, null]]]);
  await wait(60_000);
  assert.deepEqual(taken, [[[zone, null]], [[zone, ['alice']]]]);
});

test('a disproof that the journal could not take goes there with the next reading', async () => {
  const { owners, run, wait, journal } = await started();
  await run(owners.prove(true));
  const commit = journal.commit.bind(journal);
  journal.commit = async () => await Promise.reject(new JournalError('journal.disk-full'));
  owners.count('another', edit(eve));
  await wait(3_000);
  assert.notEqual(await journal.fact(ownerFacts.proved), null);
  journal.commit = commit;
  await wait(60_000);
  assert.equal(await journal.fact(ownerFacts.proved), null);
  // A later self-test proves again that the panel checks access first. The earlier disproof is stored
  // already, and must not remove this proof.
  await run(owners.prove(true));
  owners.request(0);
  await wait(60_000);
  assert.notEqual(await journal.fact(ownerFacts.proved), null);
});

test('the list is not read while a call is answered', async () => {
  const { owners, wait, reads, runtime, clock, run } = await started();
  await wait(10_000);
  const calling = runtime.gate.during([zone], async () => await clock.sleep(1_500));
  owners.request(0);
  await wait(1_400);
  assert.deepEqual(reads, []);
  await run(calling);
  await wait(0);
  assert.deepEqual(reads, [11_500]);
});
