import type { Story } from '../story.ts';
import { aboutFirstComparisons } from './first-comparisons.ts';
import { aboutComparisons } from './comparisons.ts';
import { aboutEdits } from './edits.ts';
import { aboutHosts } from './hosts.ts';
import { aboutPauses } from './pauses.ts';
import { plain } from './plain.ts';
import { aboutRights } from './rights.ts';
import { aboutZones } from './zones.ts';

/** All scripted stories, by title. */
export const scripted: Readonly<Record<string, Story>> = {
  ...plain,
  ...aboutEdits,
  ...aboutZones,
  ...aboutComparisons,
  ...aboutRights,
  ...aboutFirstComparisons,
  ...aboutHosts,
  ...aboutPauses,
};
