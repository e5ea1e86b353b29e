import assert from 'node:assert/strict';
import * as v from 'valibot';
import { Incoming, type IncomingRequest } from '../../../agent/incoming.ts';
import { variablesIn } from '../../../agent/process-environment.ts';
import {
  anyRelease,
  envelope,
  parseAnswer,
  parseParameters,
  question,
  type Question,
} from '../../../app/control/protocol.ts';
import { fullReport } from '../../full-report.ts';
import { defineTarget, jsonIn, octetsIn, type Target } from '../target.ts';

const heads = [
  'domainsync 1 1234 3\na=b',
  'domainsync 1 1234 0 before\n',
  'domainsync 1 1234 3 after cut\na=b',
  'domainsync 1 1234 3 before since 12345.67\na=b',
  'domainsync-control 1 0 15\n{"do":"status"}',
];

/** Feeds the octets to the agent's decoder in chunks of this length, as a connection may deliver them. */
function received(octets: Buffer, chunk: number): IncomingRequest | 'incomplete' | 'garbled' {
  const incoming = new Incoming();
  for (let at = 0; at < octets.length; at += chunk) {
    const part = octets.subarray(at, at + chunk);
    incoming.needs(part);
    const request = incoming.take(part);
    if (request !== 'incomplete') return request;
  }
  return 'incomplete';
}

const request = defineTarget({
  name: 'socket-request',
  shape: 'octets',
  samples: heads,
  words: [
    'domainsync ',
    '1 ',
    ' 8388608',
    ' 2097153',
    '\n',
    ' before',
    ' after',
    ' cut',
    ' since 1.00',
    '\r',
  ],
  // A request may announce 8 MiB, but the agent reserves at most 2 MiB for a body.
  budget: { octets: 250 },
  decode: (input) => received(octetsIn(input), Infinity),
  refusals: [],
  check: (whole, input) => {
    const octets = octetsIn(input).subarray(0, 4_000);
    if (octets.length === input.length)
      for (const chunk of [1, 7, 64]) assert.deepEqual(received(octets, chunk), whole, `chunks of ${chunk}`);
  },
});

const environment = defineTarget({
  name: 'process-environment',
  shape: 'octets',
  samples: ['PARAM_func=domain.edit\0PARAM_sok=ok\0PATH=/bin:/usr/bin\0', 'A=1\0A=2\0=x\0B\0C==\0'],
  words: ['\0', '=', 'PARAM_sok=ok\0', '__proto__=x\0', 'constructor=1\0', '\n', '\xff'],
  decode: variablesIn,
  refusals: [],
  check: ({ environment: found, repeated = [] }, input) => {
    const entries = input.split('\0').filter((entry) => entry.indexOf('=') > 0);
    assert.equal(Object.keys(found).length + repeated.length, entries.length, 'a variable is lost');
  },
});

const central = { central: null };
const zone = { zone: 'example.org.', ...central };
const questions: readonly object[] = [
  { do: 'status' },
  { do: 'zones', ...central },
  { do: 'zone', ...zone },
  {
    do: 'history',
    filter: { zone: 'example.org.', user: 'kunde', since: 1 },
    before: null,
    most: 20,
    central: 1,
  },
  { do: 'operation', prefix: '01J', ...central },
  { do: 'compare', ...zone },
  { do: 'content', ...zone, side: 'panel' },
  { do: 'plan', ...zone, direction: 'push', removes: false, only: { name: 'a.example.org.', type: null } },
  {
    do: 'apply',
    central: 1,
    approved: {
      zone: 'example.org.',
      direction: 'push',
      removes: true,
      whole: null,
      steps: ['add a.example.org. A 192.0.2.1'],
      operator: 'root',
      force: 'a move',
    },
  },
  { do: 'forced-import', zone: 'example.org.', force: 'a move' },
  { do: 'exclude', ...zone, only: null, excluded: true },
  { do: 'trace', zone: null, refuse: 'before' },
  { do: 'erase-user', user: 'kunde' },
  { do: 'access-check', checksFirst: true },
  { do: 'accept-journal', ...central },
  { do: 'notify-test' },
];

const names = ['__proto__', 'constructor', 'example.org.', 'panel', 'push', 'pull', '1e999', 'null'];

const control = defineTarget({
  name: 'socket-question',
  shape: 'json',
  samples: questions.map((one) => JSON.stringify(one)),
  words: names,
  decode: (input) => {
    const value = jsonIn(input);
    const asked: Question = v.parse(question, value).do;
    return { asked, parameters: parseParameters(asked, value) };
  },
  refusals: [v.ValiError],
  check: ({ asked, parameters }) => {
    assert.deepEqual(parseParameters(asked, parameters), parameters);
  },
});

const decisions = {
  kind: 'call',
  id: '01ABC',
  edit: 'records',
  zone: 'example.org.',
  outcome: 'refused',
  why: ['edit.busy'],
  actor: 'kunde',
  address: '192.0.2.7',
  func: 'domain.record.edit',
  createdAt: 1,
  kept: false,
  times: 1,
  items: [],
  central: 1,
};
const answers: readonly (readonly [Question, unknown])[] = [
  ['status', fullReport],
  [
    'zones',
    [
      {
        zone: 'example.org.',
        state: 'synced',
        incarnation: 1,
        baselineAt: 1,
        note: null,
        records: {},
        conflictSince: null,
        central: 1,
      },
    ],
  ],
  ['history', { entries: [decisions], next: null }],
  ['content', [{ name: 'a.example.org.', type: 'A', ttl: 60, rdata: '192.0.2.1' }]],
  ['compare', null],
  ['zones-to-plan', ['example.org.']],
  ['notify-test', { isService: false, tried: [] }],
];

const answer = defineTarget({
  name: 'socket-answer',
  shape: 'json',
  samples: answers.map(([asked, value]) => JSON.stringify({ asked, value: { ok: true, value } })),
  words: names,
  decode: (input) => {
    const { asked, value } = v.parse(v.object({ asked: v.string(), value: v.unknown() }), jsonIn(input));
    const whole = v.parse(envelope, value);
    const known = answers.find(([name]) => name === asked)?.[0];
    if (!whole.ok || known === undefined) return null;
    if (known === 'status') v.safeParse(anyRelease, whole.value);
    return { known, value: parseAnswer(known, whole.value) };
  },
  refusals: [v.ValiError],
  check: (read) => {
    if (read === null) return;
    assert.deepEqual(parseAnswer(read.known, read.value), read.value);
  },
});

export const socketTargets: readonly Target[] = [request, environment, control, answer];
