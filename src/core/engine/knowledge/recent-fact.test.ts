/**
 * Tests that a fact keeps the events of the last hour, even if the journal no longer has their operations
 * (issue 14).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryJournal } from '../../../testing/memory-journal.ts';
import { VirtualClock } from '../../../testing/virtual-clock.ts';
import { recentOf, withRecent } from './recent-fact.ts';

test('issue 14: what happened lately is told in order, the rest forgotten', async () => {
  const clock = new VirtualClock();
  const journal = new MemoryJournal();
  const ports = { journal, clock };
  const add = async (what: string): Promise<void> => {
    const before = await recentOf(ports, 'x', clock.wall() - 1_000);
    await journal.commit({ facts: withRecent(ports, 'x', before, what, 3) });
  };
  const told = async (): Promise<string[]> =>
    (await recentOf(ports, 'x', clock.wall() - 1_000)).map(({ what }) => what);
  assert.deepEqual(await told(), []);
  await add('a=b.example.');
  clock.stepWall(600);
  await add('c.example.');
  assert.deepEqual(await told(), ['a=b.example.', 'c.example.']);
  clock.stepWall(600);
  assert.deepEqual(await told(), ['c.example.']);
  for (const name of ['d', 'e', 'e']) await add(name);
  assert.deepEqual(await told(), ['d', 'e', 'e']);
});

test('an event counts after the clock was set back a little, and not after it was set back far', async () => {
  const clock = new VirtualClock();
  const journal = new MemoryJournal();
  const ports = { journal, clock };
  await journal.commit({ facts: withRecent(ports, 'x', [], 'a', 3) });
  const told = async (): Promise<number> => (await recentOf(ports, 'x', clock.wall() - 1_000)).length;
  clock.stepWall(-1_000);
  assert.equal(await told(), 1);
  clock.stepWall(-1);
  assert.equal(await told(), 0);
});
