/** A status with a value in every field, and a notice. All names in them contain `secret`. */
import type { CentralReport, EngineReport, FromAgent } from '../app/answers/central-report.ts';
import type { Health } from '../app/answers/health.ts';
import type { StatusReport } from '../app/control/protocol.ts';
import type { Notice } from '../app/notify/notice.ts';
import { parseName } from '../dns/name.ts';

const owners = { way: 'column', check: 'on', zones: 3, unknown: 1 } as const;
const engine: EngineReport = {
  baselineAt: 1_700_000_000_500,
  doubt: null,
  open: 2,
  stuck: [],
  unfinished: { prepared: 1, kept: 1 },
  zones: { synced: 2, foreign: 1 },
  records: { synced: 3, conflict: 2 },
  notes: 1,
  frozen: 0,
  damagedOperations: 0,
  owners,
};
const fromAgent: FromAgent = {
  blocked: { code: 'central.breaker-open', params: {} },
  nextPassword: true,
  comparison: { running: true, done: 4, total: 9, problem: null },
  owners: { readAt: 1_700_000_001_000, undecided: 5, undecidedAt: 1, foreign: 6, foreignAt: 1 },
  verify: {
    servers: ['ns1.secret.example'],
    strict: false,
    underWay: 1,
    waiting: 2,
    ended: { live: 7, hidden: 0, behind: 1, superseded: 0, dropped: 0 },
    behind: [
      {
        operation: 'x',
        zone: parseName('secret.example.'),
        names: [],
        since: 1,
        asking: true,
        servers: [],
      },
    ],
  },
};
const health: Health = {
  at: 1_700_000_002_000,
  blocked: { code: 'central.breaker-open', params: {} },
  failingSince: 1_700_000_001_000,
  answeredAt: 1_700_000_000_900,
  comparison: {
    problem: null,
    failingSince: null,
    completeAt: 1_700_000_000_800,
    overdueAt: null,
    failingZones: 0,
    failingZonesSince: null,
  },
  behind: null,
  undecided: null,
  conflictsSince: null,
  silent: [],
  files: null,
};
const account = { kind: 'powerdns', address: 'https://central.secret.example', account: 'secret-account' };
const central: CentralReport = {
  number: 1,
  hasJournal: true,
  conflictLimit: 10,
  observing: null,
  central: account,
  found: null,
  engine,
  fromAgent,
  health,
};
export const fullReport: StatusReport = {
  attention: [
    { code: 'attention.stuck', central: 1, since: 2_000, params: { count: '1' } },
    { code: 'attention.stuck', central: 2, since: 1_000, params: { count: '1' } },
    { code: 'attention.central-unreachable', central: 1, since: null, params: { text: 'secret.example' } },
  ],
  at: 1_700_000_002_000,
  pid: 7,
  version: '0.1.0',
  memory: 123_456,
  state: 'running',
  problems: [],
  pending: [],
  paused: true,
  pausedUntil: 1_700_000_060_000,
  central: account,
  found: null,
  engine,
  fromAgent,
  health,
  centrals: [central, { ...central, number: 2, fromAgent: { ...fromAgent, verify: null } }],
};

export const fullNotice: Notice = {
  id: 'x',
  at: 1_700_000_000_000,
  kind: 'changed',
  began: fullReport.attention,
  ended: [],
  standing: [],
  heldBack: 0,
  quietUntil: null,
  several: true,
};
