/** Issue 14: tests that the law on the begin of operations in a pause detects an engine with a bug. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation } from '../../../core/operation.ts';
import { sampleCreate, sampleDelete } from '../../contracts/journal.ts';
import { VirtualClock } from '../../virtual-clock.ts';
import { JournalWitness } from '../journal-witness.ts';
import { Pauses } from '../pauses.ts';
import { Judgement } from './judgement.ts';
import { PausingLaws } from './pausing.ts';

/** Commits `before`, begins a pause, then commits each of `later`. @returns the broken laws */
function brokenBy(before: readonly Operation[], ...later: (readonly Operation[])[]): readonly string[] {
  const judgement = new Judgement();
  const witness = new JournalWitness();
  const pauses = new Pauses(new VirtualClock());
  const laws = new PausingLaws({ pauses, witness, answering: () => new Set() }, judgement);
  witness.onCommit = (batch) => laws.committed(batch);
  witness.committed({ operations: before }, 0);
  pauses.begin(null);
  for (const operations of later) witness.committed({ operations }, 1);
  return judgement.violations.map(({ law }) => law);
}

const undone = (state: Operation['state']): Operation => sampleCreate('2', { class: 'veto', state });
const taken = (state: Operation['state']): Operation => sampleDelete('3', { class: 'veto', state });
const again = sampleCreate('4', { class: 'follow', state: 'kept' });

test('issue 14, laws: a pause lets the undo of a create take up the delete before it, and that one the create', () => {
  assert.deepEqual(brokenBy([undone('reverting')], [undone('reverted'), taken('kept')]), []);
  assert.deepEqual(
    brokenBy([undone('reverting')], [undone('reverted'), taken('kept')], [taken('reverted'), again]),
    [],
  );
});

test('issue 14, laws: a delete that nothing carries on breaks the law in a pause', () => {
  const broken = ['pause.begun'];
  assert.deepEqual(brokenBy([], [taken('kept')]), broken);
  assert.deepEqual(brokenBy([undone('reverting')], [undone('reverted')], [taken('kept')]), broken);
  assert.deepEqual(brokenBy([undone('reverting')], [undone('stuck'), taken('kept')]), broken);
  // The create had ended before, and this commit changes only something else of it.
  assert.deepEqual(brokenBy([undone('reverted')], [undone('reverted'), taken('kept')]), broken);
  const comparison = sampleCreate('2', { class: 'follow', state: 'reverted' });
  assert.deepEqual(brokenBy([comparison], [comparison, taken('kept')]), broken);
  // The create itself began in the pause, and so did what carries it on.
  assert.deepEqual(
    brokenBy([], [undone('reverting')], [undone('reverted'), taken('kept')]).slice(0, 1),
    broken,
  );
});
