import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Contact } from '../../core/breaker.ts';
import { CentralError } from '../../core/central.ts';
import type { LiveEngine } from '../../core/engine/engine.ts';
import { JournalError } from '../../core/journal.ts';
import { parseName } from '../../dns/name.ts';
import { sampleRow } from '../../testing/contracts/journal.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { healthFact, healthIn } from '../answers/health.ts';
import { HealthKeeper, type HealthParts } from './health-keeper.ts';

const zone = parseName('example.org.');
const minute = 60_000;

/** The parts of a keeper, whose answers a test sets. */
class Scene {
  readonly clock = new VirtualClock();
  readonly journal = new MemoryJournal();
  contact: Contact = { answeredAt: null, failingSince: null, triedAt: null };
  live: LiveEngine = {
    comparison: { running: false, done: 0, total: 0, problem: null },
    comparisons: {
      problem: null,
      failingSince: null,
      completeAt: null,
      failingZones: 0,
      failingZonesSince: null,
    },
    silent: [],
    owners: {
      way: null,
      check: 'on',
      readAt: null,
      zones: 0,
      unknown: 0,
      undecided: 0,
      undecidedAt: null,
      foreign: 0,
      foreignAt: null,
    },
  };
  /** When the central was asked, and facts were stored: monotonic milliseconds. */
  readonly probes: number[] = [];
  readonly stores: number[] = [];
  readonly logged: string[] = [];
  wrongFile: string | null = null;
  isDown = false;
  paused = false;
  storing: () => void = () => undefined;
  restored: unknown = null;

  keeper(settings: Partial<HealthParts['settings']> = {}): HealthKeeper {
    const probe = (): void => {
      const now = this.clock.wall();
      this.probes.push(this.clock.now());
      const { answeredAt, failingSince } = this.contact;
      this.contact = this.isDown
        ? { answeredAt, failingSince: failingSince ?? now, triedAt: now }
        : { answeredAt: now, failingSince: null, triedAt: now };
    };
    const live = (): LiveEngine => this.live;
    const contact = (): Contact => this.contact;
    return new HealthKeeper({
      engine: {
        get live() {
          return live();
        },
        remember: async (name, value) => {
          this.storing();
          this.stores.push(this.clock.now());
          await this.journal.commit({ facts: { [name]: value } });
        },
        restoreSilent: (found) => (this.restored = found),
      },
      central: {
        blocked: null,
        get contact() {
          return contact();
        },
        check: async () => {
          await Promise.resolve();
          probe();
          if (this.isDown)
            throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
        },
      },
      journal: this.journal,
      verifier: null,
      clock: this.clock,
      log: (_level, event) => void this.logged.push(event),
      settings: { compareEvery: 60 * minute, deadline: 10_000, conflicts: 0, ...settings },
      files: () => this.wrongFile,
      isPaused: () => this.paused,
    });
  }

  async pass(ms: number): Promise<void> {
    await this.clock.runUntil(this.clock.now() + ms);
  }
}

test('a central that nothing was sent to for five minutes is asked; while it fails, every half minute', async () => {
  const scene = new Scene();
  const keeper = scene.keeper();
  await keeper.start();
  await scene.pass(11 * minute);
  assert.deepEqual(
    scene.probes.map((at) => Math.round(at / minute)),
    [5, 10],
  );
  scene.isDown = true;
  await scene.pass(6 * minute);
  const { failingSince, answeredAt } = await keeper.health();
  assert.equal(answeredAt, scene.contact.answeredAt);
  assert.equal(failingSince, scene.contact.failingSince);
  assert.ok(scene.probes.length >= 4, String(scene.probes));
  scene.isDown = false;
  await scene.pass(minute);
  assert.equal((await keeper.health()).failingSince, null);
  await keeper.stop();
});

test('what is known is stored when it changes and when the engine ends, and taken over by the next one', async () => {
  const scene = new Scene();
  const first = scene.keeper();
  await first.start();
  await scene.pass(2 * minute);
  assert.equal(scene.stores.length, 1);
  scene.wrongFile = 'missing: x';
  const silent = [{ at: 1, zone }];
  const undecidedAt = scene.clock.wall();
  scene.live = {
    ...scene.live,
    silent,
    owners: { ...scene.live.owners, undecided: 2, undecidedAt },
    comparisons: { ...scene.live.comparisons, completeAt: 5 },
  };
  await scene.pass(2 * minute);
  const wrong = (await first.health()).files;
  assert.equal(wrong?.text, 'missing: x');
  const before = scene.stores.length;
  await first.stop();
  assert.equal(scene.stores.length, before + 1);
  assert.equal(healthIn(await scene.journal.fact(healthFact))?.undecided?.edits, 2);
  scene.live = new Scene().live;
  const second = scene.keeper();
  await second.start();
  assert.deepEqual(scene.restored, silent);
  await scene.pass(0);
  const { undecided, files, comparison } = await second.health();
  assert.deepEqual([undecided, files], [{ edits: 2, since: undecidedAt, last: undecidedAt }, wrong]);
  assert.equal(comparison.completeAt, 5);
  const later = scene.clock.wall();
  scene.live = { ...scene.live, owners: { ...scene.live.owners, undecided: 1, undecidedAt: later } };
  assert.deepEqual((await second.health()).undecided, { edits: 3, since: undecidedAt, last: later });
  await scene.pass(24 * 60 * minute);
  assert.equal((await second.health()).undecided, null);
  await second.stop();
});

test('the next complete comparison is overdue after two periods and ten minutes, of the start at first', async () => {
  const scene = new Scene();
  const start = scene.clock.wall();
  const keeper = scene.keeper();
  assert.equal((await keeper.health()).comparison.overdueAt, start + 130 * minute);
  const completeAt = start + 60 * minute;
  scene.live = { ...scene.live, comparisons: { ...scene.live.comparisons, completeAt } };
  assert.equal((await keeper.health()).comparison.overdueAt, completeAt + 130 * minute);
  assert.equal((await scene.keeper({ compareEvery: 0 }).health()).comparison.overdueAt, null);
});

test('issue 16, pause: no comparison is overdue because of a pause', async () => {
  const scene = new Scene();
  const keeper = scene.keeper();
  await keeper.start();
  scene.paused = true;
  await scene.pass(5 * 60 * minute);
  const end = scene.clock.wall();
  assert.equal((await keeper.health()).comparison.overdueAt, end + 130 * minute);
  scene.paused = false;
  await scene.pass(minute);
  assert.equal((await keeper.health()).comparison.overdueAt, end + 130 * minute);
  await keeper.stop();
});

test('since when there are more conflicts than the settings allow', async () => {
  const scene = new Scene();
  const keeper = scene.keeper({ conflicts: 1 });
  const put = (count: number): Promise<void> =>
    scene.journal.commit({
      rows: [
        {
          zone,
          dropAll: true,
          put: Array.from({ length: count }, (_, n) => sampleRow(n, { state: 'conflict' })),
        },
      ],
    });
  await put(1);
  assert.equal((await keeper.health()).conflictsSince, null);
  await put(2);
  const since = scene.clock.wall();
  assert.equal((await keeper.health()).conflictsSince, since);
  await scene.pass(minute);
  assert.equal((await keeper.health()).conflictsSince, since);
  await put(1);
  assert.equal((await keeper.health()).conflictsSince, null);
});

test('a journal that takes nothing is logged once, and the engine ends all the same', async () => {
  const scene = new Scene();
  scene.storing = () => {
    throw new JournalError('journal.disk-full');
  };
  const keeper = scene.keeper();
  await keeper.start();
  await scene.pass(minute);
  await keeper.stop();
  assert.deepEqual(scene.logged, ['health.not-stored']);
});

test('a fact of another release is no health', () => {
  for (const fact of [null, '', 'x', '{}', '{"at":"now"}']) assert.equal(healthIn(fact), null);
});
