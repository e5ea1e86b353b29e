import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { sampleOperation, sampleRow } from '../../../testing/contracts/journal.ts';
import { a, apex, zone } from '../../../testing/simulator/given.ts';
import type { LedgerRow } from '../../ledger.ts';
import type { OperationItem } from '../../operation.ts';
import { rowsAfter } from './ledger-rows.ts';

const one = a('www', 1);
const two = a('www', 2);

interface Given {
  readonly panel?: readonly ResourceRecord[];
  readonly central?: readonly ResourceRecord[];
  readonly rows?: readonly LedgerRow[];
  readonly busy?: readonly ResourceRecord[];
  readonly watched?: readonly ResourceRecord[];
}

function after(item: OperationItem, given: Given) {
  return endsOf([item], given);
}

/** Computes the ledger rows after edits with one item each have ended. */
function endsOf(
  items: readonly OperationItem[],
  { panel = [], central = [], rows = [], busy = [], watched = [] }: Given,
) {
  const records = panel.map((record) => ({ ...record, key: `key of ${record.rdata}` }));
  const ids = (some: readonly ResourceRecord[]): Set<string> => new Set(some.map(recordId));
  const ttls = new Map(panel.map((record) => [recordId(record), record.ttl]));
  const view = { records, ids: ids(panel), ttls, quiet: true, readAt: 0 };
  const truth = { view, central: ids(central), rows, busy: ids(busy), watched: ids(watched) };
  return rowsAfter(
    items.map((item, at) => sampleOperation(String(at), { zone, items: [item] })),
    truth,
  );
}

function added(record: ResourceRecord): OperationItem {
  return { remove: null, add: record, mirrored: true, note: null };
}

function local(note: string, record = one): OperationItem {
  return { remove: null, add: record, mirrored: false, note };
}

function states({ put }: ReturnType<typeof rowsAfter>): (string | boolean)[] {
  return put.flatMap(({ state, onPanel, onCentral }) => [state, onPanel, onCentral]);
}

test('issue 13: the row of a mirrored record says which sides have it', () => {
  assert.deepEqual(states(after(added(one), { panel: [one], central: [one] })), ['synced', true, true]);
  assert.deepEqual(states(after(added(one), { panel: [one] })), ['conflict', true, false]);
  assert.deepEqual(states(after(added(one), { central: [one] })), ['central-only', false, true]);
});

test('issue 13: the row of a record that no side has is dropped', () => {
  const { put, drop } = after(added(one), {});
  assert.deepEqual([put, drop], [[], [one]]);
});

test('issue 13: the row has the TTL and the key that the panel shows', () => {
  const [row] = after(added(one), { panel: [{ ...one, ttl: 77 }], central: [one] }).put;
  assert.equal(row?.record.ttl, 77);
  assert.equal(row?.panelKey, `key of ${one.rdata}`);
});

test('issue 13: of a record that another open edit is about, the panel tells what the central will have', () => {
  assert.deepEqual(states(after(added(one), { panel: [one], busy: [one] })), ['synced', true, true]);
  assert.deepEqual(after(added(one), { central: [one], busy: [one] }).drop, [one]);
});

test("issue 13: the central's own records have no row, and no comparison is due for them", () => {
  const { put, drop, local: due } = after(local('note.centrals-own', apex), { panel: [apex] });
  assert.deepEqual([put, drop, due], [[], [], false]);
});

test('issue 13: what passed in the panel only asks for a comparison and keeps what the row said of the central', () => {
  assert.equal(after(added(one), { panel: [one], central: [one] }).local, false);
  const row = sampleRow(1, { record: one, state: 'conflict', onPanel: false, onCentral: true });
  const said = { panel: [one], rows: [row] };
  const { local: due, ...rest } = after(local('note.conflict'), said);
  assert.equal(due, true);
  assert.deepEqual(states({ ...rest, local: due }), ['conflict', true, true]);
});

test('issue 13: a record of the panel only stands as its note says, unless its row says more', () => {
  const of = (note: string, state?: LedgerRow['state']): unknown => {
    const row = { record: one, state, onPanel: false, onCentral: false } as const;
    const rows = state === undefined ? [] : [sampleRow(1, { ...row, state })];
    return after(local(note), { panel: [one], rows }).put[0]?.state;
  };
  assert.equal(of('note.excluded'), 'excluded');
  assert.equal(of('note.beside-excluded'), 'excluded');
  assert.equal(of('note.panel-only'), 'panel-only');
  assert.equal(of('note.beside-conflict'), 'conflict');
  assert.equal(of('note.beside-conflict', 'panel-only'), 'panel-only');
  assert.equal(of('note.excluded', 'central-only'), 'excluded');
});

test('issue 13: a record of the panel only that is gone there stays with the central', () => {
  const rows = [sampleRow(1, { record: one, state: 'conflict', onCentral: true })];
  assert.deepEqual(states(after(local('note.conflict'), { rows })), ['central-only', false, true]);
});

test('issue 14: what passed in the panel only writes no row that others have made true since', () => {
  const item = { remove: one, add: two, mirrored: false, note: 'note.changed-at-central' };
  const rows = [sampleRow(1, { record: one, state: 'synced' })];
  // Three cases. The panel refused the edit. The panel made it, and the record is synced. The panel made it,
  // and another edit sends the new value.
  assert.deepEqual(after(item, { panel: [one], rows }).put, []);
  assert.deepEqual(after(item, { panel: [two], rows }).drop, []);
  assert.deepEqual(after(item, { panel: [two], busy: [two] }).put, []);
  // The panel has the record because of an earlier edit, which was given up and took effect late. That edit
  // is on watch.
  assert.deepEqual(after(item, { panel: [two], watched: [two] }).put, []);
  assert.deepEqual(states(after(item, { panel: [two] })), ['conflict', true, false]);
});

test('issue 14: of two edits that end together, the one that was sent has the say', () => {
  const items = [local('note.beside-conflict'), added(one)];
  assert.deepEqual(states(endsOf(items, { panel: [one], central: [one] })), ['synced', true, true]);
});
