/** Tests the outcome of an operation as the history shows it to a reader. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleCreate, sampleDelete, sampleOperation, sampleRow } from '../testing/contracts/journal.ts';
import type { OperationItem, RecordsOperation } from './operation.ts';
import { outcomeOf } from './outcome.ts';

const { record } = sampleRow(1);

function item(mirrored: boolean, note: string | null = null): OperationItem {
  return { remove: null, add: record, mirrored, note };
}

function confirmed(...items: readonly OperationItem[]): RecordsOperation {
  return sampleOperation('a', { state: 'confirmed', items, problems: [] });
}

test('an edit is done on both sides only if every item was seen there', () => {
  const old = item(true, 'note.old-gone');
  assert.deepEqual(outcomeOf(confirmed(item(true), old)), { kind: 'both-sides', why: [] });
  for (const [why, ...items] of [
    ['note.conflict', item(false, 'note.conflict')],
    ['central.refused', item(false, 'central.refused'), item(false, 'central.refused')],
    ['note.no-zone-yet', item(true, 'note.no-zone-yet')],
    ['note.not-at-central', item(true, 'note.not-at-central')],
  ] as const)
    assert.deepEqual(outcomeOf(confirmed(...items)), { kind: 'panel-only', why: [why] });
});

test('an edit of which the panel or the central has a part is done in part', () => {
  const mixed = confirmed(item(true), item(false, 'note.conflict'));
  assert.deepEqual(outcomeOf(mixed), { kind: 'partly', why: ['note.conflict'] });
  const otherwise = confirmed(item(true), item(true, 'note.kept-otherwise'));
  assert.deepEqual(outcomeOf(otherwise), { kind: 'partly', why: ['note.kept-otherwise'] });
  const neither = confirmed(item(false, 'note.conflict'), item(true, 'note.kept-otherwise'));
  assert.equal(outcomeOf(neither).kind, 'partly');
});

test('problems of earlier tries do not count once a zone is made or deleted, but what is left does', () => {
  const problem = (code: string): { problems: { code: string; params: Record<string, string> }[] } => ({
    problems: [{ code: 'central.unreachable', params: {} }, ...(code === '' ? [] : [{ code, params: {} }])],
  });
  const done = { state: 'confirmed' } as const;
  for (const operation of [
    sampleCreate('a', { ...done, ...problem('') }),
    sampleDelete('a', { ...done, ...problem('') }),
  ])
    assert.deepEqual(outcomeOf(operation), { kind: 'both-sides', why: [] });
  assert.deepEqual(outcomeOf(sampleCreate('a', { ...done, ...problem('zone.records-left') })), {
    kind: 'partly',
    why: ['zone.records-left'],
  });
  assert.deepEqual(outcomeOf(sampleDelete('a', { ...done, ...problem('zone.left-at-central') })), {
    kind: 'panel-only',
    why: ['zone.left-at-central'],
  });
});

test('an operation that is not confirmed says so, with the codes of its problems', () => {
  const why = ['central.refused'];
  const states = [
    ['prepared', 'under-way'],
    ['applied', 'under-way'],
    ['kept', 'under-way'],
    ['reverting', 'under-way'],
    ['refused', 'refused'],
    ['reverted', 'undone'],
    ['stuck', 'stuck'],
  ] as const;
  for (const [state, kind] of states)
    assert.deepEqual(outcomeOf(sampleOperation('a', { state })), { kind, why }, state);
  const open = sampleOperation('a', {
    state: 'applied',
    problems: [],
    items: [item(false, 'note.conflict')],
  });
  assert.deepEqual(outcomeOf(open), { kind: 'under-way', why: ['note.conflict'] });
});
