import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { sampleOperation } from '../../../testing/contracts/journal.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import type { RecordsOperation } from '../../operation.ts';
import { claimant, towardsPanel } from './towards-panel.ts';

const one = a('www', 1);
const two = a('www', 2);

interface Given {
  readonly panel?: readonly ResourceRecord[];
  readonly central?: readonly ResourceRecord[];
  readonly late?: readonly ResourceRecord[];
  readonly others?: readonly RecordsOperation[];
}

function towards(operation: RecordsOperation, { panel = [], central = [], late = [], others = [] }: Given) {
  const ids = (records: readonly ResourceRecord[]): Set<string> => new Set(records.map(recordId));
  const ttls = (records: readonly ResourceRecord[]): Map<string, number | null> =>
    new Map(records.map((record) => [recordId(record), record.ttl]));
  const view = { ttls: ttls(panel) };
  const truth = { view, centralTtls: ttls(central), lateIds: ids(late) };
  const { change, inherited } = towardsPanel(zone, [operation], truth, others);
  return { remove: change.remove, add: change.add, heirs: inherited };
}

function edit(
  remove: ResourceRecord | null,
  add: ResourceRecord | null,
  parts: Partial<RecordsOperation> = {},
) {
  return sampleOperation('1', { items: [{ remove, add, mirrored: true, note: null }], added: [], ...parts });
}

test('issue 13: what an edit added and the panel does not show is removed, only if the edit wrote it', () => {
  const nothing = { remove: [], add: [], heirs: [] };
  assert.deepEqual(towards(edit(null, one, { added: [one] }), { central: [one] }), {
    ...nothing,
    remove: [one],
  });
  assert.deepEqual(towards(edit(null, one), { central: [one] }), nothing);
  assert.deepEqual(towards(edit(null, one), { central: [one], late: [one] }), { ...nothing, remove: [one] });
});

test('issue 13: what an edit removed goes when the panel has it no longer, and comes back when it has it', () => {
  assert.deepEqual(towards(edit(one, null), { central: [one] }).remove, [one]);
  const shown = { ...one, ttl: 77 };
  assert.deepEqual(towards(edit(one, null), { panel: [shown] }).add, [shown]);
  assert.deepEqual(towards(edit(one, null), { panel: [one], central: [one] }).add, []);
});

test('issue 13: an item that passed in the panel only is left alone', () => {
  const items = [{ remove: null, add: one, mirrored: false, note: null }];
  const { add, remove } = towards(edit(null, null, { items, added: [one] }), { central: [one] });
  assert.deepEqual([add, remove], [[], []]);
});

test('issue 13: another open edit that wants the record inherits it, with all it wrote itself', () => {
  const heir = sampleOperation('2', {
    items: [{ remove: null, add: one, mirrored: true, note: null }],
    added: [two],
  });
  const { remove, heirs } = towards(edit(null, one, { added: [one] }), { central: [one], others: [heir] });
  assert.deepEqual(remove, []);
  assert.deepEqual(
    heirs.map(({ id, added }) => [id, added]),
    [['2', [two, one]]],
  );
});

test('issue 13: a record that another open edit removes is not put back', () => {
  const other = edit(one, null, { id: '2' });
  assert.deepEqual(towards(edit(one, null), { panel: [one], others: [other] }).add, []);
});

test('issue 13: a record of which two open edits want opposite things is left to them', () => {
  const others = [edit(null, one, { id: '2' }), edit(one, null, { id: '3' })];
  assert.deepEqual(towards(edit(null, one), { panel: [one], others }).add, []);
  const { remove, heirs } = towards(edit(null, one, { added: [one] }), { central: [one], others });
  assert.deepEqual(remove, []);
  assert.deepEqual(
    heirs.map(({ id }) => id),
    ['2'],
  );
});

test('issue 13: a TTL that the panel does not show is put back, only where the edit wrote it', () => {
  const old = { ...one, ttl: 300 };
  const changed = { ...one, ttl: 600 };
  const given = { panel: [old], central: [changed] };
  const { remove, add } = towards(edit(old, changed, { added: [changed] }), given);
  assert.deepEqual([remove, add], [[changed], [old]]);
  assert.deepEqual(towards(edit(old, changed), given).add, []);
  assert.deepEqual(towards(edit(old, changed, { added: [changed] }), { ...given, central: [old] }).add, []);
  const others = [edit(null, changed, { id: '2' })];
  assert.deepEqual(towards(edit(old, changed, { added: [changed] }), { ...given, others }).add, []);
});

test('issue 13: a stuck edit, another part, and an item of the panel only claim nothing', () => {
  const id = recordId(one);
  assert.equal(claimant([edit(null, one)], id, 'add')?.id, '1');
  assert.equal(claimant([edit(null, one)], id, 'remove'), null);
  assert.equal(claimant([edit(null, two)], id, 'add'), null);
  assert.equal(claimant([edit(null, one, { state: 'stuck' })], id, 'add'), null);
  const items = [{ remove: null, add: one, mirrored: false, note: null }];
  assert.equal(claimant([edit(null, null, { items })], id, 'add'), null);
});
