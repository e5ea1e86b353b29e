import { address, main } from '../set-up.ts';
import type { Story } from '../story.ts';
import { edit, told, wwwMoves } from './script.ts';

/** Scripted stories about the first start and the first comparison. */
export const aboutFirstComparisons: Readonly<Record<string, Story>> = {
  "the panel's list breaks off in the first comparison": told(
    [
      [10, { kind: 'start' }],
      [60, edit([wwwMoves])],
    ],
    { options: { arrival: true }, draws: { 'panel 1 list breaks off': { 1: true } } },
  ),
  'the central is out of reach at the first start': told(
    [
      [5, { kind: 'outage', of: 1, lasts: 30_000 }],
      [10, { kind: 'start' }],
      [60, edit([wwwMoves])],
    ],
    { options: { arrival: true } },
  ),
  'the agent is killed in the first comparison': told(
    [
      [10, { kind: 'start' }],
      [10.25, { kind: 'kill' }],
      [12, { kind: 'start' }],
      [60, { kind: 'unheard-change', zone: main, add: address(main, 'shop', 100), hints: true }],
    ],
    { options: { arrival: true } },
  ),
};
