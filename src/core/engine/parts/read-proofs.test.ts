/** Tests what reads prove about their own age (issue 14). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { a, zone } from '../../../testing/simulator/given.ts';
import { ReadProofs } from './read-proofs.ts';

test('issue 14, reads: an edit that a read shows proves what was reported before the edit began', () => {
  let now = 100;
  const proofs = new ReadProofs(() => now);
  proofs.begin('b');
  now = 500;
  assert.equal(proofs.isCurrent(zone, 'a', 99), false);
  proofs.shown(zone, 'b', true);
  assert.deepEqual(
    [99, 100, 500].map((heard) => proofs.isCurrent(zone, 'a', heard)),
    [true, false, false],
  );
  assert.equal(proofs.isCurrent(zone, 'b', 500), true);
  assert.equal(proofs.isCurrent(a('other', 1).name, 'a', 99), false);
  proofs.forget('b');
  assert.deepEqual([proofs.isCurrent(zone, 'b', 500), proofs.isCurrent(zone, 'a', 99)], [false, true]);
});

test('issue 14, reads: the latest edit counts; one that was not asked about, or of before, proves only itself', () => {
  let now = 100;
  const proofs = new ReadProofs(() => now);
  proofs.begin('b');
  now = 200;
  proofs.begin('c');
  proofs.shown(zone, 'c', false);
  assert.deepEqual([proofs.isCurrent(zone, 'c', 900), proofs.isCurrent(zone, 'a', 50)], [true, false]);
  proofs.shown(zone, 'of before', true);
  assert.deepEqual(
    [proofs.isCurrent(zone, 'of before', 900), proofs.isCurrent(zone, 'a', 50)],
    [true, false],
  );
  proofs.shown(zone, 'c', true);
  proofs.shown(zone, 'b', true);
  assert.equal(proofs.isCurrent(zone, 'a', 150), true);
});

test('issue 14, reads: a zone that was gone is the new one from then on', () => {
  const proofs = new ReadProofs(() => 0);
  proofs.deleted(zone, 'd');
  assert.deepEqual(
    [proofs.isDeleted(zone, 'd'), proofs.isDeleted(zone, 'e'), proofs.isDeleted(a('other', 1).name, 'd')],
    [true, false, false],
  );
});
