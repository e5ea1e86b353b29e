/** Tests that the history gets the edits that the agent decides without an operation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leftOutNote, type Decision, type Observation } from '../core/decision.ts';
import { JournalError } from '../core/journal.ts';
import type { Operation } from '../core/operation.ts';
import type { EditEvent, InvalidEvent, RecordsEvent } from '../core/panel.ts';
import { systemClock } from '../app/wiring/clock.ts';
import { parseName } from '../dns/name.ts';
import { sampleOperation, sampleRow } from '../testing/contracts/journal.ts';
import { Decisions, type DecisionJournal } from './decisions.ts';

const zone = parseName('example.org.');
const { record } = sampleRow(1);

function edit(changes: Partial<RecordsEvent> = {}): RecordsEvent {
  return {
    kind: 'records',
    stage: 'before',
    zone,
    fingerprint: 'f1',
    actor: { name: 'alice', rank: 'user' },
    origin: { func: 'domain.record.edit', address: '192.0.2.77' },
    echo: null,
    names: [record.name],
    resolve: () => ({ kind: 'items', items: [{ remove: null, add: record }] }),
    ...changes,
  };
}

function call(...edits: readonly EditEvent[]): {
  readonly kind: 'edits';
  readonly edits: readonly EditEvent[];
} {
  return { kind: 'edits', edits };
}

/** Makes a `Decisions` whose clock stands still. Also returns what it stores and logs. */
function given(operations: readonly Operation[] = []): {
  readonly decisions: Decisions;
  readonly stored: () => readonly Decision[];
  readonly logged: string[];
  readonly journals: DecisionJournal[];
  readonly clock: { at: number };
} {
  const clock = { at: 1_700_000_000_000 };
  const byId = new Map<string, Decision>();
  const logged: string[] = [];
  const journal = {
    operations: () => Promise.resolve(operations),
    rows: () => Promise.resolve([sampleRow(1)]),
  };
  const note = (all: readonly Decision[]): void => {
    for (const one of all) byId.set(one.id, one);
  };
  const journals: DecisionJournal[] = [{ number: 1, journal, note }];
  const decisions = new Decisions(
    { ...systemClock, now: () => clock.at, wall: () => clock.at },
    (level, event, fields) => logged.push(`${level} ${event} ${JSON.stringify(fields)}`),
    () => journals,
    ({ echo }) => echo === 'token',
  );
  return { decisions, stored: () => [...byId.values()], logged, journals, clock };
}

const refused = {
  kind: 'refuse',
  problems: [{ code: 'central.refused', params: {} }],
  changed: 'nothing',
} as const;

test('an edit during a pause is stored with its person, its records, and whether the panel made it', async () => {
  const { decisions, stored } = given();
  decisions.paused(call(edit()));
  await decisions.flush();
  const [first] = stored();
  assert.ok(first !== undefined);
  assert.deepEqual(
    { ...first, id: '' },
    {
      kind: 'call',
      id: '',
      edit: 'records',
      zone,
      outcome: 'panel-only',
      why: ['note.left-pause'],
      actor: 'alice',
      address: '192.0.2.77',
      func: 'domain.record.edit',
      createdAt: 1_700_000_000_000,
      kept: false,
      times: 1,
      items: [{ remove: null, add: record }],
    },
  );
  decisions.paused(call(edit({ stage: 'after' })));
  await decisions.flush();
  assert.deepEqual(stored(), [{ ...first, kept: true }]);
});

test('what an engine left to the panel is stored with its reason; what it began is not', async () => {
  const { decisions, stored } = given();
  const event = edit();
  decisions.answered(
    call(event, edit({ zone: parseName('example.net.') })),
    { kind: 'accept', left: [{ event, why: 'note.left-foreign' }] },
    0,
  );
  await decisions.flush();
  assert.deepEqual(
    stored().map((one) => [one.zone, one.why, one.outcome]),
    [[zone, ['note.left-foreign'], 'panel-only']],
  );
});

test('a refusal is stored with its codes, unless an operation stands for it', async () => {
  const { decisions, stored } = given();
  decisions.answered(call(edit()), refused, 1_700_000_000_000);
  const invalid: InvalidEvent = {
    kind: 'invalid',
    problems: [],
    actor: { name: 'bob\u001b[31m', rank: 'user' },
    zone: null,
    creates: false,
  };
  decisions.answered(invalid, refused, 1_700_000_000_000);
  await decisions.flush();
  assert.deepEqual(
    stored().map((one) => [one.edit, one.outcome, one.why, one.actor]),
    [
      ['records', 'refused', ['central.refused'], 'alice'],
      ['unclear', 'refused', ['central.refused'], 'bob [31m'],
    ],
  );
  // An operation that an earlier call began must not count as the operation of this call.
  for (const [createdAt, count] of [
    [1_700_000_000_000, 0],
    [1_699_999_999_000, 1],
  ] as const) {
    const other = given([sampleOperation('a', { fingerprint: 'f1', createdAt })]);
    other.decisions.answered(call(edit()), refused, 1_700_000_000_000);
    await other.decisions.flush();
    assert.equal(other.stored().length, count);
  }
});

test('our own writes into the panel, and calls about what is done, are no decisions', async () => {
  const { decisions, stored } = given();
  decisions.answered(call(edit({ echo: 'token' }), edit({ stage: 'after' })), refused, 1_700_000_000_000);
  decisions.paused({ kind: 'ignore' });
  await decisions.flush();
  assert.deepEqual(stored(), []);
  // A call with an invented echo token is still stored.
  decisions.answered(call(edit({ echo: 'made up' })), refused, 1_700_000_000_000);
  await decisions.flush();
  assert.equal(stored().length, 1);
});

test('ten thousand refused edits of one user are counted, and other users keep theirs', async () => {
  const { decisions, stored } = given();
  for (let n = 0; n < 10_000; n += 1)
    decisions.answered(call(edit({ fingerprint: `f${n}` })), refused, 1_700_000_000_000);
  const bob = { name: 'bob', rank: 'user' } as const;
  decisions.answered(call(edit({ actor: bob })), refused, 1_700_000_000_000);
  await decisions.flush();
  const alice = stored().filter(({ actor }) => actor === 'alice');
  assert.equal(alice.length, 61);
  assert.equal(
    alice.reduce((sum, { times }) => sum + times, 0),
    10_000,
  );
  const others = alice.find(({ why }) => why.includes(leftOutNote));
  assert.deepEqual([others?.times, others?.zone, others?.items], [9_940, null, []]);
  assert.equal(stored().filter(({ actor }) => actor === 'bob').length, 1);
});

test('the rate begins anew each minute, and the count of a minute goes on in one row', async () => {
  const { decisions, stored, clock } = given();
  for (let n = 0; n < 70; n += 1) decisions.answered(call(edit()), refused, 1_700_000_000_000);
  await decisions.flush();
  for (let n = 0; n < 5; n += 1) decisions.answered(call(edit()), refused, 1_700_000_000_000);
  await decisions.flush();
  assert.equal(stored().find(({ why }) => why.includes(leftOutNote))?.times, 15);
  clock.at += 60_000;
  decisions.answered(call(edit()), refused, 1_700_000_000_000);
  await decisions.flush();
  assert.equal(stored().length, 62);
});

test('the administrator is told once a day and zone that edits stay in the panel', () => {
  const { decisions, logged, clock } = given();
  decisions.paused(call(edit()));
  decisions.paused(call(edit()));
  assert.deepEqual(logged, [
    '2 edit.panel-only {"zone":"example.org.","why":"note.left-pause","user":"alice"}',
  ]);
  decisions.paused(call(edit({ zone: parseName('example.net.') })));
  assert.equal(logged.length, 2);
  clock.at += 86_400_000;
  decisions.paused(call(edit()));
  assert.equal(logged.length, 3);
  decisions.answered(call(edit()), refused, 1_700_000_000_000);
  assert.equal(logged.length, 3);
});

test('decisions wait for a journal, and are tried again after a failure of it', async () => {
  const { decisions, stored, journals, logged } = given();
  const [journal] = journals.splice(0);
  assert.ok(journal !== undefined);
  decisions.answered(call(edit()), refused, 1_700_000_000_000);
  await decisions.flush();
  let failing = true;
  journals.push({
    ...journal,
    note: (all) => {
      if (failing) throw new JournalError('journal.disk-full', {});
      journal.note(all);
    },
  });
  await decisions.flush();
  assert.deepEqual(logged, ['1 journal.failed {"decisions":1,"code":"journal.disk-full"}']);
  assert.equal(stored().length, 0);
  failing = false;
  await decisions.flush();
  assert.equal(stored().length, 1);
});

test('with several centrals a decision goes to the journal of the central that it is about', async () => {
  const { decisions, stored, journals } = given();
  const [first] = journals;
  assert.ok(first !== undefined);
  const second: Decision[] = [];
  journals.push({ ...first, number: 2, note: (all) => second.push(...all) });
  const event = edit();
  decisions.answered(
    call(event),
    {
      kind: 'accept',
      left: [{ event, why: 'note.left-excluded', central: 2 }],
    },
    0,
  );
  decisions.paused(call(edit()));
  await decisions.flush();
  assert.deepEqual([stored().length, second.length], [1, 1]);
  assert.deepEqual(second[0]?.why, ['note.left-excluded']);
});

test('an account that is forgotten does not come back with a late `after`', async () => {
  const { decisions, stored } = given();
  decisions.paused(call(edit()));
  await decisions.forget('alice');
  const before = stored();
  decisions.paused(call(edit({ stage: 'after' })));
  await decisions.flush();
  assert.equal(before.length, 1);
  assert.deepEqual(stored(), before);
});

test('issue 17, observe: an observed edit is stored at once, and again when it is judged', async () => {
  const { decisions, stored } = given();
  const { promise, resolve } = Promise.withResolvers<Observation>();
  const left = [{ event: edit(), why: 'note.left-observing', observation: promise }] as const;
  decisions.answered(call(edit()), { kind: 'accept', left }, 0);
  await decisions.flush();
  const [early] = stored();
  assert.deepEqual(
    [early?.outcome, early?.why, early?.observed],
    ['observed', ['note.left-observing'], undefined],
  );
  decisions.answered(call(edit({ stage: 'after' })), { kind: 'accept' }, 0);
  const items = [{ remove: record, add: null }];
  const observed = { would: 'refused', remove: [], add: [] } as const;
  resolve({ why: ['record.cname-clash'], items, observed });
  await promise;
  await decisions.flush();
  const [found] = stored();
  assert.deepEqual(found, { ...early, why: ['record.cname-clash'], items, observed, kept: true });
});
