import { sourceOf, type Patch } from '../patch.ts';
import type { PlantedBug } from './bug.ts';
import { plantedInComparison } from './comparison.ts';
import { plantedInEdits } from './edits.ts';
import { plantedInExpecting } from './expecting.ts';
import { plantedInHistory } from './history.ts';
import { plantedInObserving } from './observing.ts';
import { plantedInOlderJournal } from './older-journal.ts';
import { plantedInPauses } from './pauses.ts';
import { plantedInPlans } from './plans.ts';
import { plantedInRunning } from './running.ts';
import { plantedInUndo } from './undo.ts';
import { plantedInZones } from './zones.ts';

export type { PlantedBug } from './bug.ts';

/** Every bug that is planted in the engine. */
export const planted: readonly PlantedBug[] = [
  ...plantedInEdits,
  ...plantedInExpecting,
  ...plantedInUndo,
  ...plantedInZones,
  ...plantedInComparison,
  ...plantedInRunning,
  ...plantedInHistory,
  ...plantedInPlans,
  ...plantedInOlderJournal,
  ...plantedInObserving,
  ...plantedInPauses,
];

/**
 * Makes the patch of a bug for the current source.
 * @throws {Error} when the file does not contain `find` exactly once
 */
export function patchOf({ name, file, find, replace }: PlantedBug): Patch {
  const source = sourceOf(file);
  const start = source.indexOf(find);
  if (start < 0) throw new Error(`planted bug ${name}: ${file} does not contain its text`);
  if (source.indexOf(find, start + 1) >= 0)
    throw new Error(`planted bug ${name}: ${file} contains its text more than once`);
  return { file, start, end: start + find.length, text: replace };
}
