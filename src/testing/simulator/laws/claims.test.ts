import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord, recordId } from '../../../dns/record.ts';
import type { OperationState } from '../../../core/operation.ts';
import { MemoryJournal } from '../../memory-journal.ts';
import { a, given, put, zone } from '../given.ts';
import { recordsEvent } from '../edits.ts';
import type { Side, World } from '../world.ts';
import { brokenAt, operation, sent } from './wrong.ts';

const [www, ftp] = [a('www', 1), a('ftp', 1)];

async function arrived(): Promise<{ readonly world: World; readonly side: Side }> {
  const world = await given({ panel: [www], central: [www] });
  const [side] = world.sides;
  assert.ok(side !== undefined);
  return { world, side };
}

/** Sends a request of the operation `wrong` to the central. */
function request({ store: { provenance } }: Side, kind: 'add' | 'remove', record = ftp): void {
  provenance.sent({ kind, operation: 'wrong', zone, record, content: [], sentAt: 40_000 });
}

test('issue 13: an undo of what another edit that was accepted wants breaks a law', async () => {
  const undone: readonly [OperationState, readonly string[]][] = [
    ['applied', ['alone.claimed']],
    ['refused', []],
  ];
  for (const [state, laws] of undone) {
    const { side } = await arrived();
    const other = operation({ id: 'other', state, items: sent(null, ftp) });
    const wrong = operation({ items: sent(null, ftp), state: 'reverting' });
    side.witness.committed({ operations: [other, wrong] }, 40_000);
    request(side, 'remove');
    assert.deepEqual(brokenAt(side), laws);
  }
});

test('issue 14, reads: what reads did not show for longer than an engine waits is excused, and counted', async () => {
  for (const [since, afterSeen, laws] of [
    [-50_001, true, []],
    [-50_000, true, ['alone.claimed']],
    [-50_001, false, ['alone.claimed']],
    [null, true, ['alone.claimed']],
  ] as const) {
    const { world, side } = await arrived();
    if (since !== null) world.panel.staleSince.set(zone, since);
    const other = operation({ id: 'other', state: 'applied', afterSeen, items: sent(null, ftp) });
    const wrong = operation({ items: sent(null, ftp), state: 'reverting' });
    side.witness.committed({ operations: [other, wrong] }, 40_000);
    request(side, 'remove');
    assert.deepEqual(brokenAt(side), laws, JSON.stringify({ since, afterSeen }));
    assert.equal(side.judgement.excuses.get('shown-late') ?? 0, laws.length === 0 ? 1 : 0);
  }
});

test('issue 13: taking out of the panel what another edit that was accepted wants breaks a law', async () => {
  const { world, side } = await arrived();
  put(world, 'panel', [www, ftp]);
  const other = operation({ id: 'other', state: 'kept', items: sent(null, ftp) });
  const wrong = operation({ class: 'compensate', items: sent(null, ftp), state: 'reverting' });
  side.witness.committed({ operations: [other, wrong] }, 40_000);
  const { provenance } = world.panel;
  const own = provenance.sent({
    kind: 'change',
    operation: 'wrong',
    zone,
    record: null,
    content: [],
    sentAt: 0,
  });
  provenance.land(own, 40_000, () => world.panel.zones.get(zone)?.delete(recordId(ftp)));
  assert.deepEqual(brokenAt(side), ['alone.claimed']);
});

test('an engine need not know what edits at a central of former settings want', async () => {
  for (const [isFormer, laws] of [
    [true, []],
    [false, ['alone.claimed']],
  ] as const) {
    const { world, side } = await arrived();
    const second = world.addCentral(new MemoryJournal());
    await world.clock.runUntilSettled(world.use(isFormer ? second : side));
    put(world, 'panel', [www, ftp]);
    side.witness.committed(
      { operations: [operation({ id: 'other', state: 'kept', items: sent(null, ftp) })] },
      40_000,
    );
    const { provenance } = world.panel;
    // The request that deletes the record has the id of an operation that is in no journal. So it counts as a
    // request of another central's operation.
    const facts = { kind: 'change', operation: 'wrong', zone, record: null, content: [], sentAt: 0 } as const;
    const own = provenance.sent(facts);
    provenance.land(own, 40_000, () => world.panel.zones.get(zone)?.delete(recordId(ftp)));
    assert.deepEqual(brokenAt(side), laws);
  }
});

test('issue 13: an alias that an edit puts beside a record it has seen breaks a law', async () => {
  const alias = makeRecord({ name: 'www', type: 'CNAME', rdata: 'elsewhere.example.net.' }, zone);
  for (const [removed, laws] of [
    [[], ['alone.alias']],
    [[www], []],
  ] as const) {
    const { side } = await arrived();
    side.store.provenance.read('wrong', zone, 40_000);
    const wrong = operation({ items: sent(removed[0] ?? null, alias), added: [alias], removed });
    side.witness.committed({ operations: [wrong] }, 40_000);
    assert.deepEqual(brokenAt(side), laws);
  }
});

test('issue 13: doing again in the background what both sides have breaks a law', async () => {
  const { side } = await arrived();
  const wrong = operation({ class: 'compensate', items: sent(null, www) });
  side.witness.committed({ operations: [wrong] }, 40_000);
  assert.deepEqual(brokenAt(side), ['alone.agreed']);
});

test('issue 13: an edit journalled for a write of our own into the panel breaks a law', async () => {
  const { side } = await arrived();
  const { fingerprint } = recordsEvent(zone, [{ remove: null, add: ftp }], 'before');
  side.echoes.add(fingerprint);
  side.witness.committed({ operations: [operation({ items: sent(null, ftp), fingerprint })] }, 40_000);
  assert.deepEqual(brokenAt(side), ['alone.own']);
});

test('issue 13: writing for an edit that was left to the panel, and no read has shown, breaks a law', async () => {
  for (const [ids, laws] of [
    [[], ['heard.unseen']],
    [[recordId(ftp)], []],
  ] as const) {
    const { world, side } = await arrived();
    const heard = operation({ class: 'compensate', items: sent(null, ftp), afterSeen: true });
    side.witness.committed({ operations: [heard] }, 40_000);
    const look = {
      reader: 'panel 1',
      zone,
      began: 40_100,
      ended: 40_200,
      ids: new Set(ids),
      asOf: 40_200,
      disturbed: false,
    };
    world.panel.looks.push(look);
    request(side, 'add');
    assert.deepEqual(brokenAt(side), laws);
  }
});

test('issue 13: a commit that forgets an after, or takes a step back, breaks a law', async () => {
  for (const later of [{ afterSeen: false }, { state: 'prepared' }] as const) {
    const { side } = await arrived();
    const kept = operation({ state: 'kept', afterSeen: true });
    side.witness.committed({ operations: [kept] }, 40_000);
    side.witness.committed({ operations: [{ ...kept, ...later }] }, 40_000);
    assert.deepEqual(brokenAt(side), ['journal.overwritten']);
  }
});

test("issue 13: removing what a comparison has listed as the central's own breaks a law", async () => {
  for (const [state, laws] of [
    ['central-only', ['foreign.removed']],
    ['panel-only', []],
  ] as const) {
    const { world, side } = await arrived();
    const { provenance } = side.store;
    // Our request gets no answer, and somebody else writes the same data.
    request(side, 'add');
    put(world, 'central', [www, ftp]);
    world.otherWrote();
    const row = { record: ftp, state, onPanel: false, onCentral: true, panelKey: null, note: null };
    side.witness.committed({ rows: [{ zone, put: [row] }] }, 40_000);
    const facts = {
      kind: 'remove',
      operation: 'wrong',
      zone,
      record: ftp,
      content: [],
      sentAt: 40_000,
    } as const;
    const removal = provenance.sent(facts);
    provenance.land(removal, 40_000, () => side.store.zones.get(zone)?.delete(recordId(ftp)));
    const strangers = brokenAt(side).filter((law) => law.startsWith('foreign'));
    assert.deepEqual(strangers, laws);
  }
});
