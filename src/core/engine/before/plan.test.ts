import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatRecord, makeRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import {
  sampleCreate,
  sampleDelete,
  sampleOperation,
  sampleRow,
} from '../../../testing/contracts/journal.ts';
import { a, apex, zone } from '../../../testing/simulator/given.ts';
import type { LedgerRow } from '../../ledger.ts';
import { edits, type Operation, type OperationItem, type RecordsOperation } from '../../operation.ts';
import { rowsInPanel } from '../../panel.ts';
import {
  busyIds,
  knowledgeOf,
  knownRecords,
  likelyThere,
  planChange,
  sortItems,
  withoutClashes,
} from './plan.ts';

const one = a('www', 1);
const two = a('www', 2);
const three = a('www', 3);
const elsewhere = a('ftp', 1);

function row(record: ResourceRecord, parts: Partial<LedgerRow> = {}): LedgerRow {
  return sampleRow(1, { record, ...parts });
}

function edit(
  remove: ResourceRecord | null,
  add: ResourceRecord | null,
  parts: Partial<RecordsOperation> = {},
) {
  return sampleOperation('1', { items: [{ remove, add, mirrored: true, note: null }], added: [], ...parts });
}

function knowing(rows: readonly LedgerRow[], operations: readonly Operation[] = []) {
  return knowledgeOf(zone, rows, operations);
}

function mirrored(remove: ResourceRecord | null, add: ResourceRecord | null): OperationItem {
  return { remove, add, mirrored: true, note: null };
}

test('issue 13: open edits are known as open; what ended ones wrote is known as late', () => {
  const watch = { until: 1, added: [two], removed: [] };
  const { open, late } = knowing(
    [],
    [edit(null, one, { added: [one] }), edit(null, two, { state: 'reverted', added: [three], watch })],
  );
  assert.deepEqual(
    edits(open).map(({ items }) => items[0]?.add),
    [one],
  );
  assert.deepEqual([...late], [recordId(two)]);
});

test('issue 13: a key may mean what the panel has and what open edits add, not what it has no longer', () => {
  const known = knownRecords(knowing([row(one), row(two, { onPanel: false })], [edit(elsewhere, three)]));
  assert.deepEqual(known, [
    { record: one, key: row(one).panelKey, otherKeys: [] },
    { record: three, key: null },
  ]);
});

test('issue 13: an open edit that adds what the panel has adds a row of it; a change of its TTL does not', () => {
  const rows = (operations: readonly Operation[]): unknown =>
    knownRecords(knowing([row(one)], operations))[0]?.rows;
  const kept = { state: 'kept', afterSeen: true } as const;
  assert.equal(rows([edit(null, one, kept)]), 2);
  // The edit changes a row of `two` into one of `one`. It may be the row that the ledger knows.
  assert.equal(rows([edit(two, one, kept)]), 1);
  assert.equal(rows([edit(null, one, kept), edit(null, one, kept)]), 3);
  assert.equal(rows([edit(one, { ...one, ttl: 5 }, kept)]), undefined);
  // The panel may refuse to list the record twice.
  assert.equal(rows([edit(null, one, { state: 'applied', afterSeen: false })]), undefined);
  assert.equal(rows([edit(null, one, { state: 'reverting', afterSeen: true })]), undefined);
});

test('issue 19: to and fro, and the edit back has ended before the first one: still one row of each', () => {
  const there = ['1', '2'].map((id) => edit(one, two, { id, state: 'kept' }));
  const known = knownRecords(knowing([row(one)], there));
  assert.deepEqual(
    known.map(({ record, rows }) => [recordId(record), rows]),
    [
      [recordId(one), 0],
      [recordId(two), 1],
    ],
  );
});

test('issue 19: an edit that the panel has made takes the last row; an edit back adds one row again', () => {
  const rows = (...states: RecordsOperation['state'][]): unknown => {
    const there = states.map((state, at) =>
      edit(...(at % 2 === 0 ? ([one, two] as const) : ([two, one] as const)), { id: String(at), state }),
    );
    const known = knownRecords(knowing([row(one)], there));
    return [one, two].map((record) => known.find((each) => recordId(each.record) === recordId(record))?.rows);
  };
  assert.deepEqual(rows('kept'), [0, undefined]);
  assert.deepEqual(rows('kept', 'kept'), [1, 0]);
  assert.deepEqual(rows('kept', 'kept', 'kept'), [0, 1]);
  assert.deepEqual(rows('kept', 'applied'), [1, undefined]);
  // The second edit removes the record that only the first one has added. So the panel has made the first.
  assert.deepEqual(rows('applied', 'kept'), [1, 0]);
  assert.deepEqual(rows('applied', 'applied'), [1, undefined]);
});

test('issue 14: an edit that the panel only reported is made, one of a comparison adds no row', () => {
  const rows = (operation: Operation): unknown => knownRecords(knowing([row(one)], [operation]))[0]?.rows;
  const heard = { class: 'compensate', state: 'applied' } as const;
  assert.equal(rows(edit(one, null, heard)), 0);
  assert.equal(rows(edit(null, one, heard)), 2);
  assert.equal(rows(edit(null, one, { class: 'follow', state: 'kept', afterSeen: true })), undefined);
  assert.equal(rows(edit(one, null, { class: 'follow', state: 'kept', afterSeen: true })), 0);
});

test('issue 14: what a panel never lists twice never counts as listed twice, whichever edits have ended', () => {
  // An edit ends with a read that shows its result. The ledger has what the last such read has shown.
  const law = (moves: boolean, isListed: boolean, ended: readonly boolean[]): void => {
    let ledger = isListed ? [row(one)] : moves ? [row(two)] : [];
    const all = ended.map((isEnded, at) => {
      const isAdd = isListed === (at % 2 === 1);
      const [from, to] = [moves ? two : null, one];
      const [remove, add] = isAdd ? [from, to] : [to, from];
      if (isEnded) ledger = add === null ? [] : [row(add)];
      return edit(remove, add, { id: String(10 + at), state: isEnded ? 'confirmed' : 'kept' });
    });
    const open = all.filter(({ state }) => state === 'kept');
    for (const known of knownRecords(knowledgeOf(zone, ledger, open, all.toReversed())))
      assert.ok(rowsInPanel(known) <= 1, JSON.stringify(known));
  };
  fc.assert(fc.property(fc.boolean(), fc.boolean(), fc.array(fc.boolean(), { maxLength: 9 }), law));
});

test('issue 19: a record that another row of the panel has too is neither removed nor added', () => {
  const kept = mirrored(one, one);
  for (const present of [[one], []]) {
    const { change } = planChange(knowing([row(one)]), [kept, mirrored(null, two)], present);
    assert.deepEqual(change.remove, []);
    assert.deepEqual(change.add.map(recordId), [recordId(two)]);
  }
});

test('issue 13: the central probably has what the ledger says, less what open edits removed, and what they added', () => {
  const rows = [row(one), row(two, { onCentral: false }), row(three)];
  const likely = likelyThere(knowing(rows, [edit(null, null, { removed: [one], added: [elsewhere] })]));
  assert.deepEqual(likely, [three, elsewhere]);
});

test('issue 13: open edits are about what they remove and what they add', () => {
  assert.deepEqual([...busyIds([edit(one, two)])], [recordId(one), recordId(two)]);
});

test('issue 13: an edit of a record that is not synchronised passes in the panel only', () => {
  const state = (kind: LedgerRow['state']): unknown =>
    sortItems(knowing([row(one, { state: kind })]), [{ remove: one, add: null }])[0]?.note;
  assert.equal(state('synced'), null);
  assert.equal(state('central-only'), null);
  assert.equal(state('panel-only'), 'note.panel-only');
  assert.equal(state('conflict'), 'note.conflict');
  assert.equal(state('excluded'), 'note.excluded');
});

test('issue 13: a new value beside a conflict or an excluded record stays in the panel, beside others it does not', () => {
  const note = (beside: ResourceRecord, kind: LedgerRow['state']): unknown =>
    sortItems(knowing([row(beside, { state: kind })]), [{ remove: null, add: two }])[0]?.note;
  assert.equal(note(one, 'conflict'), 'note.beside-conflict');
  assert.equal(note(one, 'excluded'), 'note.beside-excluded');
  assert.equal(note(one, 'synced'), null);
  assert.equal(note(one, 'panel-only'), null);
  assert.equal(note(elsewhere, 'conflict'), null);
  assert.equal(note(makeRecord({ name: 'www', type: 'TXT', rdata: '"x"' }, zone), 'conflict'), null);
});

test("issue 13: the central's own records and the signer's stay in the panel", () => {
  const dnskey = makeRecord({ name: '@', type: 'DNSKEY', rdata: '257 3 13 AAAA' }, zone);
  const notes = sortItems(knowing([]), [
    { remove: null, add: apex },
    { remove: apex, add: null },
    { remove: null, add: dnskey },
  ]).map(({ note }) => note);
  assert.deepEqual(notes, ['note.centrals-own', 'note.centrals-own', 'note.signers-own']);
});

test('issue 13: open edits tell how a record stands before a ledger that has it on one side; one that is mirrored comes first', () => {
  const rows = [row(one, { state: 'conflict' })];
  const items = [{ remove: null, add: one, mirrored: false, note: null }];
  const local = edit(null, one, { items });
  const note = (operations: readonly Operation[]): unknown =>
    sortItems(knowing(rows, operations), [{ remove: one, add: null }])[0]?.note;
  assert.equal(note([edit(null, one)]), null);
  assert.equal(note([local]), 'note.panel-only');
  assert.equal(note([edit(null, one), local]), null);
  assert.equal(note([local, edit(null, one)]), null);
});

test('issue 14: an open edit of the panel only does not keep back what the watch of an ended one brings to the central', () => {
  const items = [{ remove: elsewhere, add: one, mirrored: false, note: 'note.panel-only' }];
  const local = edit(elsewhere, one, { items });
  const watch = { until: 1, added: [], removed: [] };
  const ended = edit(null, one, { state: 'reverted', watch });
  const note = (operations: readonly Operation[], rows: readonly LedgerRow[] = []): unknown =>
    sortItems(knowing(rows, operations), [{ remove: one, add: two }])[0]?.note;
  assert.equal(note([local]), 'note.panel-only');
  assert.equal(note([ended, local]), null);
  assert.equal(note([ended, local], [row(one, { state: 'conflict' })]), 'note.conflict');
  const beside = edit(elsewhere, one, { items: items.map((item) => ({ ...item, note: 'note.excluded' })) });
  assert.equal(note([ended, beside]), 'note.excluded');
});

test('issue 13: a record that moves to a place left alone is removed where it was', () => {
  const rows = [row(elsewhere), row(one, { state: 'conflict' })];
  assert.deepEqual(sortItems(knowing(rows), [{ remove: elsewhere, add: two }]), [
    { remove: elsewhere, add: null, mirrored: true, note: null },
    { remove: null, add: two, mirrored: false, note: 'note.beside-conflict' },
  ]);
  const same = [row(three), row(one, { state: 'conflict' })];
  assert.deepEqual(sortItems(knowing(same), [{ remove: three, add: two }]), [
    { remove: three, add: two, mirrored: false, note: 'note.beside-conflict' },
  ]);
  const conflict = [row(elsewhere, { state: 'conflict' })];
  assert.equal(sortItems(knowing(conflict), [{ remove: elsewhere, add: two }]).length, 1);
});

test('issue 13: the change is only what the central lacks and what it still has', () => {
  const { change } = planChange(knowing([]), [mirrored(one, two), mirrored(elsewhere, three)], [one, three]);
  assert.deepEqual(change, { zone, remove: [one], add: [two] });
});

test('issue 13: a value that one item removes and another adds stays', () => {
  const { change } = planChange(knowing([]), [mirrored(one, two), mirrored(null, one)], [one]);
  assert.deepEqual(change, { zone, remove: [], add: [two] });
});

test('issue 13: an item of the panel only sends nothing', () => {
  const item = { ...mirrored(one, two), mirrored: false };
  assert.deepEqual(planChange(knowing([]), [item], [one]).change, { zone, remove: [], add: [] });
});

test('issue 13: another TTL replaces the record; the same TTL and an unknown one change nothing', () => {
  const old = { ...one, ttl: 300 };
  const changed = { ...one, ttl: 600 };
  const { change } = planChange(knowing([]), [mirrored(old, changed)], [old]);
  assert.deepEqual([change.remove, change.add], [[old], [changed]]);
  assert.deepEqual(planChange(knowing([]), [mirrored(old, changed)], [changed]).change.add, []);
  assert.deepEqual(planChange(knowing([]), [mirrored(null, changed)], [old]).change.add, []);
});

test('issue 13: a new value without a TTL takes that of its RRset, not that of another', () => {
  const ttlOf = (present: readonly ResourceRecord[]): unknown =>
    planChange(knowing([]), [mirrored(null, two)], present).change.add[0]?.ttl;
  assert.equal(ttlOf([one, { ...three, ttl: 300 }]), 300);
  assert.equal(ttlOf([{ ...elsewhere, ttl: 300 }]), null);
  const text = makeRecord({ name: 'www', type: 'TXT', rdata: '"x"', ttl: 300 }, zone);
  assert.equal(ttlOf([text]), null);
  const own = { ...two, ttl: 60 };
  const { change } = planChange(knowing([]), [mirrored(null, own)], [{ ...one, ttl: 300 }]);
  assert.equal(change.add[0]?.ttl, 60);
});

test('issue 13: an unknown value where the old one was means that somebody else wrote there', () => {
  const judged = (present: ResourceRecord, rows: LedgerRow[] = [], operations: Operation[] = []): unknown => {
    const item = planChange(knowing(rows, operations), [mirrored(one, two)], [present]).items[0];
    return [item?.mirrored, item?.note];
  };
  const foreign = [false, 'note.changed-at-central'];
  const gone = [true, 'note.old-gone'];
  assert.deepEqual(judged(one), [true, null]);
  assert.deepEqual(judged(three), foreign);
  assert.deepEqual(judged(two), gone);
  assert.deepEqual(judged(elsewhere), gone);
  assert.deepEqual(judged(makeRecord({ name: 'www', type: 'TXT', rdata: '"x"' }, zone)), gone);
  assert.deepEqual(judged(three, [row(three)]), gone);
  assert.deepEqual(judged(three, [], [edit(null, three)]), gone);
  const watch = { until: 1, added: [three], removed: [] };
  assert.deepEqual(judged(three, [], [edit(null, three, { state: 'reverted', watch })]), gone);
  const [item] = planChange(knowing([row(three)]), [mirrored(one, two)], [three, a('www', 9)]).items;
  assert.equal(item?.note, 'note.changed-at-central');
});

test('issue 13: a CNAME beside another record of the name is a problem, whichever comes second', () => {
  const cname = makeRecord({ name: 'www', type: 'CNAME', rdata: 'example.net.' }, zone);
  const problems = (items: readonly OperationItem[], present: readonly ResourceRecord[]): unknown =>
    planChange(knowing([]), items, present).problems.map(({ code }) => code);
  const clash = ['record.cname-clash'];
  assert.deepEqual(problems([mirrored(null, cname)], [one]), clash);
  assert.deepEqual(problems([mirrored(null, one)], [cname]), clash);
  assert.deepEqual(problems([mirrored(null, two)], [one]), []);
  assert.deepEqual(problems([mirrored(null, cname)], [elsewhere]), []);
  assert.deepEqual(problems([mirrored(one, cname)], [one]), []);
  assert.equal(planChange(knowing([]), [mirrored(null, cname), mirrored(null, one)], []).problems.length, 2);
});

test('issue 14: a record that another row of the panel keeps is in the way of an alias once, and quotes only what is there', () => {
  const cname = makeRecord({ name: 'www', type: 'CNAME', rdata: 'elsewhere.example.net.' }, zone);
  const quoted = (items: readonly OperationItem[], present: readonly ResourceRecord[]) =>
    planChange(knowing([row(one)]), items, present).problems.map(({ params }) => params['existing']);
  const items = [mirrored(one, one), mirrored(null, cname)];
  assert.deepEqual(quoted(items, [one]), [formatRecord(one)]);
  assert.deepEqual(quoted(items, []), [formatRecord(one)], 'the central has lost it');
  assert.deepEqual(quoted([mirrored(one, cname)], [one]), []);
});

test('a CNAME beside a synced record that the central lacks is a problem, unless an open edit takes that record away', () => {
  const cname = makeRecord({ name: 'www', type: 'CNAME', rdata: 'example.net.' }, zone);
  const clashes = (open: readonly Operation[]): number => {
    const knowledge = knowing([row(one, { state: 'synced' })], open);
    return planChange(knowledge, [mirrored(null, cname)], []).problems.length;
  };
  assert.equal(clashes([]), 1);
  assert.equal(clashes([edit(one, null)]), 0);
  // If the removal is being undone, the record will return. An edit of only the TTL does not remove the
  // record.
  assert.equal(clashes([edit(one, null, { state: 'reverting' })]), 1);
  assert.equal(clashes([edit(one, one)]), 1);
  assert.equal(clashes([edit(null, one, { state: 'reverting' })]), 0);
});

test('issue 13: an open edit that passes in the panel only does not keep the delete of a record that both sides have from the central', () => {
  const local = edit(two, one, {
    items: [{ remove: two, add: one, mirrored: false, note: 'note.conflict' }],
  });
  const deleting = [{ remove: one, add: null }];
  const noted = (rows: readonly LedgerRow[], operations: readonly Operation[]): unknown =>
    sortItems(knowing(rows, operations), deleting).map(({ mirrored: sent, note }) => [sent, note]);
  assert.deepEqual(noted([row(one, { state: 'synced' })], [local]), [[true, null]]);
  assert.deepEqual(noted([], [edit(null, one), local]), [[true, null]]);
  assert.deepEqual(noted([], [local]), [[false, 'note.panel-only']]);
});

test('issue 14: an edit of what an open edit keeps out beside an excluded record does not end that exclusion', () => {
  const noted = (note: string): unknown => {
    const local = edit(null, one, { items: [{ remove: null, add: one, mirrored: false, note }] });
    return sortItems(knowing([], [local]), [{ remove: one, add: one }])[0]?.note;
  };
  assert.equal(noted('note.beside-excluded'), 'note.excluded');
  assert.equal(noted('note.excluded'), 'note.excluded');
  assert.equal(noted('note.beside-conflict'), 'note.panel-only');
});

test('issue 14: what an edit of ours has removed was replaced by nobody else', () => {
  const stranger = a('www', 9);
  const note = (recent: readonly Operation[]): unknown =>
    planChange(knowledgeOf(zone, [row(one)], [], recent), [mirrored(one, two)], [stranger]).items[0]?.note;
  const taking = edit(one, null, { removed: [one], state: 'applied' });
  assert.equal(note([taking]), 'note.old-gone');
  // The operations are listed newest first. In the first case an edit added the record after its removal. In
  // the second, the removal was undone. In the third, its outcome is unknown.
  assert.equal(note([edit(null, one), taking]), 'note.changed-at-central');
  assert.equal(note([{ ...taking, state: 'reverted' }]), 'note.changed-at-central');
  assert.equal(note([{ ...taking, state: 'refused' }]), 'note.changed-at-central');
  assert.equal(note([{ ...taking, state: 'refused' }, taking]), 'note.old-gone');
  // Only the newest edit of the record counts.
  assert.equal(note([{ ...taking, state: 'reverting' }, taking]), 'note.changed-at-central');
  assert.equal(note([{ ...taking, state: 'reverting' }]), 'note.changed-at-central');
});

test('issue 13: what operations have removed, or may have, is not known to be there', () => {
  const watch = { until: 1, added: [three], removed: [two] };
  const unsure = (operation: Operation): unknown => [...knowing([], [operation]).unsure];
  const late = edit(null, null, { state: 'reverted', removed: [one], watch });
  assert.deepEqual(unsure(late), [one, two].map(recordId));
  assert.deepEqual(unsure({ ...late, watch: null }), [recordId(one)]);
  assert.deepEqual(unsure(sampleDelete('1', { snapshot: [one], formerlyOurs: [one], watch })), [
    recordId(two),
  ]);
  assert.deepEqual(unsure(sampleCreate('1', { removed: [one], added: [three] })), [recordId(one)]);
});

test('issue 13: what open edits of other records add says nothing of a record', () => {
  const local = edit(null, three, { items: [{ remove: null, add: three, mirrored: false, note: null }] });
  const note = (operations: readonly Operation[]): unknown =>
    sortItems(knowing([], operations), [{ remove: one, add: null }])[0]?.note;
  assert.equal(note([local]), null);
  assert.equal(note([edit(one, null)]), null);
  const conflict = knowing([row(one, { state: 'conflict' })], [edit(null, three)]);
  assert.equal(sortItems(conflict, [{ remove: one, add: null }])[0]?.note, 'note.conflict');
});

test('issue 13: a record of which only its TTL is edited, and that is gone at the central, is added', () => {
  const [slow, fast] = [
    { ...one, ttl: 3_600 },
    { ...one, ttl: 60 },
  ];
  const { change } = planChange(knowing([]), [mirrored(slow, fast)], [elsewhere]);
  assert.deepEqual(change, { zone, remove: [], add: [fast] });
  // The central's record is removed, although its TTL differs from the one that the panel showed.
  const there = { ...one, ttl: 5 };
  assert.deepEqual(planChange(knowing([]), [mirrored(slow, fast)], [there]).change.remove, [there]);
});

test('issue 13: an item of the panel only does not keep what another one removes', () => {
  const items = [mirrored(one, null), { ...mirrored(null, one), mirrored: false }];
  assert.deepEqual(planChange(knowing([]), items, [one]).change.remove, [one]);
});

test('issue 13: what passes in the panel only is in nobody’s way', () => {
  const cname = makeRecord({ name: 'www', type: 'CNAME', rdata: 'example.net.' }, zone);
  const local = { ...mirrored(null, cname), mirrored: false };
  assert.deepEqual(planChange(knowing([]), [local], [one]).problems, []);
  assert.deepEqual(planChange(knowing([]), [local, mirrored(null, one)], []).problems, []);
});

test('issue 13: a record that both sides had agreed on is in the way, though a late write took it from the central', () => {
  const cname = makeRecord({ name: 'www', type: 'CNAME', rdata: 'example.net.' }, zone);
  const clashing = (rows: readonly LedgerRow[], operations: readonly Operation[] = []): number =>
    planChange(knowing(rows, operations), [mirrored(null, cname)], []).problems.length;
  assert.equal(clashing([row(one)]), 1);
  assert.equal(clashing([row(one, { state: 'panel-only' })]), 0);
  assert.equal(clashing([row(one)], [edit(one, null)]), 0);
  assert.equal(planChange(knowing([row(one)]), [mirrored(null, cname)], [one]).problems.length, 1);
});

test('a change goes without what a CNAME does not tolerate', () => {
  const cname = makeRecord({ name: 'www', type: 'CNAME', rdata: 'example.net.' }, zone);
  const left = (add: readonly ResourceRecord[], held: readonly ResourceRecord[]): unknown =>
    withoutClashes({ zone, remove: [two], add }, held);
  assert.deepEqual(left([cname, elsewhere], [one]), { zone, remove: [two], add: [elsewhere] });
  assert.deepEqual(left([one, elsewhere], [cname]), { zone, remove: [two], add: [elsewhere] });
  assert.deepEqual(left([cname], [two, cname]), { zone, remove: [two], add: [cname] });
  assert.deepEqual(left([one], [three]), { zone, remove: [two], add: [one] });
});
