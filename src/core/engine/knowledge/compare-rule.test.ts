import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { sampleRow } from '../../../testing/contracts/journal.ts';
import { a, apex, zone } from '../../../testing/simulator/given.ts';
import type { LedgerRow } from '../../ledger.ts';
import { compareSides, type Comparison } from './compare-rule.ts';

const one = a('www', 1);
const two = a('www', 2);
const text = makeRecord({ name: 'www', type: 'TXT', rdata: '"x"' }, zone);
const cname = makeRecord({ name: 'www', type: 'CNAME', rdata: 'example.net.' }, zone);

interface Given {
  readonly panel?: readonly ResourceRecord[];
  readonly central?: readonly ResourceRecord[];
  readonly rows?: readonly LedgerRow[];
  readonly baseline?: boolean;
  readonly follow?: boolean;
  readonly busy?: readonly ResourceRecord[];
}

function row(record: ResourceRecord, parts: Partial<LedgerRow> = {}): LedgerRow {
  return sampleRow(1, { record, panelKey: 'key', ...parts });
}

function compare({ panel = [], central = [], rows = [], busy = [], ...options }: Given): Comparison {
  const keyed = panel.map((record) => ({ ...record, key: 'key' }));
  return compareSides(zone, keyed, central, rows, {
    baseline: options.baseline ?? false,
    busy: new Set(busy.map(recordId)),
    follow: options.follow ?? false,
  });
}

function states(given: Given): string[] {
  return compare(given).put.map(({ state }) => state);
}

test('issue 13: at the baseline what both have is synchronised, and what one has stays with it', () => {
  assert.deepEqual(states({ baseline: true, panel: [one], central: [one] }), ['synced']);
  assert.deepEqual(states({ baseline: true, panel: [one] }), ['panel-only']);
  assert.deepEqual(states({ baseline: true, central: [one] }), ['central-only']);
});

test('issue 13: after the baseline what only the panel has is new, unless it was there before', () => {
  assert.deepEqual(compare({ panel: [one] }).additions, [{ ...one, key: 'key' }]);
  const before = [row(one, { state: 'panel-only', onCentral: true })];
  assert.deepEqual(states({ panel: [one], rows: before }), ['panel-only']);
});

test('issue 13: two values for one place conflict, also a CNAME and anything else; two types do not', () => {
  assert.deepEqual(states({ panel: [one], central: [two] }), ['conflict', 'conflict']);
  assert.deepEqual(states({ panel: [cname], central: [two] }), ['conflict', 'conflict']);
  assert.deepEqual(states({ panel: [one], central: [cname] }), ['conflict', 'conflict']);
  assert.deepEqual(states({ baseline: true, panel: [one], central: [text] }), ['panel-only', 'central-only']);
  assert.deepEqual(states({ baseline: true, panel: [one, two] }), ['panel-only', 'panel-only']);
  const elsewhere = a('ftp', 2);
  assert.deepEqual(states({ baseline: true, panel: [one], central: [elsewhere] }), [
    'panel-only',
    'central-only',
  ]);
});

test('issue 13: a record of an open edit is no rival and gets no row', () => {
  assert.deepEqual(states({ baseline: true, panel: [one], central: [two], busy: [two] }), ['panel-only']);
  assert.deepEqual(states({ panel: [one], central: [one], busy: [one] }), []);
});

test('issue 14: an alias waits while an open operation decides about a record beside it, and the other way round', () => {
  const waiting = (given: Given): unknown => {
    const { put, additions, waiting: held } = compare({ busy: [two, cname], ...given });
    return [put, additions, held].map((list) => list.length);
  };
  assert.deepEqual(waiting({ panel: [cname], central: [two], busy: [two] }), [0, 0, 1]);
  assert.deepEqual(waiting({ panel: [one], central: [cname] }), [0, 0, 1]);
  assert.deepEqual(waiting({ panel: [one], central: [two] }), [0, 1, 0]);
  assert.deepEqual(waiting({ panel: [cname], central: [], busy: [two] }), [0, 1, 0]);
  assert.deepEqual(waiting({ panel: [cname], central: [a('ftp', 2)], busy: [a('ftp', 2)] }), [0, 1, 0]);
});

test('issue 13: a synchronised record that one side lost conflicts, as does a conflict that stays', () => {
  assert.deepEqual(states({ central: [one], rows: [row(one)] }), ['conflict']);
  assert.deepEqual(states({ panel: [one], rows: [row(one)] }), ['conflict']);
  const conflict = [row(one, { state: 'conflict', onPanel: false })];
  assert.deepEqual(states({ panel: [one], rows: conflict }), ['conflict']);
});

test('issue 13: an excluded record stays excluded, wherever it is', () => {
  const excluded = [row(one, { state: 'excluded', onPanel: false, onCentral: false })];
  for (const given of [{ panel: [one], central: [one] }, { panel: [one] }, { central: [one] }])
    assert.deepEqual(states({ ...given, rows: excluded }), ['excluded']);
});

test('issue 13: a removal in the panel is followed only if asked for, of a synchronised record that the central has', () => {
  const gone = (given: Given): unknown => compare({ follow: true, rows: [row(one)], ...given }).gone;
  assert.deepEqual(gone({ central: [one] }), [one]);
  assert.deepEqual(gone({ central: [one], follow: false }), []);
  assert.deepEqual(gone({ central: [one], panel: [one] }), []);
  assert.deepEqual(gone({ central: [one], busy: [one] }), []);
  assert.deepEqual(gone({ central: [one], rows: [row(one, { state: 'conflict' })] }), []);
  const { put, drop, gone: none } = compare({ follow: true, rows: [row(one)] });
  assert.deepEqual([put, drop, none], [[], [one], []]);
});

test('issue 13: what goes is no rival of what comes', () => {
  const { additions } = compare({ follow: true, rows: [row(one)], central: [one], panel: [two] });
  assert.deepEqual(additions.map(recordId), [recordId(two)]);
});

test('issue 13: a row that is still true is not written again; any other change writes it', () => {
  const both = { panel: [one], central: [one] };
  const rewritten = (known: Partial<LedgerRow>): number =>
    compare({ ...both, rows: [row(one, known)] }).put.length;
  assert.equal(rewritten({}), 0);
  assert.equal(rewritten({ state: 'conflict' }), 1);
  assert.equal(rewritten({ onPanel: false }), 1);
  assert.equal(rewritten({ onCentral: false }), 1);
  assert.equal(rewritten({ panelKey: 'another' }), 1);
  assert.equal(rewritten({ otherKeys: ['second'] }), 1);
});

test('issue 13: the keys of all rows of the panel count, in any order', () => {
  const rows = (keys: readonly string[], known: Partial<LedgerRow>): LedgerRow[] => {
    const panel = keys.map((key) => ({ ...one, key }));
    const options = { baseline: false, busy: new Set<string>() };
    return [...compareSides(zone, panel, [one], [row(one, { panelKey: 'a', ...known })], options).put];
  };
  assert.deepEqual(rows(['a', 'b', 'c'], { otherKeys: ['c', 'b'] }), []);
  assert.deepEqual(rows(['a', 'b', 'c'], { otherKeys: ['b', 'd'] })[0]?.otherKeys, ['b', 'c']);
});

test('issue 13: a note outlives a comparison only with the state it explains', () => {
  const noted = { note: 'note.old-gone', onPanel: false };
  const note = (state: LedgerRow['state']): unknown =>
    compare({ panel: [one], central: [one], rows: [row(one, { ...noted, state })] }).put[0]?.note;
  assert.equal(note('synced'), 'note.old-gone');
  assert.equal(note('conflict'), null);
});

test("issue 13: the central's own records and the signer's are no part of a comparison", () => {
  const soa = makeRecord(
    { name: '@', type: 'SOA', rdata: 'ns1.example.net. h.example.net. 1 2 3 4 5' },
    zone,
  );
  const dnskey = makeRecord({ name: '@', type: 'DNSKEY', rdata: '257 3 13 AAAA' }, zone);
  const own = [soa, apex, dnskey];
  for (const given of [{ panel: own }, { central: own }])
    assert.deepEqual(compare(given), { put: [], drop: [], additions: [], waiting: [], gone: [] });
  const delegation = makeRecord({ name: 'sub', type: 'NS', rdata: 'ns1.example.net.' }, zone);
  assert.equal(compare({ panel: [delegation] }).additions.length, 1);
});
