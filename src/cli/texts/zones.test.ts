import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostUrgentFirst, zonesWith } from '../../app/answers/zone-order.ts';
import type { Answers } from '../../app/control/protocol.ts';
import type { ZoneState } from '../../core/ledger.ts';
import { parseName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { localTime } from '../output.ts';
import { zonesText, zoneText } from './zones.ts';

type Zone = Answers['zones'][number];

const at = Date.UTC(2026, 10, 29, 12);

function zoneOf(name: string, state: ZoneState = 'synced', more: Partial<Zone> = {}): Zone {
  const zone = parseName(`${name}.`);
  return {
    zone,
    state,
    incarnation: 1,
    baselineAt: at,
    note: null,
    records: {},
    conflictSince: null,
    ...more,
  };
}

const conflict = zoneOf('b.example', 'synced', {
  records: { synced: 12, 'panel-only': 1, 'central-only': 2, conflict: 3 },
  conflictSince: at,
});
const noted = zoneOf('z.example', 'synced', { note: 'note.other-writer' });
const all = [zoneOf('a.example'), conflict, zoneOf('c.example', 'panel-only'), noted];

test('zones: what needs a person comes first', () => {
  assert.deepEqual(
    mostUrgentFirst(all).map(({ zone }) => zone),
    ['z.example.', 'b.example.', 'c.example.', 'a.example.'],
  );
});

test('zones: chosen by the state of the zone or of a record in it', () => {
  const names = (state: string): string[] => zonesWith(all, state).map(({ zone }) => zone);
  assert.deepEqual(names('panel-only'), ['b.example.', 'c.example.']);
  assert.deepEqual(names('conflict'), ['b.example.']);
  assert.deepEqual(names('foreign'), []);
});

test('zones: how many records are where, and since when they differ', () => {
  const [head, , line] = zonesText(all, null).split('\n');
  assert.match(head ?? '', /^ZONE +STATE +SINCE +SYNCED +PANEL +CENTRAL +CONFLICT +NOTE$/u);
  const time = localTime(at);
  assert.match(line ?? '', new RegExp(`^b\\.example +synced +${time} +12 +1 +2 +3 since ${time}$`, 'u'));
});

test('zones: no line is wider than the terminal, and what is cut says so', () => {
  const name = `${'很长'.repeat(14)}.example`;
  const zones = [...all, zoneOf(name, 'synced', { note: 'note.gone-signed' })];
  for (const width of [80, 100, 132]) {
    for (const line of zonesText(zones, width).split('\n')) {
      const columns = Array.from(line).reduce((sum, one) => sum + (/\p{Script=Han}/u.test(one) ? 2 : 1), 0);
      assert.ok(columns <= width, `${columns} of ${width}: ${line}`);
    }
  }
  assert.match(zonesText(zones, 80), /…/u);
  assert.doesNotMatch(zonesText(zones, null), /…/u);
  assert.match(zonesText(zones, null), /deletes it$/mu);
});

test('zone: the records of a zone that is left to the panel, or why they are not shown', () => {
  const { zone, state, incarnation, baselineAt, note } = zoneOf('c.example', 'panel-only');
  const entry = { zone, state, incarnation, baselineAt, note };
  const record = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, zone);
  const view = { entry, rows: [], open: [], signing: null };
  const shown = zoneText(zone, { ...view, inPanel: { records: [record] } });
  assert.match(shown, /^c\.example: panel-only\nEdits of this zone stay in the panel\./u);
  assert.match(shown, /^yes +- +panel-only +www\.c\.example A 192\.0\.2\.1$/mu);
  const problem = { code: 'zone.panel-unread', params: { text: 'no \u001b[2J answer' } };
  const unread = zoneText(zone, { ...view, inPanel: { problem } });
  assert.match(unread, /The panel cannot be read now.* \(no .*answer\)/u);
  assert.ok(!unread.includes('\u001b'));
  const unknown = zoneText(zone, { ...view, entry: null, inPanel: { records: [record] } });
  assert.match(unknown, /not compared yet/u);
});
