import { freshZone, main } from '../set-up.ts';
import type { Story } from '../story.ts';
import { edit, told, wwwMoves, zoneEdit, type Script } from './script.ts';

const fresh = freshZone(false);

/** The scripts, by title. In them, a slow panel takes longer than the engine waits before an undo. */
const scripts: Readonly<Record<string, Script>> = {
  'an edit': [[40, edit([wwwMoves])]],
  'an edit that the panel refuses': [[40, edit([wwwMoves], { refuses: true })]],
  'an edit in a slow panel': [[40, edit([wwwMoves], { takes: 13_000 })]],
  'an edit without after': [[40, edit([wwwMoves], { afterLost: true })]],
  'a new zone': [[40, zoneEdit('zone-create', fresh)]],
  'a new zone that the panel refuses': [[40, zoneEdit('zone-create', fresh, { refuses: true })]],
  'a new zone in a slow panel': [[40, zoneEdit('zone-create', fresh, { takes: 13_000 })]],
  'a deleted zone': [[40, zoneEdit('zone-delete', main)]],
  'a deleted zone in a slow panel': [[40, zoneEdit('zone-delete', main, { takes: 13_000 })]],
  'a zone deleted and made again': [
    [40, zoneEdit('zone-delete', main)],
    [70, zoneEdit('zone-create', main)],
  ],
  'a kill in the middle of an edit': [
    [40, edit([wwwMoves])],
    [40.06, { kind: 'kill' }],
    [42, { kind: 'start' }],
  ],
};

const options = { journal: true, reads: true, writes: true };

/**
 * Stories of ordinary edits. `every-trouble.ts` also plays each of them with every fault that one of its
 * calls may meet.
 */
export const plain: Readonly<Record<string, Story>> = Object.fromEntries(
  Object.entries(scripts).map(([name, script], at) => [
    name,
    told(script, { options, createsWithContent: at % 2 === 0 }),
  ]),
);
