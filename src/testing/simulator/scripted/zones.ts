import type { Story } from '../story.ts';

/** Stories about zones, comparisons, rights and several centrals, for what chance brings too rarely. */
export const aboutZones: Readonly<Record<string, Story>> = {};
