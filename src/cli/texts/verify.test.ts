import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../dns/name.ts';
import type { ReportedOperation } from '../../app/control/protocol.ts';
import { localTime } from '../output.ts';
import { liveLines, verifyLines } from './verify.ts';

const servers = [
  { server: 'ns1', state: 'live', text: '' },
  { server: 'ns2', state: 'silent', text: 'no answer in time' },
  { server: 'ns3', state: 'hidden', text: '' },
] as const;

const operation: ReportedOperation = {
  id: 'op1',
  kind: 'records',
  class: 'veto',
  zone: parseName('example.org.'),
  incarnation: 1,
  state: 'confirmed',
  fingerprint: '',
  actor: '',
  source: '',
  items: [],
  removed: [],
  added: [],
  afterSeen: true,
  createdAt: 0,
  changedAt: 0,
  watch: null,
  attempts: 0,
  problems: [],
  outcome: 'both-sides',
  why: [],
  live: null,
};

test('the status tells sums, and which name servers lag behind which write since when', () => {
  const names = ['www', 'ftp', 'mail', 'smtp'].map((host) => parseName(`${host}.example.org.`));
  const lines = verifyLines({
    servers: ['ns1', 'ns2', 'ns3'],
    strict: true,
    underWay: 1,
    waiting: 0,
    ended: { live: 5, hidden: 0, behind: 1, superseded: 2, dropped: 7 },
    behind: [{ operation: 'op1', zone: operation.zone, names, since: 0, asking: false, servers }],
  });
  assert.deepEqual(lines, [
    'verify     3 name servers, strict: 5 live, 1 not in time, 2 superseded, 7 not checked; 1 being asked for',
    `  behind www.example.org, ftp.example.org, mail.example.org and 1 more, written ${localTime(0)} (operation op1): live at 1 of 2 name servers`,
    '         ns2: no answer (no answer in time)',
  ]);
});

test('an operation tells at how many name servers it is live', () => {
  const lines = (
    state: ReportedOperation['state'],
    live: Parameters<typeof liveLines>[0]['live'],
  ): string[] => liveLines({ ...operation, state, live });
  assert.deepEqual(lines('confirmed', { state: 'live', servers: servers.slice(0, 1) }), [
    'live       at 1 of 1 name server',
  ]);
  assert.deepEqual(lines('refused', { state: 'behind', servers }), [
    'live       undone: at 1 of 2 name servers; not in time',
    '           ns2: no answer (no answer in time)',
  ]);
  assert.deepEqual(lines('confirmed', { state: 'superseded', servers }), [
    'live       a later change of the same records took over',
  ]);
  assert.deepEqual(lines('confirmed', { state: 'hidden', servers: servers.slice(2) }).length, 1);
  assert.deepEqual(lines('confirmed', null), []);
});
