import { address, main } from '../furniture.ts';
import { forged } from '../laws/rights.ts';
import type { Story } from '../story.ts';
import { told } from './script.ts';

/** Stories about who may edit what. */
export const aboutRights: Readonly<Record<string, Story>> = {
  'the panel refuses an intruder and calls after all the same': told([
    [
      40,
      {
        kind: 'intrusion',
        zone: main,
        items: [{ remove: null, add: address(main, 'www', forged) }],
        local: { refuses: true, takes: 10, afterLost: false, visibleAfter: 0, afterAnyway: true },
      },
    ],
  ]),
};
