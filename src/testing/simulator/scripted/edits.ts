import type { EditItem } from '../../../core/panel.ts';
import type { DnsName } from '../../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../../dns/record.ts';
import type { EditOfRecords, HistoryEvent } from '../event.ts';
import { address, freshZone, main, owner } from '../set-up.ts';
import type { Story } from '../story.ts';
import type { LocalPart } from '../world.ts';
import { edit, told, wwwMoves, zoneEdit, type Script } from './script.ts';

/** A zone that an administrator creates. The panel's list shows no owner for it. */
const fresh = freshZone(false);
const anybodys: Script = [
  [10, zoneEdit('zone-create', fresh)],
  [10.2, { ...edit([{ remove: null, add: address(fresh, 'api', 10) }], {}, fresh), hidesOwner: true }],
];

const old = address(main, 'www', 7);
const shop = address(main, 'shop', 11);
const freshShop: EditItem = { remove: null, add: address(fresh, 'shop', 11) };
const ftpGoes: EditItem = { remove: address(main, 'ftp', 7), add: null };
const timedMove = { remove: at(old, 3_600), add: at(address(main, 'www', 11), 3_600) };
const shopOpens: EditItem = { remove: null, add: shop };
/** The name of the random draws for writes at `www` in the first central. */
const atWww = 'central 1 write joined.example. www.joined.example.';

/** An edit of the zone `fresh` by a user whose right to it is not known. */
function anybodyEdits(items: readonly EditItem[], local: Partial<LocalPart> = {}): EditOfRecords {
  return { ...edit(items, local, fresh), actor: owner };
}

function at(record: ResourceRecord, ttl: number): ResourceRecord {
  return { ...record, ttl };
}

function alias(zone: DnsName, host: string): ResourceRecord {
  return makeRecord({ name: host, type: 'CNAME', rdata: 'elsewhere.example.net.' }, zone);
}

function otherAdds(add: EditItem['add'], zone = main): Extract<HistoryEvent, { kind: 'central-write' }> {
  return { kind: 'central-write', central: 1, zone, remove: null, add };
}

/** Scripted stories about edits of records, for situations that random histories rarely reach. */
export const aboutEdits: Readonly<Record<string, Story>> = {
  'a slow edit is done again and then shown late': told([
    [40, edit([wwwMoves], { takes: 13_000, visibleAfter: 12_000 })],
  ]),
  'an alias beside a record of somebody, in a zone of nobody known': told(
    [
      ...anybodys,
      [40, otherAdds(address(fresh, 'shop', 200), fresh)],
      [41, anybodyEdits([{ remove: null, add: alias(fresh, 'shop') }])],
    ],
    { options: { users: true } },
  ),
  'the panel keeps an edit between the read that decides and the undo': told([
    [40, edit([wwwMoves], { takes: 10_220 })],
  ]),
  'the panel keeps an edit while its undo is slow': told([[40, edit([wwwMoves], { takes: 10_270 })]], {
    draws: { [`${atWww} fault`]: { 3: 'slow' }, [`${atWww} is slow`]: { 1: 12_000 } },
  }),
  'the panel keeps half of an edit, and the undo of the rest lands after the same was edited again': told(
    [
      [30, { ...edit([wwwMoves, ftpGoes]), leavesOut: [1] }],
      [70, edit([wwwMoves])],
    ],
    { draws: { [`${atWww} fault`]: { 3: 'late' }, [`${atWww} lands`]: { 1: 60_000 } } },
  ),
  'the power fails before an edit is sent, and another user makes it': told(
    [
      ...anybodys,
      [39, { kind: 'power-cut', commit: 1, lands: true, back: 100 }],
      [40, edit([freshShop], {}, fresh)],
      [41, anybodyEdits([freshShop])],
    ],
    { options: { users: true } },
  ),
  'an edit adds what somebody has added at the central, and the panel refuses it': told([
    [39, otherAdds(shop)],
    [40, edit([shopOpens], { refuses: true })],
  ]),
  'an undo is due while the name is being written': told(
    [
      [40, edit([wwwMoves], { refuses: true })],
      [49, edit([{ remove: null, add: address(main, 'www', 12) }])],
    ],
    { draws: { [`${atWww} fault`]: { 3: 'slow' }, [`${atWww} is slow`]: { 1: 3_000 } } },
  ),
  'an edit gives up its wait for a slow one, which the panel then refuses': told(
    [
      [40, edit([wwwMoves], { refuses: true })],
      [40.01, edit([{ remove: null, add: address(main, 'www', 12) }])],
    ],
    { draws: { [`${atWww} fault`]: { 1: 'slow' }, [`${atWww} is slow`]: { 1: 12_000 } } },
  ),
  'an edit refused at one central while its equal has been kept': told(
    [
      [40, edit([wwwMoves], { takes: 12_950 })],
      [52.9, edit([wwwMoves])],
    ],
    {
      options: { two: true },
      draws: {
        'central 2 write joined.example. www.joined.example. fault': { 5: 'slow', 6: 'refuse' },
        'central 2 write joined.example. www.joined.example. is slow': { 1: 2_000 },
      },
    },
  ),
  'a slow edit is refused when it is done again': told([[40, edit([wwwMoves], { takes: 13_000 })]], {
    draws: { [`${atWww} fault`]: { 5: 'refuse' } },
  }),
  'a slow edit is refused when it is done again, and shown late': told(
    [[40, edit([wwwMoves], { takes: 13_000, visibleAfter: 12_000 })]],
    { draws: { [`${atWww} fault`]: { 5: 'refuse' } } },
  ),
  'an edit of a TTL that the panel refuses': told(
    [[40, edit([{ remove: at(old, 3_600), add: at(old, 60) }], { refuses: true })]],
    { options: { ttls: true } },
  ),
  'an edit left to the panel is written slowly while an undo is decided': told(
    [
      ...anybodys,
      [39.9, anybodyEdits([freshShop], { visibleAfter: 5_500 })],
      [40, edit([{ remove: null, add: address(fresh, 'www', 11) }], { refuses: true }, fresh)],
    ],
    {
      options: { users: true },
      draws: {
        'central 1 write fresh.example. shop.fresh.example. fault': { 1: 'slow' },
        'central 1 write fresh.example. shop.fresh.example. is slow': { 1: 8_000 },
      },
    },
  ),
  'what was taken back in the panel is removed again by a user': told(
    [
      [40, edit([wwwMoves], { takes: 13_000 })],
      [56, edit([{ remove: old, add: null }])],
    ],
    { draws: { [`${atWww} fault`]: { 5: 'refuse' } } },
  ),
  'somebody replaces a record right before an edit of it': told([
    [40, { ...otherAdds(address(main, 'www', 200)), remove: old }],
    [41, edit([wwwMoves])],
  ]),
  'an alias beside a record of somebody': told([
    [40, otherAdds(address(main, 'shop', 200))],
    [41, edit([{ remove: null, add: alias(main, 'shop') }])],
  ]),
  'an edit that a user may not know to make, kept in part and shown late': told(
    [
      ...anybodys,
      [
        40,
        {
          ...anybodyEdits([freshShop, { remove: null, add: address(fresh, 'ftp', 11) }], {
            visibleAfter: 5_000,
          }),
          leavesOut: [2],
        },
      ],
    ],
    { options: { users: true } },
  ),
  'a second user wants what is then taken back from the first': told([
    [40, edit([shopOpens], { refuses: true })],
    [42, edit([shopOpens, ftpGoes], { takes: 12_000 })],
  ]),
  'what one central refuses has been kept at the other by a slow edit': told(
    [
      [40, edit([shopOpens], { takes: 13_000 })],
      [52.9, edit([ftpGoes, shopOpens])],
    ],
    {
      options: { two: true },
      draws: {
        'central 2 write joined.example. shop.joined.example. fault': { 3: 'refuse' },
        'central 2 write joined.example. ftp.joined.example. fault': { 1: 'slow' },
        'central 2 write joined.example. ftp.joined.example. is slow': { 1: 1_500 },
      },
    },
  ),
  'the TTL of a record is edited that the panel is about to lose again': told(
    [
      [40, edit([timedMove], { takes: 13_000 })],
      [53.25, edit([{ remove: timedMove.add, add: at(timedMove.add, 60) }])],
    ],
    { options: { ttls: true }, draws: { [`${atWww} fault`]: { 5: 'refuse' } } },
  ),
  'an edit is on its way in the panel while an undone one of the name is on watch': told([
    [40, edit([wwwMoves], { refuses: true })],
    [60, edit([{ remove: old, add: address(main, 'www', 12) }], { takes: 14_000 })],
  ]),
  'the agent is killed while it follows an edit, and the request lands late': told(
    [
      ...anybodys,
      [40, anybodyEdits([freshShop])],
      [41, { kind: 'kill' }],
      [42, { kind: 'start' }],
      [70, edit([{ remove: freshShop.add, add: null }], {}, fresh)],
    ],
    {
      options: { users: true },
      draws: {
        'central 1 write fresh.example. shop.fresh.example. fault': { 1: 'slow' },
        'central 1 write fresh.example. shop.fresh.example. is slow': { 1: 90_000 },
      },
    },
  ),
  'a write that lands late is put right slowly while the name is edited': told(
    [
      [40, edit([wwwMoves])],
      [72, edit([{ remove: old, add: address(main, 'www', 12) }])],
    ],
    {
      draws: {
        [`${atWww} fault`]: { 2: 'late', 5: 'slow' },
        [`${atWww} lands`]: { 1: 20_000 },
        [`${atWww} is slow`]: { 1: 9_000 },
      },
    },
  ),
  'an undo is refused until it is stuck, and its name is edited': told([
    [40, edit([wwwMoves], { refuses: true })],
    [45, otherAdds(address(main, 'www', 200))],
    [46, { kind: 'odd-central', central: 1, how: 'refuses', lasts: 40_000 }],
    [90, edit([{ remove: null, add: address(main, 'www', 12) }])],
  ]),
  'a central keeps a new record in other words': told([
    [39, { kind: 'odd-central', central: 1, how: 'rewords', lasts: 2_000 }],
    [40, edit([shopOpens])],
  ]),
  'an edit is asked for again while the panel still carries it out': told(
    [
      [40, edit([wwwMoves], { takes: 13_000 })],
      [52.9, edit([wwwMoves])],
    ],
    { draws: { [`${atWww} fault`]: { 5: 'slow', 6: 'refuse' }, [`${atWww} is slow`]: { 1: 2_000 } } },
  ),
  'a zone is edited while its comparison sends something': told(
    [
      [40, { kind: 'unheard-change', zone: main, add: address(main, 'api', 100), hints: true }],
      [42, edit([{ remove: null, add: address(main, 'api', 10) }])],
    ],
    {
      draws: {
        'central 1 write joined.example. api.joined.example. fault': { 1: 'slow' },
        'central 1 write joined.example. api.joined.example. is slow': { 1: 5_000 },
      },
    },
  ),
  'an edit done again is refused, and the journal cannot store that the panel has to be put back': told(
    [[40, edit([{ remove: old, add: null }], { takes: 13_000 })]],
    {
      options: { journal: true },
      draws: {
        [`${atWww} fault`]: { 3: 'refuse' },
        'journal 1 records joined.example. reverting fault': { 3: 'read-only' },
      },
    },
  ),
  'the journal is slow while the panel keeps what is being undone': told(
    [[40, edit([wwwMoves], { takes: 11_000 })]],
    {
      options: { journal: true },
      draws: { 'journal 1 records joined.example. reverting waits': { 1: true } },
    },
  ),
  'a record that the panel has kept late is asked for in place of one of its own, and then changed': told([
    [20, edit([{ remove: address(main, 'old', 1), add: address(main, 'old', 2) }])],
    [40, edit([shopOpens], { takes: 13_000 })],
    [51, { kind: 'kill' }],
    [80, { kind: 'start' }],
    [100, edit([{ remove: address(main, 'old', 2), add: shop }])],
    [100, edit([{ remove: shop, add: address(main, 'shop', 12) }])],
  ]),
};
