import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import type { LedgerRow } from '../../ledger.ts';
import { planRecords } from './plan-rule.ts';

const alias = makeRecord({ name: 'www', type: 'CNAME', rdata: 'shop.example.org.' }, zone);

function row(record: ResourceRecord, state: LedgerRow['state']): LedgerRow {
  return { record, state, onPanel: true, onCentral: true, panelKey: null, note: null };
}

interface Case {
  readonly says: string;
  readonly panel?: readonly ResourceRecord[];
  readonly central?: readonly ResourceRecord[];
  readonly rows?: readonly LedgerRow[];
  readonly busy?: readonly ResourceRecord[];
  readonly removes?: boolean;
  readonly pull?: boolean;
  readonly isFirst?: boolean;
  readonly only?: string;
  readonly steps?: readonly string[];
  readonly left?: readonly string[];
}

const cases: readonly Case[] = [
  { says: 'what both sides have needs nothing', panel: [a('www', 1)], central: [a('www', 1)] },
  {
    says: 'what only the panel has is added',
    panel: [a('www', 1)],
    rows: [row(a('www', 1), 'panel-only')],
    steps: ['add www 1 one-sided'],
  },
  { says: 'what is new in the panel is added', panel: [a('www', 1)], steps: ['add www 1 new'] },
  {
    says: 'before the first comparison nobody knows what is new',
    panel: [a('www', 1)],
    isFirst: true,
    steps: ['add www 1 one-sided'],
  },
  {
    says: 'what the central has lost is added again',
    panel: [a('www', 1)],
    rows: [row(a('www', 1), 'synced')],
    steps: ['add www 1 lost'],
  },
  { says: 'what only the central has stays', central: [a('www', 9)], left: ['central www 9 needs-delete'] },
  {
    says: 'what only the central has goes if the operator asks for it',
    central: [a('www', 9)],
    removes: true,
    steps: ['remove www 9 new'],
  },
  {
    says: 'a conflict is left, because half of it would make two values',
    panel: [a('www', 1)],
    central: [a('www', 9)],
    left: ['panel www 1 place-taken', 'central www 9 needs-delete'],
  },
  {
    says: 'a conflict is replaced if the operator asks for it',
    panel: [a('www', 1)],
    central: [a('www', 9)],
    removes: true,
    steps: ['remove www 9 conflict', 'add www 1 conflict'],
  },
  {
    says: 'an alias takes the place of an address only with its removal',
    panel: [alias],
    central: [a('www', 9)],
    left: ['central www 9 needs-delete', 'panel www CNAME place-taken'],
  },
  {
    says: 'an alias is not sent beside data that stays',
    panel: [alias],
    central: [a('www', 9)],
    rows: [row(a('www', 9), 'excluded')],
    removes: true,
    left: ['central www 9 excluded', 'panel www CNAME place-taken'],
  },
  {
    says: 'what an administrator excluded stays',
    panel: [a('www', 1)],
    central: [a('ftp', 1)],
    rows: [row(a('www', 1), 'excluded'), row(a('ftp', 1), 'excluded')],
    removes: true,
    left: ['central ftp 1 excluded', 'panel www 1 excluded'],
  },
  {
    says: 'an edit that has not ended decides about its records',
    panel: [a('www', 1)],
    busy: [a('www', 1)],
    left: ['panel www 1 edit-open'],
  },
  {
    says: 'only the records that were named',
    panel: [a('www', 1), a('ftp', 1)],
    only: 'ftp',
    steps: ['add ftp 1 new'],
  },
  {
    says: 'a pull adds to the panel what the central has',
    panel: [a('ftp', 1)],
    central: [a('www', 9)],
    pull: true,
    steps: ['add www 9 new'],
    left: ['panel ftp 1 needs-delete'],
  },
  {
    says: 'a pull removes from the panel if the operator asks for it',
    panel: [a('www', 1)],
    central: [a('www', 9)],
    pull: true,
    removes: true,
    steps: ['remove www 1 conflict', 'add www 9 conflict'],
  },
  {
    says: 'what is replaced stays if all of its replacement is refused',
    panel: [a('bad', 1)],
    central: [a('bad', 9), a('old', 9)],
    removes: true,
    steps: ['remove old 9 new'],
    left: ['panel bad 1 refused', 'central bad 9 replacement-refused'],
  },
  {
    says: 'what the central would refuse is left',
    panel: [a('bad', 1), a('www', 1)],
    steps: ['add www 1 new'],
    left: ['panel bad 1 refused'],
  },
];

function say(record: ResourceRecord): string {
  const host = record.name.replace(`.${zone}`, '');
  return `${host} ${record.type === 'A' ? record.rdata.replace('192.0.2.', '') : record.type}`;
}

test('issue 17, plan: the rule of push and pull, as a table', () => {
  for (const one of cases) {
    const { panel = [], central = [], rows = [], busy = [], removes = false } = one;
    const known = {
      zone,
      panel: panel.map((record) => ({ ...record, key: recordId(record) })),
      central,
      rows,
      isFirst: one.isFirst === true,
      busy: new Set(busy.map(recordId)),
      objections: ({ name }: ResourceRecord) => (name.startsWith('bad.') ? ['record.type'] : []),
    };
    const only = one.only === undefined ? {} : { only: { name: a(one.only, 1).name, type: null } };
    const direction = one.pull === true ? 'pull' : 'push';
    const { steps, left } = planRecords(known, { direction, removes, ...only });
    const said = {
      steps: steps.map(({ action, record, why }) => `${action} ${say(record)} ${why}`),
      left: left.map(({ record, at, why }) => `${at} ${say(record)} ${why}`),
    };
    assert.deepEqual(said, { steps: one.steps ?? [], left: one.left ?? [] }, one.says);
  }
});
