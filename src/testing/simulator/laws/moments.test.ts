import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { OperationItem } from '../../../core/operation.ts';
import type { EditEvent } from '../../../core/panel.ts';
import { a, given, put, zone } from '../given.ts';
import { administrator, recordsEvent } from '../edits.ts';
import type { WriteRequest } from '../provenance.ts';
import type { LocalPart, Side, World } from '../world.ts';
import type { SavedEdit } from './answers.ts';
import { checkWorld } from './index.ts';
import { Judgement } from './judgement.ts';
import { checkPanelDelete } from './panel-writes.ts';
import { checkAsked } from './proofs.ts';
import { checkOwners } from './rights.ts';
import { brokenAt, operation, sent, type Facts } from './wrong.ts';
import { sampleRow, sampleWatch } from '../../contracts/journal.ts';

const [www, old] = [a('www', 1), a('old', 1)];

/** A panel that carries out every edit at once and reports it. */
const smooth: LocalPart = { refuses: false, takes: 20, afterLost: false, visibleAfter: 0 };

/** A world in which both sides have `www`, and only the panel has `old`. */
async function arrived(): Promise<{ readonly world: World; readonly side: Side }> {
  const world = await given({ panel: [www, old], central: [www] });
  const [side] = world.sides;
  assert.ok(side !== undefined);
  return { world, side };
}

/** Adds an operation to the journal, as an engine with a bug would. */
function journal({ world, side }: { world: World; side: Side }, facts: Facts): void {
  side.witness.committed({ operations: [operation(facts)] }, world.clock.now());
}

/**
 * Sends a request, as an engine with a bug would. By default the request deletes the zone, for the operation
 * `wrong`.
 */
/** Sends a request of the operation `wrong`, which has read the zone before. */
function send({ world, side }: { world: World; side: Side }, facts: Partial<WriteRequest>): WriteRequest {
  const sentAt = world.clock.now();
  side.store.provenance.read('wrong', zone, sentAt);
  const request = { kind: 'delete', operation: 'wrong', zone, record: null, content: [], sentAt } as const;
  return side.store.provenance.sent({ ...request, ...facts });
}

function removed(...records: readonly ResourceRecord[]): readonly OperationItem[] {
  return records.flatMap((record) => sent(record, null));
}

test('issue 13: a comparison that removes every synced record of a zone breaks a law', async () => {
  const wrong = await arrived();
  journal(wrong, { class: 'follow', items: removed(www) });
  assert.ok(brokenAt(wrong.side).includes('limits.records'));
});

test('a comparison that removes all that is synced but what it has found gone at the central is right', async () => {
  for (const [onPanel, laws] of [
    [true, []],
    [false, ['limits.records']],
  ] as const) {
    const wrong = await arrived();
    const row = sampleRow(1, { record: old, state: 'conflict', onPanel, onCentral: !onPanel });
    wrong.side.witness.committed({ rows: [{ zone, put: [row] }] } as const, wrong.world.clock.now());
    journal(wrong, { class: 'follow', items: removed(www) });
    const limits = brokenAt(wrong.side).filter((law) => law.startsWith('limits'));
    assert.deepEqual(limits, laws);
  }
});

test('issue 13: a comparison that sends what stood in the panel before we came breaks a law', async () => {
  const wrong = await arrived();
  // From here on, the ledger lacks the row of this record.
  wrong.side.witness.committed({ rows: [{ zone, drop: [old] }] }, wrong.world.clock.now());
  journal(wrong, { class: 'follow', items: sent(null, old) });
  assert.deepEqual(brokenAt(wrong.side), ['alone.record']);
});

test('issue 13: a comparison that sends once more what somebody removed at the central breaks a law', async () => {
  const wrong = await arrived();
  put(wrong.world, 'central', []);
  wrong.world.otherWrote();
  journal(wrong, { class: 'follow', items: sent(null, www) });
  assert.deepEqual(brokenAt(wrong.side), ['alone.record']);
});

test('issue 13: a comparison that sends a record beside a value of somebody else breaks a law', async () => {
  const wrong = await arrived();
  put(wrong.world, 'central', [www, a('shop', 9)]);
  wrong.world.otherWrote();
  wrong.side.store.provenance.read('-', zone, wrong.world.clock.now() + 1);
  journal(wrong, { class: 'follow', items: sent(null, a('shop', 1)) });
  assert.deepEqual(brokenAt(wrong.side), ['alone.record']);
});

test('issue 13: a comparison that removes what no two reads lack breaks a law', async () => {
  const wrong = await arrived();
  journal(wrong, { class: 'follow', items: [...removed(www), ...sent(null, a('shop', 1))] });
  assert.ok(brokenAt(wrong.side).includes('follow.unproven'));
});

test('issue 13: a comparison that deletes a zone which nobody named breaks a law, and so do two in an hour', async () => {
  const wrong = await arrived();
  journal(wrong, { class: 'follow', kind: 'zone-delete' });
  assert.deepEqual(brokenAt(wrong.side), ['limits.zones']);
  const named = await arrived();
  named.side.hints.push({ zone, at: 0, what: 'a hint' });
  journal(named, { id: 'first', class: 'follow', kind: 'zone-delete' });
  assert.deepEqual(brokenAt(named.side), []);
  journal(named, { id: 'second', class: 'follow', kind: 'zone-delete' });
  assert.deepEqual(brokenAt(named.side), ['limits.zones']);
});

test('issue 13: a request that the journal does not tell of breaks a law', async () => {
  for (const facts of [{}, { kind: 'zone-create' }] as const) {
    const wrong = await arrived();
    journal(wrong, facts);
    send(wrong, 'kind' in facts ? { kind: 'create' } : { kind: 'add', record: a('shop', 1) });
    assert.deepEqual(brokenAt(wrong.side), ['journal.unsaid']);
  }
  const right = await arrived();
  journal(right, { items: sent(null, a('shop', 1)) });
  send(right, { kind: 'add', record: a('shop', 1) });
  send(right, { kind: 'add', record: a('shop', 1), operation: '-' });
  assert.deepEqual(brokenAt(right.side), []);
});

test('issue 13: a request that lands while nothing is on watch breaks a law', async () => {
  for (const watch of [null, sampleWatch(Infinity)]) {
    const wrong = await arrived();
    const items = sent(null, a('shop', 1));
    journal(wrong, { items });
    const request = send(wrong, { kind: 'add', record: a('shop', 1) });
    journal(wrong, { items, state: 'refused', watch });
    wrong.side.store.provenance.land(request, wrong.world.clock.now(), () => {
      wrong.side.store.zones.get(zone)?.set(recordId(a('shop', 1)), a('shop', 1));
    });
    assert.deepEqual(brokenAt(wrong.side), watch === null ? ['journal.unwatched'] : []);
  }
});

test('issue 13: a zone that is deleted for a delete before it was made again breaks a law', async () => {
  const wrong = await arrived();
  const { witness } = wrong.side;
  const entry = { zone, state: 'creating', incarnation: 2, baselineAt: 0, note: null } as const;
  witness.committed({ zones: [entry] }, wrong.world.clock.now());
  journal(wrong, { kind: 'zone-delete', incarnation: 1 });
  send(wrong, {});
  assert.ok(brokenAt(wrong.side).includes('zones.cancelled'));
});

test('issue 13: a zone that is filled with a record of the one before it breaks a law', async () => {
  const wrong = await arrived();
  wrong.world.panel.zones.delete(zone);
  wrong.world.panel.provenance.look(wrong.world.clock.now());
  await wrong.world.clock.runUntil(wrong.world.clock.now() + 1_000);
  put(wrong.world, 'panel', [a('new', 1)]);
  wrong.world.panel.provenance.look(wrong.world.clock.now());
  journal(wrong, { kind: 'zone-create', requested: true, added: [www, a('new', 1)] });
  send(wrong, { kind: 'add', record: a('new', 1) });
  assert.deepEqual(brokenAt(wrong.side), []);
  send(wrong, { kind: 'add', record: www });
  assert.deepEqual(brokenAt(wrong.side), ['zones.former']);
});

test('issue 13: a zone that was filled and keeps rows of the one before it breaks a law', async () => {
  const wrong = await arrived();
  journal(wrong, { kind: 'zone-create', state: 'kept' });
  journal(wrong, { kind: 'zone-create', state: 'confirmed' });
  assert.deepEqual(brokenAt(wrong.side), ['ledger.leftover']);
});

test('issue 13: a create that is journalled during a write in the zone breaks a law', async () => {
  const wrong = await arrived();
  const { world, side } = wrong;
  const items = sent(null, a('shop', 1));
  side.chooseFault = () => 'slow';
  void world.edit(
    (stage) => recordsEvent(zone, items, stage),
    () => true,
    smooth,
    items,
  );
  await world.clock.runUntil(world.clock.now() + 200);
  journal(wrong, { kind: 'zone-create' });
  assert.deepEqual(brokenAt(side), ['locks.overlap']);
});

const seed = { addresses: [], nameServers: [], mailServers: [] };

/** A save that the panel has just carried out without any hook call. */
function saved({ clock }: World, event: EditEvent): SavedEdit {
  return { event, items: [], askedAt: clock.now(), answers: [], keptAt: clock.now() };
}

/** Makes the event for a user's create or delete of the zone. */
function zoneEdit(kind: 'zone-create' | 'zone-delete'): EditEvent {
  const base = { stage: 'before', zone, fingerprint: kind, actor: administrator, echo: null } as const;
  return kind === 'zone-create' ? { ...base, kind, seed } : { ...base, kind };
}

test('issue 13: a signed zone whose delete is accepted without a second yes breaks a law', async () => {
  const { world } = await arrived();
  const edits = [zoneEdit('zone-delete')];
  const problems = [{ code: 'zone.signed-delete', params: {} }] as const;
  const refused = { kind: 'refuse', problems, changed: 'nothing' } as const;
  const answer = { stage: 'before', askedAt: 0, at: 0, verdict: refused, effects: [], numbers: [] } as const;
  const asked = { ...saved(world, zoneEdit('zone-delete')), answers: [answer] };
  for (const [before, law] of [
    [[], ['zones.unasked']],
    [[asked], []],
  ] as const) {
    const judgement = new Judgement();
    const zones = new Set([zone]);
    checkAsked({ edits, synced: zones, signed: zones, saved: before }, { kind: 'accept' }, judgement);
    assert.deepEqual(
      judgement.violations.map((one) => one.law),
      law,
    );
  }
});

test('issue 13: a zone that is deleted in the panel though no user made it, or edited since, breaks a law', async () => {
  const wrong = await arrived();
  const { world, side } = wrong;
  const { panel, clock } = world;
  const isBroken = (): boolean => {
    const judgement = new Judgement();
    const request = { ...send(wrong, {}), kind: 'delete' } as const;
    checkPanelDelete(request, { panel, witnesses: [side.witness], saved: world.saved }, judgement);
    return judgement.violations.some(({ law }) => law === 'panel.zone');
  };
  const comes = async (): Promise<void> => {
    panel.zones.delete(zone);
    panel.provenance.look(clock.now());
    await clock.runUntil(clock.now() + 1_000);
    put(world, 'panel', [www]);
    panel.provenance.look(clock.now());
  };
  await comes();
  assert.ok(isBroken());
  await comes();
  world.saved.push(saved(world, zoneEdit('zone-create')));
  assert.ok(!isBroken());
  await clock.runUntil(clock.now() + 1_000);
  world.saved.push(saved(world, recordsEvent(zone, sent(null, old), 'before')));
  await clock.runUntil(clock.now() + 1_000);
  const [ids, now] = [new Set<string>(), clock.now()];
  panel.looks.push({ reader: 'panel 1', zone, began: now, ended: now, ids, asOf: now, disturbed: false });
  assert.ok(isBroken());
});

test('issue 13: a zone that is not read in time after a hint breaks a law', async () => {
  const { world, side } = await arrived();
  side.hints.push({ zone, at: world.clock.now(), what: 'a hint' });
  await world.clock.runUntil(world.clock.now() + 600_000);
  const { violations } = await world.clock.runUntilSettled(checkWorld(world, { unheard: new Set() }));
  assert.deepEqual(
    violations.map(({ law }) => law),
    ['turns.late'],
  );
});

test('what cannot be read in time because journal or central fail is not late, before and after that it is', async () => {
  for (const [part, shift, laws] of [
    ['disk', 0, []],
    ['disk', -300_000, ['turns.late']],
    ['disk', 300_000, ['turns.late']],
    ['central', 0, []],
    ['central', -300_000, ['turns.late']],
  ] as const) {
    const { world, side } = await arrived();
    const at = world.clock.now() + 300_000;
    const { outages } = part === 'disk' ? side.disk : side;
    outages.push({ from: at - 1_000 + shift, until: at + 600_000 + Math.min(0, shift * 3) });
    side.hints.push({ zone, at, what: 'a hint' });
    world.panel.asked.push({ reader: 'panel 1', zone, at: at + 650_000 });
    await world.clock.runUntil(at + 600_000);
    const { violations } = await world.clock.runUntilSettled(checkWorld(world, { unheard: new Set() }));
    assert.deepEqual(
      violations.map(({ law }) => law),
      laws,
      `${part} ${shift}`,
    );
  }
});

test('what reaches an agent that is killed in that very millisecond is not late, a millisecond after a start it is', async () => {
  for (const [after, laws] of [
    [0, []],
    [1, ['turns.late']],
  ] as const) {
    const { world, side } = await arrived();
    side.runs.splice(0, Infinity, { from: 0, until: 100_000 }, { from: 100_000, until: Infinity });
    side.hints.push({ zone, at: 100_000 + after, what: 'a hint' });
    await world.clock.runUntil(700_000);
    const { violations } = await world.clock.runUntilSettled(checkWorld(world, { unheard: new Set() }));
    assert.deepEqual(
      violations.map(({ law }) => law),
      laws,
      String(after),
    );
  }
});

test('what happens while the settings name another central is not late for the one they left out', async () => {
  for (const [until, laws] of [
    [150_000, []],
    [Infinity, ['turns.late']],
  ] as const) {
    const { world, side } = await arrived();
    side.runs.splice(0, Infinity, { from: 0, until });
    side.hints.push({ zone, at: 100_000, what: 'a hint' });
    await world.clock.runUntil(700_000);
    const { violations } = await world.clock.runUntilSettled(checkWorld(world, { unheard: new Set() }));
    assert.deepEqual(
      violations.map(({ law }) => law),
      laws,
      String(until),
    );
  }
});

test('an edit is looked at in time by the engines that were asked about it, and by no other', async () => {
  for (const [number, laws] of [
    [0, []],
    [1, ['turns.late']],
  ] as const) {
    const { world } = await arrived();
    const event = recordsEvent(zone, [{ remove: null, add: www }], 'before');
    const verdict = { kind: 'accept' } as const;
    const answer = { stage: 'after', askedAt: 100_000, at: 100_000, verdict, effects: [0] } as const;
    const answers = [{ ...answer, numbers: [number] }];
    world.saved.push({ event, items: [], askedAt: 100_000, answers, keptAt: 100_000 });
    await world.clock.runUntil(700_000);
    const { violations } = await world.clock.runUntilSettled(checkWorld(world, { unheard: new Set() }));
    assert.deepEqual(
      violations.map(({ law }) => law),
      laws,
      String(number),
    );
  }
});

test('issue 13: an owner that the list tells and the engine does not know breaks a law', async () => {
  const { world } = await arrived();
  assert.ok(world.engine !== null);
  const { owners } = world.engine.live;
  for (const unknown of [0, 1]) {
    const judgement = new Judgement();
    checkOwners(world.panel, { ...owners, unknown }, judgement);
    assert.equal(judgement.violations.length, unknown);
  }
});

test('an edit that is called done on both sides while one side never had it breaks a law', async () => {
  const shop = a('shop', 1);
  for (const items of [sent(null, shop), removed(www)]) {
    const wrong = await arrived();
    journal(wrong, { state: 'applied', items, added: [] });
    journal(wrong, { state: 'confirmed', items });
    assert.deepEqual(brokenAt(wrong.side), ['history.both-sides']);
  }
  const right = await arrived();
  journal(right, { state: 'confirmed', items: [...sent(null, www), ...removed(shop)] });
  const local = [{ remove: null, add: old, mirrored: false, note: 'note.panel-only' }];
  journal(right, { state: 'confirmed', items: local });
  journal(right, { kind: 'zone-create', state: 'confirmed' });
  assert.deepEqual(brokenAt(right.side), []);
  journal(right, { id: 'delete', kind: 'zone-delete', state: 'confirmed' });
  assert.deepEqual(brokenAt(right.side), ['history.both-sides']);
});
