import type { EditItem } from '../../../core/panel.ts';
import type { DnsName } from '../../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../../dns/record.ts';
import type { HistoryEvent } from '../event.ts';
import { address, freshZone, main, owner } from '../furniture.ts';
import type { Story } from '../story.ts';
import type { LocalPart } from '../world.ts';
import { edit, told, wwwMoves, zoneEdit, type Script } from './script.ts';

/** A zone that an administrator makes, and the panel's list never tells for whom. */
const fresh = freshZone(false);
const anybodys: Script = [
  [10, zoneEdit('zone-create', fresh)],
  [10.2, { ...edit([{ remove: null, add: address(fresh, 'api', 10) }], {}, fresh), hidesOwner: true }],
];

const shop = address(main, 'shop', 11);
const freshShop: EditItem = { remove: null, add: address(fresh, 'shop', 11) };
const shopOpens: EditItem = { remove: null, add: shop };
/** The writes of `wwwMoves` at the first central, and of everything else there at `www`. */
const atWww = 'central 1 write joined.example. www.joined.example.';

/** What a user edits there, who may be anybody. */
function anybodyEdits(items: readonly EditItem[], local: Partial<LocalPart> = {}): HistoryEvent {
  return { ...edit(items, local, fresh), actor: owner };
}

function alias(zone: DnsName, host: string): ResourceRecord {
  return makeRecord({ name: host, type: 'CNAME', rdata: 'elsewhere.example.net.' }, zone);
}

function somebodyAdds(add: EditItem['add'], zone = main): HistoryEvent {
  return { kind: 'central-write', central: 1, zone, remove: null, add };
}

/** Stories about records that users edit, for what chance brings too rarely. */
export const aboutEdits: Readonly<Record<string, Story>> = {
  'a slow edit is done again and then shown late': told([
    [40, edit([wwwMoves], { takes: 13_000, visibleAfter: 12_000 })],
  ]),
  'an alias beside a record of somebody, in a zone of nobody known': told(
    [
      ...anybodys,
      [40, somebodyAdds(address(fresh, 'shop', 200), fresh)],
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
      [30, { ...edit([wwwMoves, { remove: address(main, 'ftp', 7), add: null }]), leavesOut: [1] }],
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
    [39, somebodyAdds(shop)],
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
};
