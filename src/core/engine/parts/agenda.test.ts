import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName, type DnsName } from '../../../dns/name.ts';
import { VirtualClock } from '../../../testing/virtual-clock.ts';
import { defaultEngineSettings } from '../settings.ts';
import { Agenda } from './agenda.ts';
import { Timers } from './timers.ts';

const zones = Array.from({ length: 6 }, (_, at) => parseName(`z${at}.example.`));

interface Scene {
  readonly agenda: Agenda;
  readonly clock: VirtualClock;
  readonly timers: Timers;
  /** The steps that began, in order, each with its kind and the number of its zone. */
  readonly begun: string[];
  /** Ends the step of a zone, given by the zone's number. */
  readonly end: (at: number) => void;
  readonly wait: (ms: number) => Promise<void>;
}

/** Makes an agenda whose steps last until the test ends them. */
function scene(begins = true): Scene {
  const clock = new VirtualClock();
  const timers = new Timers({ clock, settings: defaultEngineSettings, random: () => 0 });
  const agenda = new Agenda(timers, defaultEngineSettings, () => clock.now());
  const begun: string[] = [];
  const ends = new Map<DnsName, () => void>();
  const work =
    (what: string) =>
    async (zone: DnsName): Promise<void> => {
      begun.push(`${what} ${zones.indexOf(zone)}`);
      await new Promise<void>((resolve) => ends.set(zone, resolve));
    };
  const steps = { operations: work('o'), comparison: work('c') };
  if (begins) agenda.begin(steps);
  return {
    agenda,
    clock,
    timers,
    begun,
    end: (at) => ends.get(zoneOf(at))?.(),
    wait: async (ms) => await clock.runUntil(clock.now() + ms),
  };
}

function zoneOf(at: number): DnsName {
  const zone = zones[at];
  assert.ok(zone !== undefined);
  return zone;
}

test('three zones are worked on at a time, and two compared; the next one begins when one is done', async () => {
  const { agenda, begun, end, wait } = scene();
  for (const [at, zone] of zones.entries()) agenda.actedFor(zone, `user${at}`);
  for (const zone of zones.slice(0, 4)) agenda.wake(zone, 0);
  for (const zone of zones.slice(3)) agenda.compareSoon(zone, 'periodic', 'no', 0);
  await wait(0);
  assert.deepEqual(begun.toSorted(), ['c 3', 'c 4', 'o 0', 'o 1', 'o 2']);
  end(0);
  await wait(0);
  // Zone 3 is being compared. A zone runs only one step at a time, so the step for its operations has to
  // wait.
  assert.equal(begun.length, 5);
  end(3);
  await wait(0);
  assert.deepEqual(begun.slice(5).toSorted(), ['c 5', 'o 3']);
});

test('one user has two places at most, of comparisons one; we ourselves both', async () => {
  const { agenda, begun, wait } = scene();
  for (const zone of zones.slice(0, 3)) agenda.actedFor(zone, 'alice');
  agenda.actedFor(zoneOf(3), 'bob');
  for (const zone of zones.slice(0, 4)) agenda.wake(zone, 0);
  await wait(0);
  assert.deepEqual(begun, ['o 0', 'o 1', 'o 3']);
  const other = scene();
  for (const zone of zones.slice(0, 2))
    other.agenda.want(zone, { reason: 'x', follow: 'no', lane: 'alice' }, 0);
  await other.wait(0);
  assert.deepEqual(other.begun, ['c 0']);
  other.agenda.want(zoneOf(2), { reason: 'x', follow: 'no' }, 0);
  await other.wait(0);
  assert.deepEqual(other.begun, ['c 0', 'c 2']);
});

test('a zone wakes at its earliest alarm, once; one that is woken while it is worked on has another step', async () => {
  const { agenda, begun, end, wait } = scene();
  for (const delay of [500, 200, 900]) agenda.wake(zoneOf(0), delay);
  agenda.wake(zoneOf(1), Infinity);
  await wait(199);
  assert.deepEqual(begun, []);
  await wait(1);
  assert.deepEqual(begun, ['o 0']);
  agenda.wake(zoneOf(0), 0);
  await wait(10);
  assert.deepEqual(begun, ['o 0']);
  end(0);
  await wait(0);
  assert.deepEqual(begun, ['o 0', 'o 0']);
  end(0);
  await wait(5_000);
  assert.deepEqual(begun.length, 2);
});

test('what is asked for before work begins waits until then', async () => {
  const { agenda, wait } = scene(false);
  agenda.wake(zoneOf(0), 0);
  await wait(10);
  const done: string[] = [];
  const note = async (zone: DnsName): Promise<void> => {
    done.push(zone);
    await Promise.resolve();
  };
  agenda.begin({ operations: note, comparison: note });
  await wait(0);
  assert.deepEqual(done, [zoneOf(0)]);
});

test('of several requests the one that lets follow more counts; an edit that waits, and a person, are remembered', () => {
  const { agenda } = scene();
  const zone = zoneOf(0);
  agenda.want(zone, { reason: 'a', follow: 'limited', awaited: true });
  agenda.compareSoon(zone, 'asked');
  agenda.want(zone, { reason: 'b', follow: 'named' });
  agenda.want(zone, { reason: 'c', follow: 'named' });
  assert.deepEqual([...agenda.wanted], [zone]);
  assert.deepEqual(agenda.takeRequest(zone), { reason: 'b', follow: 'named', awaited: true, asked: true });
  assert.equal(agenda.takeRequest(zone), null);
  agenda.compareSoon(zone, 'periodic', 'named');
  agenda.want(zone, { reason: 'd', follow: 'no' });
  assert.deepEqual(agenda.takeRequest(zone), {
    reason: 'periodic',
    follow: 'named',
    awaited: false,
    asked: false,
  });
});

test('issue 16, pause: what begins while comparisons that follow are being scheduled follows too', async () => {
  const { agenda } = scene(false);
  const follows = (): string | undefined => {
    agenda.want(zoneOf(0), { reason: 'asked', follow: 'no' });
    return agenda.takeRequest(zoneOf(0))?.follow;
  };
  await agenda.scheduleFollowing(async () => {
    assert.equal(follows(), 'limited');
    agenda.want(zoneOf(1), { reason: 'renew', follow: 'named' });
    assert.equal(agenda.takeRequest(zoneOf(1))?.follow, 'named');
    await assert.rejects(agenda.scheduleFollowing(async () => await Promise.reject(new Error('no list'))));
    assert.equal(follows(), 'limited');
  });
  assert.equal(follows(), 'no');
});

test('a comparison that an edit waits for goes before others', async () => {
  const { agenda, begun, end, wait } = scene();
  for (const zone of zones.slice(0, 4)) agenda.compareSoon(zone, 'periodic', 'no', 0);
  agenda.want(zoneOf(4), { reason: 'edit-waits', follow: 'no', awaited: true }, 0);
  await wait(0);
  end(0);
  await wait(0);
  assert.deepEqual(begun, ['c 0', 'c 1', 'c 4']);
});

test('a zone rests after a comparison, for 2 s at least', async () => {
  const { agenda, begun, end, wait, clock } = scene();
  const zone = zoneOf(0);
  agenda.compareSoon(zone, 'x');
  await wait(200);
  assert.deepEqual(begun, ['c 0']);
  agenda.takeRequest(zone);
  agenda.compared(zone, clock.now());
  end(0);
  assert.equal(agenda.isResting(zone), true);
  agenda.compareSoon(zone, 'x');
  await wait(1_999);
  assert.equal(begun.length, 1);
  await wait(1);
  assert.deepEqual([begun.length, agenda.isResting(zone)], [2, false]);
});

test('nothing begins once the engine stops; what runs is waited for', async () => {
  const { agenda, begun, end, wait, timers, clock } = scene();
  agenda.wake(zoneOf(0), 0);
  agenda.wake(zoneOf(1), 100);
  await wait(0);
  timers.stopping.abort(new Error('stopping'));
  agenda.wake(zoneOf(2), 0);
  let isDrained = false;
  const drained = agenda.drain().then(() => (isDrained = true));
  await wait(1_000);
  assert.deepEqual([begun, isDrained], [['o 0'], false]);
  end(0);
  await clock.runUntilSettled(drained);
});
