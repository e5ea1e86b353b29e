import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleCreate, sampleDelete, sampleOperation, sampleRow } from '../testing/contracts/journal.ts';
import type { CreateOperation, Operation } from '../core/operation.ts';
import { readOperation } from './stored-operation.ts';

const record = sampleRow(1).record;

/**
 * An operation in the form in which earlier releases stored it. It has the same fields for all kinds of
 * operations, and no list of records that a late write may still change.
 */
function earlier(operation: Operation, watchUntil = 0): Operation {
  const { watch: _, ...rest } = operation;
  const shape = {
    items: [],
    removed: [],
    added: [],
    seed: null,
    created: false,
    snapshot: [],
    cancels: null,
  };
  return readOperation(JSON.stringify({ ...shape, ...rest, watchUntil }));
}

/** A create in the form in which a release without the field `requested` stored it. */
function earlierCreate(changes: Partial<CreateOperation>): CreateOperation {
  const { requested: _, refusedContent: __, ...operation } = sampleCreate('1', changes);
  const read = readOperation(JSON.stringify({ ...operation, items: [], watch: undefined, watchUntil: 0 }));
  assert.ok(read.kind === 'zone-create');
  return read;
}

test('issue 14: every kind of operation comes back as it was', () => {
  const watch = { until: 5, added: [record], removed: [] };
  const all = [sampleOperation('1', { watch }), sampleCreate('2', { watch }), sampleDelete('3', { watch })];
  for (const operation of all) assert.deepEqual(readOperation(JSON.stringify(operation)), operation);
});

test('issue 14: an operation of an earlier release has the fields of its kind alone', () => {
  for (const operation of [sampleOperation('1'), sampleCreate('2'), sampleDelete('3')])
    assert.deepEqual(earlier(operation), operation);
});

test('issue 14: what an operation of an earlier release on watch had written may land late', () => {
  const added = [record];
  const edit = sampleOperation('1', { state: 'reverted', added });
  assert.deepEqual(earlier(edit, 7).watch, { until: 7, added, removed: [] });
  assert.deepEqual(earlier(sampleCreate('2', { added }), 7).watch, { until: 7, added, removed: [] });
  assert.deepEqual(earlier(sampleDelete('3'), 7).watch, { until: 7, added: [], removed: [] });
});

test('issue 14: what was ours before an undone create, and what the panel held of a refused one, is found among what was written', () => {
  const { formerlyOurs: _, ...gone } = { ...sampleDelete('1'), added: [record], watchUntil: 0 };
  const back = readOperation(JSON.stringify(gone));
  assert.deepEqual(back.kind === 'zone-delete' && back.formerlyOurs, [record]);
  const refused = earlierCreate({ class: 'compensate', state: 'reverting', added: [record] });
  assert.deepEqual(refused.refusedContent, [record]);
  assert.deepEqual(earlierCreate({ class: 'veto', added: [record] }).refusedContent, []);
});

test('issue 13: a create that an earlier release was about to send proves nothing', () => {
  const { created, requested } = earlierCreate({ created: true });
  assert.deepEqual({ created, requested }, { created: false, requested: true });
});

test('a create of an earlier release that was read back is proved, and other operations stay as they are', () => {
  for (const create of [
    earlierCreate({ created: true, snapshot: [record] }),
    earlierCreate({ created: false }),
  ])
    assert.deepEqual([create.created, create.requested], [create.snapshot.length > 0, false]);
});
