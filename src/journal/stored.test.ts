import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleOperation } from '../testing/journal-contract.ts';
import type { Operation } from '../core/operation.ts';
import { readOperation } from './stored.ts';

/** As an earlier release wrote it. */
function earlier(changes: Partial<Operation>): Operation {
  const { requested: _, ...operation } = sampleOperation('1', { kind: 'zone-create', ...changes });
  return readOperation(JSON.stringify(operation));
}

test('issue 13: a create that an earlier release was about to send proves nothing', () => {
  const { created, requested } = earlier({ created: true });
  assert.deepEqual({ created, requested }, { created: false, requested: true });
});

test('a create of an earlier release that was read back is proved, and other operations stay as they are', () => {
  const snapshot = sampleOperation('1').added;
  for (const operation of [earlier({ created: true, snapshot }), earlier({ created: false })])
    assert.deepEqual([operation.created, operation.requested], [operation.snapshot.length > 0, false]);
});
