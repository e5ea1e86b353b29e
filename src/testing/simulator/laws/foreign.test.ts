/**
 * Issue 13: tests the excuses of the laws on foreign data. Beside each excused case is a similar one that is
 * not excused.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { LedgerRow, RecordState } from '../../../core/ledger.ts';
import { sampleRow } from '../../contracts/journal.ts';
import { a, zone } from '../given.ts';
import { JournalWitness } from '../journal-witness.ts';
import { Provenance, type WriteRequest } from '../provenance.ts';
import { Judgement } from './judgement.ts';
import { observeForeign } from './foreign.ts';
import { operation, sent, type Facts } from './wrong.ts';

const [www, hand] = [a('www', 1), a('hand', 1)];
const minute = 60_000;

/**
 * A central that had the zone with `www` before the first engine started, and requests of an engine to it.
 */
class Scene {
  readonly zones = new Map<DnsName, Map<string, ResourceRecord>>();
  readonly provenance = new Provenance(this.zones);
  readonly witness = new JournalWitness();
  readonly #judgement = new Judgement();

  /** @param isOurs whether the zone is synced in the ledger from the start */
  constructor({ isOurs = true, byName = false } = {}) {
    this.zones.set(zone, new Map([[recordId(www), www]]));
    this.provenance.start(0);
    observeForeign(this.provenance, this.witness, this.#judgement, { showsByName: () => byName });
    if (isOurs) this.count('synced');
  }

  /** Sets the state of the zone in the ledger. */
  count(state: 'synced' | 'panel-only'): void {
    const entry = { zone, state, incarnation: 1, baselineAt: 0, note: null };
    this.witness.committed({ zones: [entry] }, 1);
  }

  row(record: ResourceRecord, state: RecordState): void {
    const row: LedgerRow = sampleRow(1, { record, state });
    this.witness.committed({ rows: [{ zone, put: [row] }] }, 1);
  }

  journal(facts: Facts): void {
    this.witness.committed({ operations: [operation(facts)] }, 1);
  }

  otherAdds(record: ResourceRecord, at: number): void {
    this.zones.get(zone)?.set(recordId(record), record);
    this.provenance.look(at);
  }

  /** Deletes the zone and creates it again, as another writer. */
  otherMakesAgain(at: number): void {
    this.zones.delete(zone);
    this.provenance.look(at - 1);
    this.zones.set(zone, new Map());
    this.provenance.look(at);
  }

  /** Sends a request of an engine. By default it belongs to the operation `wrong`. */
  send(
    kind: WriteRequest['kind'],
    record: ResourceRecord | null,
    sentAt: number,
    id = 'wrong',
  ): WriteRequest {
    const content = kind === 'create' && record !== null ? [record] : [];
    const what = kind === 'create' ? null : record;
    return this.provenance.sent({ kind, operation: id, zone, record: what, content, sentAt });
  }

  /** Carries out a request and answers it. */
  land(request: WriteRequest, at: number): void {
    const { kind, record } = request;
    this.provenance.land(request, at, () => {
      const records = this.zones.get(zone);
      if (kind === 'delete') this.zones.delete(zone);
      else if (kind === 'create') this.zones.set(zone, new Map());
      else if (kind === 'remove' && record !== null) records?.delete(recordId(record));
      else if (record !== null) records?.set(recordId(record), record);
    });
    request.answeredAt = at;
  }

  does(kind: WriteRequest['kind'], record: ResourceRecord | null, at: number, id?: string): void {
    this.land(this.send(kind, record, at, id), at + 20);
  }

  get verdict(): readonly string[] {
    const laws = this.#judgement.violations.map(({ law }) => law);
    return [...new Set([...laws, ...this.#judgement.excuses.keys()])];
  }
}

const removed = ['foreign.removed'];

test('foreign: what somebody wrote since the last read is not seen, with an earlier or no read it is ours to see', () => {
  for (const [what, readAt, sentAt, verdict] of [
    ['read before it was written', 90, 150, ['unread']],
    ['read at that moment', 100, 150, ['unread']],
    ['read after it was written', 110, 150, removed],
    ['read in an earlier step', 90, 90 + minute + 1, removed],
    ['never read', null, 150, removed],
  ] as const) {
    const scene = new Scene();
    if (readAt !== null) scene.provenance.read('wrong', zone, readAt);
    scene.otherAdds(hand, 100);
    scene.does('remove', hand, sentAt);
    assert.deepEqual(scene.verdict, verdict, what);
  }
});

test('foreign: a read by another operation excuses none', () => {
  const scene = new Scene();
  scene.provenance.read('other', zone, 90);
  scene.otherAdds(hand, 100);
  scene.does('remove', hand, 150);
  assert.deepEqual(scene.verdict, removed);
});

test('foreign: what a request without an answer may have written may be ours', () => {
  for (const [what, record, sentAt, isAnswered, verdict] of [
    ['without an answer', hand, 50, false, ['same-data']],
    ['answered', hand, 50, true, removed],
    ['about another record', a('hand', 2), 50, false, removed],
    ['too long ago', hand, 200 - 12 * minute - 1, false, removed],
  ] as const) {
    const scene = new Scene();
    const request = scene.send('add', record, sentAt, 'other');
    if (isAnswered) request.answeredAt = 60;
    scene.otherAdds(hand, 100);
    scene.does('remove', hand, 200);
    assert.deepEqual(scene.verdict, verdict, what);
  }
});

test("foreign: what a comparison has listed as the central's own is not ours, whatever is unanswered", () => {
  for (const [state, verdict] of [
    ['central-only', removed],
    ['conflict', ['same-data']],
    ['synced', []],
  ] as const) {
    const scene = new Scene();
    scene.send('add', hand, 50, 'other');
    scene.otherAdds(hand, 100);
    scene.row(hand, state);
    scene.does('remove', hand, 200);
    assert.deepEqual(scene.verdict, verdict, state);
  }
});

test('foreign: an edit that was accepted makes a record ours, one that was refused does not, nor the undo of its own', () => {
  for (const [what, facts, verdict] of [
    ['accepted', { id: 'other', state: 'applied', items: sent(null, hand) }, []],
    ['confirmed', { id: 'other', state: 'confirmed', items: sent(null, hand) }, []],
    ['refused', { id: 'other', state: 'refused', items: sent(null, hand) }, removed],
    ['of another record', { id: 'other', state: 'applied', items: sent(null, www) }, removed],
    ['its own undo', { id: 'wrong', state: 'applied', items: sent(null, hand) }, removed],
  ] as const) {
    const scene = new Scene();
    scene.otherAdds(hand, 100);
    scene.journal(facts);
    scene.does('remove', hand, 200);
    assert.deepEqual(scene.verdict, verdict, what);
  }
});

test('foreign: an undo takes no record away that was synced only after somebody had written it', () => {
  for (const [items, verdict] of [
    [sent(hand, null), []],
    [sent(null, hand), removed],
  ] as const) {
    const scene = new Scene();
    scene.journal({ items });
    scene.row(hand, 'synced');
    scene.otherAdds(hand, 100);
    scene.does('remove', hand, 200);
    assert.deepEqual(scene.verdict, verdict);
  }
});

test('foreign: what stood in a new zone before it was read back looks like a default record', () => {
  for (const [writtenAt, verdict] of [
    [100, ['in-snapshot']],
    [200, removed],
  ] as const) {
    const scene = new Scene({ isOurs: false });
    scene.zones.delete(zone);
    scene.provenance.look(10);
    scene.does('create', null, 20, 'create');
    if (writtenAt < 150) scene.otherAdds(hand, writtenAt);
    scene.provenance.read('create', zone, 150);
    if (writtenAt > 150) scene.otherAdds(hand, writtenAt);
    scene.does('remove', hand, 300);
    assert.deepEqual(scene.verdict, verdict, String(writtenAt));
  }
});

test('foreign: a snapshot counts only of a create that made the zone', () => {
  for (const [created, verdict] of [
    [true, ['in-snapshot']],
    [false, removed],
  ] as const) {
    const scene = new Scene();
    scene.otherAdds(hand, 100);
    scene.journal({ id: 'create', kind: 'zone-create', created, snapshot: [hand] });
    scene.does('remove', hand, 200);
    assert.deepEqual(scene.verdict, verdict);
  }
});

test('foreign: with a deleted zone goes what a central does not show, or what was known to be in it', () => {
  for (const [what, byName, snapshot, isListed, verdict] of [
    ['neither', false, [], false, removed],
    ['not shown', true, [], false, ['not-shown']],
    ['in the snapshot of the delete', false, [hand], false, []],
    ['listed', false, [], true, []],
  ] as const) {
    const scene = new Scene({ byName });
    scene.row(www, 'synced');
    scene.otherAdds(hand, 100);
    if (isListed) scene.row(hand, 'central-only');
    scene.journal({ kind: 'zone-delete', snapshot });
    scene.does('delete', null, 200);
    assert.deepEqual(scene.verdict, verdict, what);
  }
});

test('foreign: a single record that is removed was shown, whatever the central cannot show', () => {
  const scene = new Scene({ byName: true });
  scene.otherAdds(hand, 100);
  scene.does('remove', hand, 200);
  assert.deepEqual(scene.verdict, removed);
});

test('foreign: a zone that somebody made again is still counted on, but not deleted', () => {
  for (const [what, isCounted, kind, verdict] of [
    ['counted on', true, 'add', ['made-again']],
    ['not counted on', false, 'add', ['foreign.added']],
    ['counted on and deleted', true, 'delete', ['foreign.zone']],
  ] as const) {
    const scene = new Scene({ isOurs: isCounted });
    scene.otherMakesAgain(100);
    scene.does(kind, kind === 'add' ? hand : null, 200);
    assert.deepEqual(scene.verdict, verdict, what);
  }
});

test('foreign: a zone left alone from the start is not made again by anybody', () => {
  const scene = new Scene({ isOurs: false });
  scene.count('panel-only');
  scene.does('add', hand, 200);
  assert.deepEqual(scene.verdict, ['foreign.added']);
});

test('foreign: a zone that a create without an answer may have made may be ours', () => {
  for (const [isAnswered, verdict] of [
    [false, ['same-data']],
    [true, ['foreign.added']],
  ] as const) {
    const scene = new Scene({ isOurs: false });
    const create = scene.send('create', null, 50, 'create');
    if (isAnswered) create.answeredAt = 60;
    scene.otherMakesAgain(100);
    scene.does('add', hand, 200);
    assert.deepEqual(scene.verdict, verdict);
  }
});

test('foreign: an operation puts back what it took itself, and no other does', () => {
  for (const [id, verdict] of [
    ['wrong', []],
    ['other', ['foreign.added']],
  ] as const) {
    const scene = new Scene();
    scene.row(www, 'synced');
    scene.does('remove', www, 50);
    // The ledger drops the zone between the two requests.
    scene.witness.committed({ dropZones: [zone] }, 60);
    scene.does('add', www, 200, id);
    assert.deepEqual(scene.verdict, verdict);
  }
});
