import { address, main } from '../set-up.ts';
import { forged } from '../laws/rights.ts';
import type { Story } from '../story.ts';
import { edit, told, wwwMoves, zoneEdit } from './script.ts';

const intrusion = {
  kind: 'intrusion' as const,
  zone: main,
  items: [{ remove: null, add: address(main, 'www', forged) }],
  local: { refuses: true, takes: 10, afterLost: false, visibleAfter: 0, afterAnyway: true },
};

/** Scripted stories about who may edit what, and about several centrals. */
export const aboutRights: Readonly<Record<string, Story>> = {
  'an intruder tries a zone whose owner the panel does not tell': told(
    [
      [40, { ...edit([wwwMoves]), hidesOwner: true }],
      [60, zoneEdit('zone-delete', main)],
      [100, zoneEdit('zone-create', main)],
      [130, { ...intrusion, local: { ...intrusion.local, afterAnyway: false } }],
    ],
    { calmAt: 150_000 },
  ),
  'the second central hears that a slow panel kept an edit': told(
    [[40, edit([wwwMoves], { takes: 13_000 })]],
    {
      options: { two: true },
    },
  ),
  'the panel refuses an intruder and calls after all the same': told([[40, intrusion]]),
};
