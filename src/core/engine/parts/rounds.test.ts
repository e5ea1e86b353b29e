import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import { VirtualClock } from '../../../testing/virtual-clock.ts';
import { Rounds } from './rounds.ts';

const [one, two] = [parseName('one.example.'), parseName('two.example.')];

test('a round is complete once each of its zones was compared or has failed', () => {
  const clock = new VirtualClock();
  const rounds = new Rounds(clock);
  rounds.begin([one, two]);
  rounds.compared(one);
  assert.equal(rounds.health.completeAt, null);
  clock.stepWall(5);
  const failedAt = clock.wall();
  rounds.zoneFailed(two);
  assert.deepEqual(rounds.health, {
    problem: null,
    failingSince: null,
    completeAt: failedAt,
    failingZones: 1,
    failingZonesSince: failedAt,
  });
  clock.stepWall(5);
  rounds.zoneFailed(two);
  rounds.zoneFailed(one);
  assert.deepEqual([rounds.health.failingZones, rounds.health.failingZonesSince], [2, failedAt]);
  rounds.compared(two);
  assert.equal(rounds.health.failingZonesSince, clock.wall());
  rounds.compared(one);
  assert.deepEqual([rounds.health.failingZones, rounds.health.failingZonesSince], [0, null]);
});

test('a round that begins joins one that has not ended; a round without zones is complete', () => {
  const clock = new VirtualClock();
  const rounds = new Rounds(clock);
  rounds.begin([one]);
  rounds.begin([two]);
  rounds.compared(two);
  assert.deepEqual([rounds.number, rounds.health.completeAt], [2, null]);
  rounds.compared(one);
  const at = clock.wall();
  assert.equal(rounds.health.completeAt, at);
  clock.stepWall(5);
  rounds.begin([]);
  assert.equal(rounds.health.completeAt, at + 5);
});

test('a round that cannot begin: since when, until one does', () => {
  const clock = new VirtualClock();
  const rounds = new Rounds(clock);
  const since = clock.wall();
  rounds.failed('panel.unreachable');
  clock.stepWall(5);
  rounds.failed('central.unreachable');
  assert.deepEqual([rounds.health.problem, rounds.health.failingSince], ['central.unreachable', since]);
  rounds.begin([one]);
  assert.deepEqual([rounds.health.problem, rounds.health.failingSince], [null, null]);
});
