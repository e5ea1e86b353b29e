import type { HistoryEvent } from '../event.ts';
import { address, freshZone, main } from '../set-up.ts';
import type { Story } from '../story.ts';
import { edit, told, zoneEdit } from './script.ts';

const fresh = freshZone(false);
const options = { pauses: true } as const;
const begins: HistoryEvent = { kind: 'pause', lasts: null };
const ends: HistoryEvent = { kind: 'pause-over', how: 'command' };
const wwwGoes = [{ remove: address(main, 'www', 7), add: null }];

/** Scripted stories about pauses, for moments that random histories rarely reach. */
export const aboutPauses: Readonly<Record<string, Story>> = {
  'a zone made in a pause, and another pause before it is sent': told(
    [
      [40, begins],
      [41, zoneEdit('zone-create', fresh)],
      [50, ends],
      [50.6, begins],
      [80, ends],
    ],
    { options },
  ),
  'a record deleted in a pause that reads show after its end': told(
    [
      [40, begins],
      [41, edit(wwwGoes, { visibleAfter: 12_000 })],
      [43, ends],
      [54, { kind: 'comparison', zone: main }],
    ],
    { options },
  ),
  'the agent is killed right after the end of a pause': told(
    [
      [40, begins],
      [41, edit(wwwGoes)],
      [43, ends],
      [44.1, { kind: 'kill' }],
      [44.2, { kind: 'start' }],
      [46, { kind: 'comparison', zone: main }],
    ],
    { options },
  ),
  'the file of a pause is removed while no agent runs': told(
    [
      [40, begins],
      [41, edit(wwwGoes)],
      [42, { kind: 'kill' }],
      [43, { kind: 'pause-over', how: 'removed' }],
      [44, { kind: 'start' }],
      [46, { kind: 'comparison', zone: main }],
    ],
    { options },
  ),
  'a comparison that began before a pause reads in it, and goes on after it': told(
    [
      [40, { kind: 'comparison', zone: main }],
      [41, begins],
      [41.1, edit(wwwGoes)],
      [41.8, ends],
    ],
    { options, draws: { 'panel 1 read joined.example.': { '2': 3_000 } } },
  ),
  'a pause runs out, and a record deleted in it is looked at before its end is taken': told(
    [
      [40, { kind: 'pause', lasts: 3_000 }],
      [41, edit(wwwGoes)],
      [43.1, { kind: 'comparison', zone: main }],
    ],
    { options },
  ),
};
