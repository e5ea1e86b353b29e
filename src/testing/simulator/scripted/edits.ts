import type { Story } from '../story.ts';

/** Stories about records that users edit, for what chance brings too rarely. */
export const aboutEdits: Readonly<Record<string, Story>> = {};
