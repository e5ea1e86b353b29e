/**
 * Tests that panel reads and hook calls do not overlap, and that a read reports whether it can prove an
 * absence (issue 13).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import { VirtualClock } from '../../../testing/virtual-clock.ts';
import { defaultEngineSettings } from '../settings.ts';
import { Gate } from './gate.ts';
import { Timers } from './timers.ts';

const zone = parseName('example.org.');
const other = parseName('example.net.');

/** A gate, with calls and reads that take a given number of milliseconds. */
class Scene {
  readonly clock = new VirtualClock();
  readonly #gate: Gate;
  /** Calls and reads that began or ended, in order. */
  readonly done: string[] = [];

  constructor(mayReadDuringCalls: boolean) {
    const timers = new Timers({ clock: this.clock, settings: defaultEngineSettings, random: () => 0 });
    this.#gate = new Gate(timers, mayReadDuringCalls);
  }

  call(of: typeof zone | readonly (typeof zone)[], ms: number): Promise<void> {
    return this.#gate.during([of].flat(), async () => {
      await this.clock.sleep(ms);
      this.done.push('call');
    });
  }

  /**
   * Makes a read that takes `ms` milliseconds. @returns when it ended (milliseconds), and whether no call
   * that edits the zone was being answered meanwhile
   */
  async read(of: typeof zone | '-', ms: number): Promise<readonly [number, boolean]> {
    const { value, quiet } = await this.#gate.quietly(of, async () => {
      await this.clock.sleep(ms);
      return this.clock.now();
    });
    this.done.push('read');
    return [value, quiet];
  }

  async play<T>(what: Promise<T>): Promise<T> {
    return await this.clock.runUntilSettled(what);
  }
}

test('a read waits for the call that is being answered, and is quiet then', async () => {
  const scene = new Scene(false);
  const call = scene.call(zone, 100);
  assert.deepEqual(await scene.play(scene.read(zone, 10)), [110, true]);
  await call;
  assert.deepEqual(scene.done, ['call', 'read']);
});

test('it waits for all of several calls, also those of other zones', async () => {
  const scene = new Scene(false);
  void scene.call(zone, 100);
  void scene.call(other, 300);
  assert.deepEqual(await scene.play(scene.read(zone, 10)), [310, true]);
});

test('calls that never pause hold it up for two seconds, and then it proves nothing', async () => {
  const scene = new Scene(false);
  void scene.call(zone, 60_000);
  assert.deepEqual(await scene.play(scene.read(zone, 10)), [2_010, false]);
  const others = new Scene(false);
  void others.call(other, 60_000);
  assert.deepEqual(await others.play(others.read(zone, 10)), [2_010, true], 'a call about another zone');
});

test('where the panel answers during calls no read waits; a call of its zone makes it prove nothing', async () => {
  for (const [of, read, quiet] of [
    [zone, zone, false],
    [other, zone, true],
    [zone, '-', true],
  ] as const) {
    const scene = new Scene(true);
    void scene.call(of, 100);
    assert.deepEqual(await scene.play(scene.read(read, 10)), [10, quiet]);
  }
});

test('a call that begins during the read makes it prove nothing, one that begins after it does not', async () => {
  for (const [of, at, quiet] of [
    [zone, 50, false],
    [other, 50, true],
    [zone, 150, true],
  ] as const) {
    const scene = new Scene(false);
    const reading = scene.read(zone, 100);
    await scene.clock.runUntil(at);
    void scene.call(of, 1);
    assert.deepEqual(await scene.play(reading), [100, quiet]);
  }
});

test('a call that fails, and a read that does, leave nothing behind', async () => {
  const clock = new VirtualClock();
  const gate = new Gate(new Timers({ clock, settings: defaultEngineSettings, random: () => 0 }), false);
  const failing = (): Promise<never> => Promise.reject(new Error('failed'));
  await assert.rejects(gate.during([zone], failing), /failed/u);
  await assert.rejects(gate.quietly(zone, failing), /failed/u);
  const { quiet } = await gate.quietly(zone, () => Promise.resolve(null));
  assert.equal(quiet, true);
  assert.equal(clock.now(), 0);
});

test('of calls that run already each of their zones counts, and no other zone', async () => {
  const scene = new Scene(true);
  const calls = [scene.call([other, zone], 1_000), scene.call(parseName('third.example.'), 1_000)];
  assert.deepEqual(await scene.play(scene.read(zone, 10)), [10, false]);
  assert.deepEqual(await scene.play(scene.read(other, 10)), [20, false]);
  assert.deepEqual(await scene.play(scene.read(parseName('fourth.example.'), 10)), [30, true]);
  await scene.play(Promise.all(calls));
});
