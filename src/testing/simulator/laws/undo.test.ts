import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { a, given, zone } from '../given.ts';
import { recordsEvent } from '../edits.ts';
import type { Side, World } from '../world.ts';
import { checkPutBack } from './commits.ts';
import { brokenAt, operation, sent, type Facts } from './wrong.ts';

const [www, ftp] = [a('www', 1), a('ftp', 1)];

async function arrived(): Promise<{ readonly world: World; readonly side: Side }> {
  const world = await given({ panel: [www], central: [www] });
  const [side] = world.sides;
  assert.ok(side !== undefined);
  return { world, side };
}

/** Records reads of the panel that end at these times and do not show `ftp`. */
function look(world: World, ...times: readonly number[]): void {
  for (const ended of times) lookAt(world, ended, ended);
}

/** Records a read that ends at the time `ended` and shows the state of the time `asOf`. */
function lookAt({ panel }: World, ended: number, asOf: number): void {
  const ids = new Set([recordId(www)]);
  panel.looks.push({ reader: 'panel 1', zone, began: ended - 100, ended, ids, asOf, disturbed: false });
}

/** Commits the states of an operation one after the other, at these times. */
function steps(side: Side, facts: Facts, states: readonly [number, Facts][]): void {
  for (const [time, changes] of states)
    side.witness.committed({ operations: [operation({ ...facts, ...changes })] }, time);
}

const edit = { items: sent(null, ftp) } as const;

test('issue 13: ending as taken back, by no read since, what the panel has kept meanwhile breaks a law', async () => {
  for (const [times, laws] of [
    [[], ['undo.unproven']],
    [[52_000], []],
  ] as const) {
    const { world, side } = await arrived();
    look(world, ...times);
    const undone: readonly [number, Facts][] = [
      [50_000, { state: 'reverting' }],
      [51_000, { state: 'reverting', afterSeen: true }],
      [53_000, { state: 'reverted', afterSeen: true }],
    ];
    steps(side, edit, undone);
    assert.deepEqual(brokenAt(side), laws);
  }
});

test('issue 13: a panel that counts as put back at the first look breaks a law', async () => {
  for (const [times, laws] of [
    [[50_500], ['undo.unproven']],
    [[65_100, 70_200], []],
  ] as const) {
    const { world, side } = await arrived();
    look(world, ...times);
    const restored: readonly [number, Facts][] = [
      [50_000, { state: 'reverting' }],
      [70_300, { state: 'reverted' }],
    ];
    steps(side, { ...edit, class: 'compensate', afterSeen: true }, restored);
    assert.deepEqual(brokenAt(side), laws);
  }
});

test('issue 13: taking back early what the panel has reported, and does not show yet, breaks a law', async () => {
  for (const [times, laws] of [
    [[55_100, 60_200], ['undo.unproven']],
    [[65_100, 70_200], []],
  ] as const) {
    const { world, side } = await arrived();
    steps(side, { ...edit, class: 'compensate', added: [ftp] }, [[50_000, { state: 'applied' }]]);
    look(world, ...times);
    const request = { kind: 'remove', operation: 'wrong', zone, record: ftp, content: [] } as const;
    side.store.provenance.sent({ ...request, sentAt: 71_000 });
    const found = brokenAt(side).filter((law) => law.startsWith('undo'));
    assert.deepEqual(found, laws);
  }
});

test('issue 14, reads: undoing what the panel made, by reads of a time before that, breaks a law', async () => {
  for (const [reads, laws] of [
    [
      [
        [65_100, 48_000],
        [70_200, 48_000],
      ],
      ['undo.unproven'],
    ],
    [
      [
        [65_100, 48_000],
        [70_200, 70_200],
      ],
      ['undo.unproven'],
    ],
    [
      [
        [65_100, 49_000],
        [70_200, 49_000],
      ],
      [],
    ],
    [
      [
        [139_100, 48_000],
        [144_200, 48_000],
      ],
      [],
    ],
    [
      [
        [138_900, 48_000],
        [143_900, 48_000],
      ],
      ['undo.unproven'],
    ],
  ] as const) {
    const { world, side } = await arrived();
    const event = recordsEvent(zone, edit.items, 'before');
    world.saved.push({ event, items: edit.items, askedAt: 40_000, answers: [], keptAt: 49_000 });
    steps(side, { ...edit, class: 'veto', fingerprint: event.fingerprint, added: [ftp] }, [
      [45_000, { state: 'applied' }],
      [50_000, { state: 'kept', afterSeen: true }],
    ]);
    for (const [ended, asOf] of reads) lookAt(world, ended, asOf);
    steps(side, { ...edit, fingerprint: event.fingerprint, added: [ftp] }, [
      [145_000, { state: 'reverting', afterSeen: true }],
    ]);
    assert.deepEqual(brokenAt(side), laws, JSON.stringify(reads));
  }
});

test('issue 13: an undo that is done breaks no law, though the panel has kept the TTL and does not show it yet', async () => {
  const [usual, short] = [at(www, 3_600), at(www, 60)];
  const { world, side } = await arrived();
  world.panel.zones.get(zone)?.set(recordId(www), short);
  const { provenance, zones } = side.store;
  steps(side, { items: sent(usual, short), class: 'follow' }, [[40_000, { state: 'prepared' }]]);
  const request = { kind: 'add', operation: 'wrong', zone, record: usual, content: [] } as const;
  provenance.land(provenance.sent({ ...request, sentAt: 40_000 }), 40_000, () =>
    zones.get(zone)?.set(recordId(www), usual),
  );
  steps(side, { items: sent(usual, short), class: 'follow' }, [[40_100, { state: 'reverted' }]]);
  assert.deepEqual(
    brokenAt(side).filter((law) => law.startsWith('undo')),
    [],
  );
});

test('issue 13: an undo that ends while the TTL of its edit stands breaks a law', async () => {
  const [usual, short] = [at(www, 3_600), at(www, 60)];
  for (const [ttl, laws] of [
    [short, ['undo.left']],
    [usual, []],
  ] as const) {
    const { world, side } = await arrived();
    world.panel.zones.get(zone)?.set(recordId(www), usual);
    const { provenance, zones } = side.store;
    steps(side, { items: sent(usual, short), class: 'follow' }, [[40_000, { state: 'prepared' }]]);
    const request = { kind: 'add', operation: 'wrong', zone, record: ttl, content: [] } as const;
    provenance.land(provenance.sent({ ...request, sentAt: 40_000 }), 40_000, () =>
      zones.get(zone)?.set(recordId(www), ttl),
    );
    steps(side, { items: sent(usual, short), class: 'follow' }, [[40_100, { state: 'reverted' }]]);
    const found = brokenAt(side).filter((law) => law.startsWith('undo'));
    assert.deepEqual(found, laws);
  }
});

function at(record: ResourceRecord, ttl: number): ResourceRecord {
  return { ...record, ttl };
}

test('issue 13: refusing what the panel has kept, without putting the panel back, breaks a law', async () => {
  const event = recordsEvent(zone, [{ remove: null, add: ftp }], 'after');
  const asked = { edits: [event], synced: new Set([zone]) };
  for (const [state, laws] of [
    ['refused', ['answers.journal']],
    ['reverting', []],
  ] as const) {
    const { side } = await arrived();
    const { fingerprint } = event;
    steps(side, { ...edit, class: 'compensate', fingerprint }, [[40_000, { state }]]);
    const problems = [{ code: 'central.refused', params: {} }] as const;
    checkPutBack(side.witness, asked, { kind: 'refuse', problems, changed: 'panel' }, 1, side.judgement);
    assert.deepEqual(brokenAt(side), laws);
  }
});
