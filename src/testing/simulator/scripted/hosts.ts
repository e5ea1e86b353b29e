import type { HistoryEvent, OnCopy } from '../event.ts';
import { address, freshZone, main } from '../set-up.ts';
import type { Story } from '../story.ts';
import { edit, told, wwwMoves, zoneEdit } from './script.ts';

const day = 24 * 3_600;
const shop = address(main, 'shop', 100);
const options = { hosts: true } as const;

const copied: readonly (readonly [number, HistoryEvent])[] = [
  [20, { kind: 'host-copied' }],
  [30, { kind: 'copy-started' }],
];
const moves = edit([wwwMoves]);
const webDomain = { kind: 'unheard-change', zone: main, add: shop, hints: true } as const;

function onCopy(event: HistoryEvent): OnCopy {
  return { on: 'copy', event };
}

/** Scripted stories about a copy of the host, and about a host that was off for a month. */
export const aboutHosts: Readonly<Record<string, Story>> = {
  'a copy of the host that nobody accepts': told(
    [
      ...copied,
      [40, onCopy(moves)],
      [50, edit([{ remove: null, add: address(main, 'api', 12) }])],
      [60, onCopy(webDomain)],
      [70, onCopy(zoneEdit('zone-create', freshZone(false)))],
      [80, onCopy({ kind: 'kill' })],
      [90, onCopy({ kind: 'start' })],
      [100, onCopy(moves)],
    ],
    { options },
  ),
  'a copy is accepted and started again, and users go on there': told(
    [
      ...copied,
      [40, moves],
      [60, { kind: 'copy-accepted' }],
      [90, onCopy(edit([{ remove: null, add: address(main, 'api', 12) }]))],
      [100, onCopy({ kind: 'kill' })],
      [101, onCopy({ kind: 'start' })],
      [140, onCopy(zoneEdit('zone-create', freshZone(false)))],
    ],
    { options, calmAt: 180_000 },
  ),
  'a copy is accepted while an edit of the original is on its way': told(
    [
      [39, moves],
      [39.03, { kind: 'host-copied' }],
      [39.04, { kind: 'copy-started' }],
      [41, { kind: 'copy-accepted' }],
      [80, onCopy(webDomain)],
    ],
    {
      options,
      draws: {
        'central 1 write joined.example. www.joined.example. fault': { 1: 'late' },
        'central 1 write joined.example. www.joined.example. lands': { 1: 50_000 },
      },
    },
  ),
  'the power fails while a copy is accepted': told(
    [
      ...copied,
      [50, moves],
      [59, onCopy({ kind: 'power-cut', commit: 1, lands: true, back: 1_000 })],
      [60, { kind: 'copy-accepted' }],
      [90, onCopy(moves)],
    ],
    { options },
  ),
  'a copy is accepted again, because its journal could not store it': told(
    [
      ...copied,
      [59, onCopy({ kind: 'journal-trouble', central: 1, fault: 'read-only', lasts: 20_000 })],
      [60, { kind: 'copy-accepted' }],
      [70, onCopy(moves)],
    ],
    { options },
  ),
  'the host is off for a month, and both sides change meanwhile': told(
    [
      [20, edit([{ remove: null, add: address(main, 'api', 12) }])],
      [40, { kind: 'kill' }],
      [10 * day, { ...webDomain, hints: false }],
      [11 * day, { kind: 'central-write', central: 1, zone: main, remove: wwwMoves.remove, add: null }],
      [12 * day, { kind: 'unheard-removal', zone: main, records: [address(main, 'ftp', 7)], hint: 'none' }],
      [35 * day, { kind: 'start' }],
      [35 * day + 60, edit([{ remove: null, add: address(main, 'shop', 13) }])],
    ],
    { options, calmAt: (35 * day + 120) * 1_000 },
  ),
};
