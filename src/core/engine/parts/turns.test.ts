import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import { Turns } from './turns.ts';

const zones = ['a', 'b', 'c', 'd'].map((name) => parseName(`${name}.example.`));

/** Takes all zones out of the queue. @returns the first letter of each, in order */
function order(turns: Turns): string {
  let found = '';
  for (let next = turns.take(() => true); next !== null; next = turns.take(() => true)) found += next.zone[0];
  return found;
}

test('users take turns, each in his own order', () => {
  const [a, b, c, d] = zones;
  assert.ok(a && b && c && d);
  const turns = new Turns();
  for (const zone of [a, b, c]) turns.add(zone, 'mallory');
  turns.add(d, 'bob');
  assert.equal(order(turns), 'adbc');
});

test('a zone that two users wait for is taken once, at the first turn', () => {
  const [a, b, c] = zones;
  assert.ok(a && b && c);
  const turns = new Turns();
  for (const zone of [a, b, c]) turns.add(zone, 'mallory');
  turns.add(c, 'bob');
  assert.equal(order(turns), 'acb');
});

test('what may not run keeps its place', () => {
  const [a, b] = zones;
  assert.ok(a && b);
  const turns = new Turns();
  turns.add(a, 'bob');
  turns.add(b, 'bob');
  assert.equal(turns.take((zone) => zone !== a)?.zone, b);
  assert.equal(
    turns.take(() => false),
    null,
  );
  assert.equal(order(turns), 'a');
});
