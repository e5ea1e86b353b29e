import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playHistory } from './history.ts';
import { allowedSteps, states } from './tally.ts';

test('issue 13, running: a history tells its operations, faults, states and steps', async () => {
  const { measures } = await playHistory(7);
  assert.ok(measures.operations > 0);
  // Not every operation begins as `prepared`: zone deletes of comparisons, for example, begin in a later
  // state.
  assert.ok((measures.states['prepared'] ?? 0) <= measures.operations);
  assert.ok(Object.keys(measures.faults).length > 0);
  for (const step of Object.keys(measures.steps)) assert.ok(allowedSteps.includes(step), step);
  for (const state of Object.keys(measures.states)) assert.ok(states.includes(state), state);
});

test('issue 13, running: steps are named as the engine may take them', () => {
  assert.ok(allowedSteps.includes('prepared > applied'));
  assert.ok(!allowedSteps.includes('confirmed > applied'));
  assert.equal(states.length, 8);
});
