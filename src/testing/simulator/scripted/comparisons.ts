import { address, freshZone, main } from '../set-up.ts';
import type { Story } from '../story.ts';
import { edit, told, wwwMoves, zoneEdit } from './script.ts';

const fresh = freshZone(false);
const shop = address(main, 'shop', 100);
const www = address(main, 'www', 7);
const ftp = address(main, 'ftp', 7);
const synced = [address(main, '@', 1), address(main, 'mail', 1), address(main, 'pop', 1), www, ftp];

const webDomain = { kind: 'unheard-change', zone: main, add: shop, hints: true } as const;
const lost = { kind: 'unheard-removal', zone: main, hint: 'zone' } as const;

/**
 * Parts of a story in which comparisons skip the zone that both sides have, because its serials have not
 * changed. The story lasts long enough for that.
 */
const leavesOut = { options: { serials: true }, calmAt: 1_200_000 } as const;

/** A plan that adds what one side lacks, and is applied at once. */
const everything = { removes: false, only: null, waits: 0, twice: false } as const;

/** Scripted stories about comparisons and plans, and the edits that they make. */
export const aboutComparisons: Readonly<Record<string, Story>> = {
  'a web domain adds a record to a zone that comparisons leave out': told(
    [[800, { ...webDomain, hints: false }]],
    leavesOut,
  ),
  'somebody removes a record at the central from a zone that comparisons leave out': told(
    [[800, { kind: 'central-write', central: 1, zone: main, remove: ftp, add: null }]],
    leavesOut,
  ),
  'a web domain adds a record': told([[40, webDomain]]),
  'a web domain adds a record beside a slow edit of the same name': told(
    [
      [40, edit([{ remove: null, add: address(main, 'www', 11) }])],
      [40.05, { ...webDomain, add: address(main, 'www', 100) }],
    ],
    {
      draws: {
        'central 1 write joined.example. www.joined.example. fault': { 1: 'slow' },
        'central 1 write joined.example. www.joined.example. is slow': { 1: 8_000 },
      },
    },
  ),
  'a web domain adds a record where somebody has one at the central': told([
    [30, { kind: 'central-write', central: 1, zone: main, remove: null, add: address(main, 'shop', 200) }],
    [40, webDomain],
  ]),
  'what a web domain adds lands after a user has deleted it': told(
    [
      [40, webDomain],
      [60, edit([{ remove: shop, add: null }])],
    ],
    {
      calmAt: 180_000,
      draws: {
        'central 1 write joined.example. shop.joined.example. fault': { 1: 'late' },
        'central 1 write joined.example. shop.joined.example. lands': { 1: 80_000 },
      },
    },
  ),
  'the central refuses what a web domain adds, while a zone is made slowly': told(
    [
      [40, zoneEdit('zone-create', fresh)],
      [40.1, webDomain],
    ],
    {
      draws: {
        'central 1 create fresh.example. fault': { 1: 'slow' },
        'central 1 create fresh.example. is slow': { 1: 8_000 },
        'central 1 write joined.example. shop.joined.example. fault': { 1: 'refuse', 2: 'refuse' },
      },
    },
  ),
  'somebody removes a record at the central, and a web domain adds another': told([
    [30, { kind: 'central-write', central: 1, zone: main, remove: ftp, add: null }],
    [40, webDomain],
  ]),
  'the panel loses a record': told([[40, { ...lost, records: [ftp] }]]),
  'the panel loses every record of a zone': told([[40, { ...lost, records: synced }]]),
  'the panel loses a zone, and a function hints at all': told([
    [40, { ...lost, records: null, hint: 'all' }],
  ]),
  'the panel loses two zones within an hour': told(
    [
      [40, zoneEdit('zone-create', fresh)],
      [80, { ...lost, records: null }],
      [120, { ...lost, zone: fresh, records: null }],
    ],
    { calmAt: 160_000 },
  ),
  'a web domain makes a zone': told([[40, { ...webDomain, zone: fresh, add: address(fresh, 'shop', 100) }]]),
  'an edit of a record that a slow push is sending': told(
    [
      [10, { ...webDomain, hints: false }],
      [15, { kind: 'plan', central: 1, zone: main, direction: 'push', ...everything }],
      [16, edit([{ remove: shop, add: address(main, 'shop', 101) }])],
    ],
    { draws: { 'central 1 write joined.example. old.joined.example. fault': { 1: 'slow' } } },
  ),
  'edits of a zone that sleeps because of a late write': told(
    [
      [40, edit([wwwMoves])],
      [340, edit([{ remove: ftp, add: address(main, 'ftp', 11) }])],
      [380, edit([{ remove: address(main, 'ftp', 11), add: address(main, 'ftp', 12) }])],
      [420, edit([{ remove: address(main, 'ftp', 12), add: address(main, 'ftp', 13) }])],
      [460, edit([{ remove: address(main, 'ftp', 13), add: ftp }])],
    ],
    {
      calmAt: 700_000,
      draws: { 'central 1 write joined.example. www.joined.example. fault': { 1: 'late' } },
    },
  ),
};
