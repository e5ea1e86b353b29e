import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusText } from '../../cli/texts/status.ts';
import { attentionTexts } from '../../core/catalogue-attention.ts';
import { parseName } from '../../dns/name.ts';
import { sampleOperation } from '../../testing/contracts/journal.ts';
import type { StatusReport } from '../control/protocol.ts';
import { attentionOf, attentionText } from './attention.ts';
import type { CentralReport, EngineReport, LiveCentral } from './central-report.ts';

const owners = { way: 'column', check: 'on', zones: 1, unknown: 0 } as const;
const engine: EngineReport = {
  baselineAt: 1,
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
const live: LiveCentral = {
  blocked: null,
  comparison: { running: false, done: 0, total: 0, problem: null },
  owners: { readAt: 1, undecided: 0, undecidedAt: null, foreign: 0, foreignAt: null },
  verify: null,
};
const day = 86_400_000;
const account = { kind: 'powerdns', address: 'https://central.example', account: 'alice' };

/** A status with this report of each central; the other fields are those of a panel where all is well. */
function status(
  reports: readonly Partial<CentralReport>[],
  more: Partial<Omit<StatusReport, 'attention'>> = {},
): Omit<StatusReport, 'attention'> {
  const centrals = reports.map((one, at) => ({
    number: at + 1,
    central: account,
    found: null,
    engine,
    live,
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
    live,
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

test('what the journal holds is a reason with and without an agent', () => {
  const one = sampleOperation('a', { state: 'stuck', changedAt: 7 });
  const report = { ...engine, stuck: [one, { ...one, changedAt: 5 }], frozen: 2, damagedOperations: 3 };
  assert.deepEqual(attentionOf(status([{}, { engine: report, live: null }], { pid: null })), [
    { code: 'attention.agent-not-running', central: null, since: null, params: {} },
    { code: 'attention.zones-frozen', central: 2, since: null, params: { count: '2' } },
    { code: 'attention.operations-damaged', central: 2, since: null, params: { count: '3' } },
    { code: 'attention.stuck', central: 2, since: 5, params: { count: '2' } },
  ]);
});

test('a central that sends nothing: unreachable or a refused login, with the cause', () => {
  const params = { cause: 'central.certificate', text: 'self-signed' };
  const open = { ...live, blocked: { code: 'central.breaker-open', params } };
  const login = { ...live, blocked: { code: 'central.login-blocked', params: { cause: 'central.login' } } };
  const [refused, unreachable] = attentionOf(status([{ live: open }, { live: login }]));
  assert.equal(refused?.code, 'attention.login-blocked');
  assert.ok(unreachable !== undefined);
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

test('comparisons that fail, name servers behind, and edits without an owner', () => {
  const servers = [
    { server: '192.0.2.1', state: 'live', text: '' },
    { server: '192.0.2.2', state: 'old', text: '' },
  ] as const;
  const zone = parseName('example.org.');
  const behind = { operation: 'a', zone, names: [zone], since: 9, asking: false, servers };
  const ended = { live: 0, hidden: 0, behind: 1, superseded: 0, dropped: 0 };
  const verify = { servers: [], strict: false, underWay: 0, waiting: 0, ended, behind: [behind] };
  const all = {
    ...live,
    comparison: { ...live.comparison, problem: 'panel.failed' },
    owners: { ...live.owners, undecided: 2, undecidedAt: 1 },
    verify,
  };
  assert.deepEqual(
    attentionOf(status([{ live: all }])).map(({ code, since, params }) => [code, since, params]),
    [
      ['attention.comparison-failing', null, { code: 'panel.failed' }],
      ['attention.name-servers-behind', 9, { servers: '192.0.2.2', count: '1' }],
      ['attention.owners-undecided', null, { count: '2' }],
    ],
  );
  const asking = { ...live, verify: { ...verify, behind: [{ ...behind, asking: true }] } };
  assert.deepEqual(codes(status([{ live: asking }])), []);
  const later = { live: { ...all, verify: null } };
  assert.deepEqual(codes(status([later], { at: day + 2 })), ['attention.comparison-failing']);
});

test('status prints the reasons first, without control characters of a central', () => {
  const params = { text: 'x\u001b[31m' };
  const report = status([{ live: { ...live, blocked: { code: 'central.breaker-open', params } } }]);
  const lines = statusText({ ...report, attention: attentionOf(report) }).split('\n');
  assert.match(
    lines[0] ?? '',
    /^attention +The central DNS cannot be reached.*\[attention\.central-unreachable\]$/u,
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
