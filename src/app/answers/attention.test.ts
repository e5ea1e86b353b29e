import type { JournalDoubt } from '../../core/journal-doubts.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusText } from '../../cli/texts/status.ts';
import { attentionTexts } from '../../core/catalogue-attention.ts';
import { parseName } from '../../dns/name.ts';
import { sampleOperation } from '../../testing/contracts/journal.ts';
import type { StatusReport } from '../control/protocol.ts';
import { attentionOf, attentionText } from './attention.ts';
import type { Health } from './health.ts';
import type { CentralReport, EngineReport, FromAgent } from './central-report.ts';

const owners = { way: 'column', check: 'on', zones: 1, unknown: 0 } as const;
const engine: EngineReport = {
  baselineAt: 1,
  doubt: null,
  open: 0,
  stuck: [],
  unfinished: {},
  zones: { synced: 1 },
  records: { synced: 3 },
  notes: 0,
  frozen: 0,
  damagedOperations: 0,
  owners,
};
const fromAgent: FromAgent = {
  blocked: null,
  nextPassword: false,
  comparison: { running: false, done: 0, total: 0, problem: null },
  owners: { readAt: 1, undecided: 0, undecidedAt: null, foreign: 0, foreignAt: null },
  verify: null,
};
const day = 86_400_000;
const health: Health = {
  at: day,
  blocked: null,
  failingSince: null,
  answeredAt: day,
  comparison: {
    problem: null,
    failingSince: null,
    completeAt: day,
    overdueAt: 2 * day,
    failingZones: 0,
    failingZonesSince: null,
  },
  behind: null,
  undecided: null,
  conflictsSince: null,
  silent: [],
  files: null,
};
const account = { kind: 'powerdns', address: 'https://central.example', account: 'alice' };

/**
 * Makes a status with these reports of the centrals. Its other fields are those of a panel without problems.
 */
function status(
  reports: readonly Partial<CentralReport>[],
  more: Partial<Omit<StatusReport, 'attention'>> = {},
): Omit<StatusReport, 'attention'> {
  const centrals = reports.map((one, at) => ({
    number: at + 1,
    hasJournal: true,
    central: account,
    found: null,
    engine,
    fromAgent,
    health,
    conflictLimit: 10,
    observing: null,
    ...one,
  }));
  const { central = null, found = null } = centrals[0] ?? {};
  return {
    at: day,
    pid: 1,
    version: '1',
    memory: 1,
    state: 'running',
    problems: [],
    pending: [],
    paused: false,
    pausedUntil: null,
    central,
    found,
    engine,
    fromAgent,
    health,
    centrals,
    ...more,
  };
}

const codes = (report: Omit<StatusReport, 'attention'>): string[] =>
  attentionOf(report).map(({ code }) => code);

test('all is well: no reason, also before settings are given and during a pause', () => {
  assert.deepEqual(attentionOf(status([{}, {}], { paused: true })), []);
  assert.deepEqual(attentionOf(status([], { state: 'not-configured' })), []);
});

test('issue 17, host identity: a journal in doubt is a reason, the more urgent the more it stops', () => {
  const why = (doubt: JournalDoubt): unknown => {
    const stuck = [sampleOperation('a', { state: 'stuck', changedAt: 7 })];
    return attentionOf(status([{ engine: { ...engine, doubt, stuck } }])).map(({ code, since }) => [
      code,
      since,
    ]);
  };
  const stuck = ['attention.stuck', 7];
  assert.deepEqual(why({ why: 'other-host', since: 5 }), [['attention.other-host', 5], stuck]);
  assert.deepEqual(why({ why: 'older-journal', since: 6 }), [['attention.older-journal', 6], stuck]);
  assert.deepEqual(why({ why: 'long-gap', since: 8 }), [['attention.long-gap', 8], stuck]);
});

test('what the journal holds is a reason with and without an agent', () => {
  const one = sampleOperation('a', { state: 'stuck', changedAt: 7 });
  const report = { ...engine, stuck: [one, { ...one, changedAt: 5 }], frozen: 2, damagedOperations: 3 };
  assert.deepEqual(attentionOf(status([{}, { engine: report, fromAgent: null }], { pid: null })), [
    { code: 'attention.agent-not-running', central: null, since: null, params: {} },
    { code: 'attention.zones-frozen', central: 2, since: null, params: { count: '2' } },
    { code: 'attention.operations-damaged', central: 2, since: null, params: { count: '3' } },
    { code: 'attention.stuck', central: 2, since: 5, params: { count: '2' } },
  ]);
});

test('a central that sends nothing: unreachable or a refused login, with the cause and the times', () => {
  const params = { cause: 'central.certificate', text: 'self-signed' };
  const down = { ...health, failingSince: 7, blocked: { code: 'central.breaker-open', params } };
  const blocked = { code: 'central.login-blocked', params: { cause: 'central.login' } };
  const login = { ...health, answeredAt: null, blocked };
  const [refused, unreachable] = attentionOf(status([{ health: down }, { health: login }]));
  assert.deepEqual([refused?.code, refused?.params['lastSuccess']], ['attention.login-blocked', undefined]);
  assert.ok(unreachable !== undefined);
  assert.deepEqual([unreachable.since, unreachable.params['lastSuccess']], [7, '1970-01-02T00:00:00.000Z']);
  assert.match(
    attentionText(unreachable, 'en', true),
    /^Central DNS 1: The central DNS cannot be reached.* \(The certificate .*\[central\.certificate\]\)$/u,
  );
  assert.match(
    attentionText(unreachable, 'ru', false),
    /^Центральный DNS недоступен, .*\[central\.certificate\]/u,
  );
});

test('settings and journal: each problem once, with its central', () => {
  const wrong = { code: 'central.login', params: { central: '2', text: 'no' } };
  const newer = { code: 'journal.newer', params: {} };
  const report = status([{}, {}], { problems: [newer], pending: [newer, wrong] });
  assert.deepEqual(attentionOf(report), [
    { code: 'attention.problem', central: null, since: null, params: { code: 'journal.newer' } },
    {
      code: 'attention.settings-not-in-force',
      central: 2,
      since: null,
      params: { text: 'no', code: 'central.login' },
    },
  ]);
});

test('comparisons that fail or are overdue, zones that cannot be compared', () => {
  const { comparison } = health;
  const failing = { ...comparison, problem: 'panel.unreachable', failingSince: 3 };
  const [one] = attentionOf(status([{ health: { ...health, comparison: failing } }]));
  assert.deepEqual(one, {
    code: 'attention.comparison-failing',
    central: 1,
    since: 3,
    params: { code: 'panel.unreachable', lastSuccess: '1970-01-02T00:00:00.000Z' },
  });
  const late = { at: 2 * day + 1 };
  assert.deepEqual(codes(status([{}], late)), ['attention.comparison-overdue']);
  assert.deepEqual(codes(status([{}], { ...late, pid: null })), ['attention.agent-not-running']);
  const zones = { ...comparison, failingZones: 2, failingZonesSince: day - 600_000 };
  const ofZones = { health: { ...health, comparison: zones } };
  assert.deepEqual(codes(status([ofZones])), ['attention.zones-not-compared']);
  assert.deepEqual(codes(status([ofZones], { at: day - 1 })), []);
});

test('name servers behind, edits without an owner, calls that do not come, files that are not as installed', () => {
  const zone = parseName('xn--e1afmkfd.example.');
  const all: Health = {
    ...health,
    behind: { edits: 1, servers: ['192.0.2.2'], since: 9 },
    undecided: { edits: 3, since: 1, last: 2 },
    silent: [4, 5, 6].map((at) => ({ at, zone })),
    files: { text: 'missing: x', since: 8 },
  };
  // A reason that concerns the whole panel is listed once, although the engine of each central reports it.
  const found = attentionOf(status([{ health: all }, { health: { ...all, behind: null } }]));
  assert.deepEqual(
    found.map(({ code, central, since, params }) => [code, central, since, params]),
    [
      ['attention.plugin-files', null, 8, { text: 'missing: x' }],
      ['attention.no-hook-calls', null, 4, { zone: 'пример.example' }],
      ['attention.name-servers-behind', 1, 9, { servers: '192.0.2.2', count: '1' }],
      ['attention.owners-undecided', null, 1, { count: '3' }],
    ],
  );
  const fewer = { ...health, undecided: all.undecided, silent: all.silent.slice(1) };
  assert.deepEqual(codes(status([{ health: fewer }], { at: day + 2 })), []);
  const two: Health = { ...health, undecided: { edits: 2, since: 1, last: 2 } };
  assert.deepEqual(codes(status([{ health: two }])), []);
});

test('conflicts are a reason above the limit of the settings', () => {
  const records = { synced: 1, conflict: 11 };
  const more = { engine: { ...engine, records }, health: { ...health, conflictsSince: 5 } };
  assert.deepEqual(attentionOf(status([more])), [
    { code: 'attention.conflicts', central: 1, since: 5, params: { count: '11', limit: '10' } },
  ]);
  assert.deepEqual(codes(status([{ ...more, conflictLimit: 11 }])), []);
});

test('status prints the reasons first, without control characters of a central', () => {
  const params = { text: 'x\u001b[31m' };
  const blocked = { code: 'central.breaker-open', params };
  const report = status([{ health: { ...health, failingSince: 7, blocked } }]);
  const lines = statusText({ ...report, attention: attentionOf(report) }).split('\n');
  assert.match(
    lines[0] ?? '',
    /^attention +The central DNS cannot be reached.* Since 1970-01-01 .* Last success 1970-01-0.*\[attention\.central-unreachable\]$/u,
  );
  assert.match(lines[1] ?? '', /^agent /u);
  assert.ok(!lines.join().includes('\u001b'));
});

test('every reason says in both languages what to do', () => {
  for (const [code, { en, ru }] of Object.entries(attentionTexts)) {
    assert.match(en, /"|See docs/u, code);
    assert.match(ru, /«|См\. docs/u, code);
  }
});

test('issue 17, observe: differences are no reason to look, and a central that is down refuses nothing', () => {
  const observing = { since: 1, edits: 7, refused: 2 };
  const records = { synced: 1, conflict: 99 };
  assert.deepEqual(codes(status([{ engine: { ...engine, records }, observing }])), []);
  for (const code of ['central.breaker-open', 'central.login-blocked']) {
    const blind = { ...health, blocked: { code, params: {} }, failingSince: 5 };
    assert.deepEqual(codes(status([{ health: blind, observing }])), ['attention.observing-blind']);
  }
  const text = statusText({ ...status([{ observing }]), attention: [] });
  assert.match(
    text,
    /^observing .*: nothing is refused or written\n.*7 edits, of which 2 would have been refused/mu,
  );
});
