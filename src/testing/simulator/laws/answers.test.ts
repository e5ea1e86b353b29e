/**
 * Issue 13: tests the excuses of the laws on answers. Beside each excused case is a similar one that is not
 * excused.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { EditEvent, EditItem } from '../../../core/panel.ts';
import { a, zone } from '../given.ts';
import { administrator, recordsEvent } from '../edits.ts';
import { JournalWitness } from '../journal-witness.ts';
import { CentralStore } from '../sim-central.ts';
import { PanelStore } from '../sim-panel.ts';
import { checkAnswers, type SavedEdit } from './answers.ts';
import { Judgement } from './judgement.ts';
import { operation, sent, type Facts } from './wrong.ts';

const [www, ftp] = [a('www', 1), a('ftp', 1)];
const addFtp: EditItem = { remove: null, add: ftp };
const removeFtp: EditItem = { remove: ftp, add: null };

type Zones = Map<DnsName, Map<string, ResourceRecord>>;

function change(zones: Zones, { remove, add }: EditItem): void {
  const records = zones.get(zone);
  if (remove !== null) records?.delete(recordId(remove));
  if (add !== null) records?.set(recordId(add), add);
}

/**
 * A panel, a central and a journal. The hook call for one edit comes at time 10 and is refused at time 100.
 * The answer says that nothing was changed.
 */
class Scene {
  readonly panel = new PanelStore();
  readonly central = new CentralStore();
  readonly witness = new JournalWitness();
  readonly #event: EditEvent;
  readonly #items: readonly EditItem[];
  #effects = 0;

  /** @param had records of both sides at the start; null: neither side has the zone */
  constructor(event: EditEvent, items: readonly EditItem[], had: readonly ResourceRecord[] | null = [www]) {
    this.#event = event;
    this.#items = items;
    for (const { zones, provenance } of [this.panel, this.central]) {
      if (had !== null) zones.set(zone, new Map(had.map((record) => [recordId(record), record])));
      provenance.start(0);
    }
  }

  /** Commits an operation to the journal. By default, its id is `wrong` and it belongs to the edit. */
  journal(facts: Facts = {}, at = 10): void {
    const { fingerprint } = this.#event;
    const items = this.#items.map((item) => ({ ...item, mirrored: true, note: null }));
    const known = facts.kind === undefined ? operation({ fingerprint, items, ...facts }) : operation(facts);
    this.witness.committed({ operations: [known] }, at);
  }

  /** Makes the central carry out a request of this operation. */
  write(at: number, item: EditItem, id = 'wrong'): void {
    const kind = item.add === null ? 'remove' : 'add';
    const record = item.add ?? item.remove;
    this.request(at, { kind, record }, id, () => change(this.central.zones, item));
  }

  request(
    at: number,
    what: { readonly kind: 'add' | 'remove' | 'create' | 'delete'; readonly record: ResourceRecord | null },
    id: string,
    carryOut: () => void,
  ): void {
    const { provenance } = this.central;
    const request = provenance.sent({ ...what, operation: id, zone, content: [], sentAt: at });
    provenance.land(request, at, carryOut);
  }

  /** Changes one side as another writer. */
  otherWrites(at: number, item: EditItem, side: 'panel' | 'central' = 'central'): void {
    change(this[side].zones, item);
    this[side].provenance.look(at);
  }

  /** Marks the time of the answer. All later effects at the central come after the answer. */
  answered(): void {
    this.#effects = this.central.provenance.effects.length;
  }

  /**
   * Checks the laws.
   * @param others further edits
   * @returns the laws that are broken, and the excuses that were used
   */
  judge(others: readonly SavedEdit[] = []): {
    readonly laws: readonly string[];
    readonly excuses: readonly string[];
  } {
    const judgement = new Judgement();
    const asked = refused(this.#event, this.#items, this.#effects);
    const { panel, central, witness } = this;
    const causes = { isForgotten: () => false };
    checkAnswers({ panel, central, witness, index: 0, causes }, [asked, ...others], judgement);
    const laws = new Set(judgement.violations.map(({ law }) => law));
    // The law `answers.left` judges only the records that remain at the end of a history, so it is left out
    // here.
    laws.delete('answers.left');
    return { laws: [...laws], excuses: [...judgement.excuses.keys()] };
  }
}

function refused(event: EditEvent, items: readonly EditItem[], effects: number, askedAt = 10): SavedEdit {
  const verdict = { kind: 'refuse', problems: [], changed: 'nothing' } as const;
  const answer = {
    stage: 'before',
    askedAt,
    at: askedAt + 90,
    verdict,
    effects: [effects],
    numbers: [1],
  } as const;
  return { event, items, askedAt, answers: [answer], keptAt: null };
}

function edit(item: EditItem, had: readonly ResourceRecord[] = [www]): Scene {
  return new Scene(recordsEvent(zone, [item], 'before'), [item], had);
}

const nothing = { laws: ['answers.nothing'], excuses: [] };
const fine = { laws: [], excuses: [] };

test('answers.nothing: a record that was written and taken back is as before, one of two is not', () => {
  for (const [isUndone, verdict] of [
    [true, fine],
    [false, nothing],
  ] as const) {
    const scene = edit(addFtp);
    scene.journal();
    scene.write(20, addFtp);
    if (isUndone) scene.write(30, removeFtp);
    scene.answered();
    assert.deepEqual(scene.judge(), verdict);
  }
});

test('answers.nothing: what another open edit wants is its own, and nothing else is', () => {
  const claimed = { laws: [], excuses: ['claimed'] };
  for (const [what, facts, verdict] of [
    ['wants it', { items: sent(null, ftp), state: 'applied' }, claimed],
    ['was taken back', { items: sent(null, ftp), state: 'refused' }, nothing],
    ['wants it away', { items: sent(ftp, null), state: 'applied' }, nothing],
    ['wants another', { items: sent(null, www), state: 'applied' }, nothing],
    ['does not send it', { items: [{ ...addFtp, mirrored: false, note: null }], state: 'applied' }, nothing],
    ['is an equal edit', { ...equal(addFtp), state: 'applied', class: 'follow' }, nothing],
  ] as const) {
    const scene = edit(addFtp);
    scene.journal();
    scene.journal({ id: 'other', fingerprint: 'other', ...facts });
    scene.write(20, addFtp);
    scene.answered();
    assert.deepEqual(scene.judge(), verdict, what);
  }
});

function equal(item: EditItem): Facts {
  const { fingerprint } = recordsEvent(zone, [item], 'before');
  return { items: [{ ...item, mirrored: true, note: null }], fingerprint };
}

test('answers.nothing: of an edit that was taken back meanwhile nothing is put back, of others it is', () => {
  for (const [what, state, endedAt, verdict] of [
    ['taken back', 'reverted', 40, fine],
    ['refused', 'refused', 40, fine],
    ['taken back before', 'reverted', 5, nothing],
    ['kept', 'confirmed', 40, nothing],
  ] as const) {
    const scene = edit(removeFtp);
    const other = { id: 'other', fingerprint: 'other', items: sent(null, ftp) };
    scene.journal({ ...other, state: 'prepared' }, 1);
    scene.write(2, addFtp, 'other');
    if (endedAt < 10) scene.journal({ ...other, state }, endedAt);
    scene.journal();
    scene.write(30, removeFtp);
    if (endedAt > 10) scene.journal({ ...other, state }, endedAt);
    scene.answered();
    assert.deepEqual(scene.judge(), verdict, what);
  }
});

test('answers.nothing: where somebody wrote it in between, that is what was there before', () => {
  for (const [isWrittenAgain, verdict] of [
    [false, fine],
    [true, nothing],
  ] as const) {
    const scene = edit(removeFtp);
    const other = { id: 'other', fingerprint: 'other', items: sent(null, ftp) };
    scene.journal({ ...other, state: 'prepared' }, 1);
    scene.write(2, addFtp, 'other');
    if (isWrittenAgain) {
      scene.otherWrites(3, removeFtp);
      scene.otherWrites(4, addFtp);
    }
    scene.journal();
    scene.write(30, removeFtp);
    scene.journal({ ...other, state: 'reverted' }, 40);
    scene.answered();
    assert.deepEqual(scene.judge(), verdict);
  }
});

test('answers.nothing: what somebody removed while a request for the same was under way may be put back', () => {
  for (const [removedAt, verdict] of [
    [15, nothing],
    [25, { laws: [], excuses: ['crossed'] }],
    [35, nothing],
  ] as const) {
    const scene = edit(removeFtp, [www, ftp]);
    scene.journal();
    const { provenance } = scene.central;
    if (removedAt < 20) scene.otherWrites(removedAt, removeFtp);
    const what = { kind: 'remove', operation: 'wrong', zone, record: ftp, content: [], sentAt: 20 } as const;
    const request = provenance.sent(what);
    if (removedAt === 25) scene.otherWrites(removedAt, removeFtp);
    provenance.land(request, 30, () => undefined);
    if (removedAt > 30) scene.otherWrites(removedAt, removeFtp);
    scene.write(40, addFtp);
    scene.answered();
    assert.deepEqual(scene.judge(), verdict, String(removedAt));
  }
});

test('answers.nothing: so may what somebody removed while an edit asked for it that is undone beside', () => {
  for (const [removedAt, verdict] of [
    [15, nothing],
    [25, { laws: [], excuses: ['crossed'] }],
  ] as const) {
    const scene = edit(removeFtp, [www, ftp]);
    const other = { id: 'other', fingerprint: 'other', items: sent(ftp, null) };
    scene.journal({ ...other, state: 'prepared' }, 1);
    if (removedAt < 20) scene.otherWrites(removedAt, removeFtp);
    const { provenance } = scene.central;
    const what = { kind: 'remove', operation: 'other', zone, record: ftp, content: [], sentAt: 20 } as const;
    const request = provenance.sent(what);
    if (removedAt > 20) scene.otherWrites(removedAt, removeFtp);
    provenance.land(request, 30, () => undefined);
    scene.write(31, addFtp, 'other');
    scene.journal();
    scene.write(32, removeFtp);
    scene.write(33, addFtp);
    scene.journal({ ...other, state: 'reverted' }, 40);
    scene.answered();
    assert.deepEqual(scene.judge(), verdict, String(removedAt));
  }
});

test('answers.nothing: a record that looked like a default one of a new zone goes with it, a later one does not', () => {
  const create: EditEvent = {
    kind: 'zone-create',
    stage: 'before',
    zone,
    fingerprint: 'create',
    actor: administrator,
    echo: null,
    seed: { addresses: [], nameServers: [], mailServers: [] },
  };
  for (const [writtenAt, verdict] of [
    [30, { laws: [], excuses: ['in-snapshot'] }],
    [45, nothing],
  ] as const) {
    const scene = new Scene(create, [], null);
    const { zones, provenance } = scene.central;
    scene.journal({ kind: 'zone-create', fingerprint: 'create' });
    scene.request(20, { kind: 'create', record: null }, 'wrong', () => zones.set(zone, new Map()));
    if (writtenAt < 40) scene.otherWrites(writtenAt, addFtp);
    provenance.read('wrong', zone, 40);
    if (writtenAt > 40) scene.otherWrites(writtenAt, addFtp);
    scene.request(50, { kind: 'delete', record: null }, 'wrong', () => zones.delete(zone));
    scene.answered();
    assert.deepEqual(scene.judge(), verdict);
  }
});

test('answers.nothing: of two equal edits at once neither is judged, of two one after the other both are', () => {
  for (const [askedAt, verdict] of [
    [50, { laws: [], excuses: ['twins'] }],
    [101, nothing],
  ] as const) {
    const scene = edit(addFtp);
    scene.journal();
    scene.write(20, addFtp);
    scene.answered();
    const twin = refused(recordsEvent(zone, [addFtp], 'before'), [addFtp], 1, askedAt);
    assert.deepEqual(scene.judge([twin]), verdict);
  }
});

const later = { laws: ['answers.nothing-later'], excuses: [] };

test('answers.nothing-later: what lands afterwards is of the edit only where the edit wanted it', () => {
  for (const [item, lands, verdict] of [
    [addFtp, addFtp, later],
    [addFtp, removeFtp, fine],
    [removeFtp, removeFtp, later],
    [removeFtp, addFtp, fine],
  ] as const) {
    const scene = edit(item, lands.add === null ? [www, ftp] : [www]);
    // The panel holds the opposite of what the engine writes at the central. If it held the same, the law
    // would let the write pass for that reason, and the test would show nothing about the edit.
    scene.otherWrites(5, { remove: lands.add, add: lands.remove }, 'panel');
    scene.journal();
    scene.answered();
    scene.write(200, lands);
    assert.deepEqual(scene.judge(), verdict, JSON.stringify([item, lands]));
  }
});

test('answers.nothing-later: the central may be brought to what the panel holds at that moment, no other', () => {
  const claimed = { laws: [], excuses: ['claimed'] };
  for (const [what, inPanel, verdict] of [
    ['never', [], later],
    ['held', [[150, addFtp]], claimed],
    [
      'no longer held',
      [
        [150, addFtp],
        [180, removeFtp],
      ],
      later,
    ],
    ['held only later', [[250, addFtp]], later],
    ['another record', [[150, { remove: null, add: a('ftp', 2) }]], later],
  ] as const) {
    const scene = edit(addFtp);
    scene.journal();
    scene.answered();
    scene.write(200, addFtp);
    for (const [at, item] of inPanel) scene.otherWrites(at, item, 'panel');
    assert.deepEqual(scene.judge(), verdict, what);
  }
});

test('answers.nothing-later: a record that the panel had from the start may stay away only once it is gone there', () => {
  for (const [goesAt, verdict] of [
    [null, later],
    [150, { laws: [], excuses: ['claimed'] }],
    [250, later],
  ] as const) {
    const scene = edit(removeFtp, [www, ftp]);
    scene.journal();
    scene.answered();
    scene.write(200, removeFtp);
    if (goesAt !== null) scene.otherWrites(goesAt, removeFtp, 'panel');
    assert.deepEqual(scene.judge(), verdict, String(goesAt));
  }
});
