import { makeRecord, type ResourceRecord } from '../../../dns/record.ts';
import type { DnsName } from '../../../dns/name.ts';
import { address, alone, freshZone, main, owner } from '../set-up.ts';
import type { HistoryEvent } from '../event.ts';
import type { Story } from '../story.ts';
import { edit, told, wwwMoves, zoneEdit } from './script.ts';

const fresh = freshZone(false);
const below = freshZone(true);
const refused = { refuses: true } as const;

/** The provider creates a zone at the central. @param more further records, besides one NS record */
function providerMakes(zone: DnsName, ...more: readonly ResourceRecord[]): HistoryEvent {
  const nameServer = makeRecord({ name: '@', type: 'NS', rdata: 'ns1.example.net.' }, zone);
  return { kind: 'central-create', central: 1, zone, records: [nameServer, ...more] };
}

/** Somebody else adds a record at the central. */
function otherAdds(zone: DnsName, add: ResourceRecord): HistoryEvent {
  return { kind: 'central-write', central: 1, zone, remove: null, add };
}

/**
 * Scripted stories about the create and delete of zones, for situations that random histories rarely reach.
 */
export const aboutZones: Readonly<Record<string, Story>> = {
  'a zone of the provider, hidden from the list, and a create that the panel refuses': told(
    [
      [8, providerMakes(fresh)],
      [9, { kind: 'hidden-zone', of: 1, zone: fresh, lasts: 3_000 }],
      [10, zoneEdit('zone-create', fresh, refused)],
      [80, zoneEdit('zone-create', fresh)],
    ],
    { calmAt: 150_000 },
  ),
  'a zone of the provider, and a create that the panel refuses': told([
    [8, providerMakes(fresh)],
    [10, zoneEdit('zone-create', fresh, refused)],
    [80, zoneEdit('zone-create', fresh)],
  ]),
  'a zone deleted, and made again by a slow panel before its delete went out': told([
    [40, zoneEdit('zone-delete', main)],
    [42, zoneEdit('zone-create', main, { takes: 13_000 })],
  ]),
  'an agent is killed while it makes a zone, which a user then makes again and deletes in an outage': told(
    [
      [6, zoneEdit('zone-create', fresh)],
      [7, { kind: 'kill' }],
      [9, { kind: 'start' }],
      [30, zoneEdit('zone-create', fresh)],
      [30.13, { kind: 'outage', of: 1, lasts: 5_000 }],
      [31, zoneEdit('zone-delete', fresh)],
    ],
    {
      draws: {
        'central 1 create fresh.example. fault': { 1: 'slow' },
        'central 1 create fresh.example. is slow': { 1: 1_500 },
      },
    },
  ),
  'a zone made again while its delete is on its way': told(
    [
      [40, zoneEdit('zone-delete', main)],
      [52.5, zoneEdit('zone-create', main)],
    ],
    {
      draws: {
        'central 1 delete joined.example. fault': { 1: 'slow' },
        'central 1 delete joined.example. is slow': { 1: 12_000 },
      },
    },
  ),
  'a zone deleted and made again while a slow edit of it is on its way': told(
    [
      [40, edit([wwwMoves])],
      [41, zoneEdit('zone-delete', main)],
      [42, zoneEdit('zone-create', main)],
    ],
    {
      draws: {
        'central 1 write joined.example. www.joined.example. fault': { 1: 'slow' },
        'central 1 write joined.example. www.joined.example. is slow': { 1: 8_000 },
      },
    },
  ),
  'a zone deleted and made again at once in a long outage, in which the agent is killed': told(
    [
      [39, { kind: 'outage', of: 1, lasts: 840_000 }],
      [40, { ...zoneEdit('zone-delete', main), actor: owner }],
      // The list of owners has not been read since the delete, so this create is left to the panel.
      [40.1, { ...zoneEdit('zone-create', main), actor: owner }],
      [850, { kind: 'kill' }],
      [855, { kind: 'start' }],
    ],
    { calmAt: 900_000 },
  ),
  'a zone made again while reads show the one before it': told([
    [40, zoneEdit('zone-delete', main, { visibleAfter: 10_000 })],
    [42, zoneEdit('zone-create', main)],
  ]),
  'a new zone below one whose wildcard answers its names': told(
    [
      [10, edit([{ remove: address(main, 'www.fresh', 7), add: null }])],
      [40, zoneEdit('zone-create', below)],
    ],
    { options: { above: true } },
  ),
  'a zone that the provider makes after its delete, with the clock set back to before the end of its create':
    told([
      [6, zoneEdit('zone-create', fresh, { visibleAfter: 20_000 })],
      [30, { kind: 'clock-step', by: -22_000 }],
      [32, { kind: 'central-delete', central: 1, zone: fresh }],
      [34, zoneEdit('zone-delete', fresh)],
      [45, providerMakes(fresh)],
    ]),
  'a signed zone is deleted while the central is out of reach': told(
    [
      [39, { kind: 'outage', of: 1, lasts: 5_000 }],
      [40, zoneEdit('zone-delete', main)],
    ],
    { options: { signed: true } },
  ),
  'somebody writes into a zone that a user is deleting': told([
    [40, zoneEdit('zone-delete', main)],
    [42, otherAdds(main, address(main, 'late', 200))],
  ]),
  'reads of the panel show a deleted zone for half a minute': told([
    [40, zoneEdit('zone-delete', main, { visibleAfter: 30_000 })],
  ]),
  'the provider deletes a zone, and a user edits it': told([
    [40, { kind: 'central-delete', central: 1, zone: main }],
    [41, { kind: 'unheard-change', zone: main, add: address(main, 'shop', 100), hints: true }],
  ]),
  'a user edits a zone that only the panel has': told([
    [40, edit([{ remove: null, add: address(alone, 'www', 11) }], {}, alone)],
  ]),
  'a zone deleted in an outage, after the agent was killed while its create was on its way': told(
    [
      [10, zoneEdit('zone-create', below)],
      [13, { kind: 'kill' }],
      [13.1, { kind: 'outage', of: 1, lasts: 20_000 }],
      [15, { kind: 'start' }],
      [25, zoneEdit('zone-delete', below)],
    ],
    {
      options: { above: true },
      draws: {
        'central 1 create fresh.joined.example. fault': { 1: 'slow' },
        'central 1 create fresh.joined.example. is slow': { 1: 12_000 },
      },
    },
  ),
  'a signed zone is deleted': told([[10, zoneEdit('zone-delete', main)]], { options: { signed: true } }),
  'somebody writes into a new zone that the panel then refuses': told([
    [10, zoneEdit('zone-create', fresh, refused)],
    [12, otherAdds(fresh, address(fresh, 'hand', 200))],
  ]),
  'the provider makes a zone while ours does not get through, and the panel loses it': told(
    [
      [10, { kind: 'unheard-change', zone: fresh, add: address(fresh, 'shop', 100), hints: true }],
      [12, { kind: 'unheard-removal', zone: fresh, records: null, hint: 'none' }],
      [13, providerMakes(fresh)],
    ],
    {
      draws: {
        'central 1 create fresh.example. fault': { 1: 'down', 2: 'down', 3: 'down', 4: 'down', 5: 'down' },
      },
    },
  ),
  'the delete of a refused new zone lands after the zone was made again': told(
    [
      [10, zoneEdit('zone-create', fresh, refused)],
      [60, zoneEdit('zone-create', fresh)],
    ],
    {
      draws: {
        'central 1 delete fresh.example. fault': { 1: 'late' },
        'central 1 delete fresh.example. lands': { 1: 80_000 },
      },
    },
  ),
  'another account has the zone that a web domain makes': told([
    [6, { kind: 'foreign-zone', central: 1, zone: fresh }],
    [10, { kind: 'unheard-change', zone: fresh, add: address(fresh, 'shop', 100), hints: true }],
  ]),
  'another account takes the name of a new zone, and a user edits the zone': told(
    [
      [40, zoneEdit('zone-create', below)],
      [40.2, { kind: 'foreign-zone', central: 1, zone: below }],
      [40.25, edit([{ remove: null, add: address(below, 'www', 11) }], {}, below)],
    ],
    { options: { above: true } },
  ),
};
