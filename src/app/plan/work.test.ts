import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal } from '../../core/catalogue.ts';
import { outcomeOf } from '../../core/outcome.ts';
import type { Operation } from '../../core/operation.ts';
import { sampleCreate, sampleOperation } from '../../testing/contracts/journal.ts';
import { a } from '../../testing/simulator/given.ts';
import type { ReportedOperation } from '../control/protocol.ts';
import { resultOf } from './work.ts';

function reported(operation: Operation): ReportedOperation {
  const { kind, why } = outcomeOf(operation);
  return { ...operation, outcome: kind, why, live: null };
}

const item = { remove: null, add: a('www', 1), mirrored: true, note: null };

test('issue 17, apply: what the background ended is done only if both sides have it', () => {
  const done = sampleOperation('done', { state: 'confirmed', items: [item], source: 'push', problems: [] });
  assert.deepEqual(resultOf(reported(done)), { kind: 'done', refused: [], operation: done.id });
  const left = { ...item, add: a('ftp', 1), mirrored: false, note: 'central.refused' };
  const partly = sampleOperation('partly', {
    state: 'confirmed',
    items: [item, left],
    source: 'push',
    problems: [],
  });
  assert.deepEqual(resultOf(reported(partly)), {
    kind: 'done',
    refused: [{ record: a('ftp', 1), code: 'central.refused' }],
    operation: partly.id,
  });
});

test('issue 17, apply: what the central refused in the background is not said to be done', () => {
  const problems = [refusal('central.refused', { text: 'no more than 5,000 zones' })];
  const create = sampleCreate('create', { state: 'reverted', source: 'push', problems });
  assert.deepEqual(resultOf(reported(create)), { kind: 'refused', problems });
  const moved = [refusal('pull.moved-on', {})];
  const pull = sampleOperation('pull', { state: 'reverted', items: [item], source: 'pull', problems: moved });
  assert.deepEqual(resultOf(reported(pull)), { kind: 'refused', problems: moved });
});
