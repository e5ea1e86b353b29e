import type { Counts } from '../simulator/tally.ts';
import { brokenAlready, hunt, forEachMutant, sayFound, type Found, type Hunt } from './hunt.ts';
import { patchOf, type PlantedBug } from './planted/index.ts';

/** The result of searching for one planted bug. */
export interface PlantedResult {
  readonly name: string;
  readonly file: string;
  readonly says: string;
  /** The story or the seeded history that detected the planted bug; null: none detected it. */
  readonly found: Found | null;
}

export interface PlantedSummary {
  readonly planted: number;
  readonly found: number;
  /** How many stories, and how many histories, are played at most to find each bug. */
  readonly stories: number;
  readonly histories: number;
  readonly seconds: number;
  /** How many of the stories and histories break a law even without a planted bug. They cannot find one. */
  readonly brokenAlready: number;
  readonly laws: Counts;
  readonly results: readonly PlantedResult[];
}

/**
 * Checks for each planted bug whether stories or histories find it, for several bugs at a time.
 * @param only text that the name or the file of a bug must contain; empty: all bugs
 * @throws {Error} when a file does not contain the text of its bug exactly once, or no bug is chosen
 */
export async function huntPlanted(
  bugs: readonly PlantedBug[],
  what: Hunt,
  threads: number,
  only: string,
  each: (result: PlantedResult) => void,
): Promise<PlantedSummary> {
  const began = performance.now();
  // All patches are made before the first search, so that a patch which no longer matches fails the run at
  // once.
  const all = bugs.map((bug) => ({ bug, patch: patchOf(bug) }));
  const chosen = all.filter(({ bug }) => bug.name.includes(only) || bug.file.includes(only));
  if (chosen.length === 0) throw new Error(`no planted bug is named ${only}`);
  const except = await brokenAlready(what, threads);
  const results: PlantedResult[] = [];
  await forEachMutant(chosen, threads, async ({ bug, patch }) => {
    const result = resultOf(bug, await hunt(patch, what, except));
    results.push(result);
    each(result);
  });
  const laws: Record<string, number> = {};
  for (const { found } of results) if (found !== null) laws[found.law] = (laws[found.law] ?? 0) + 1;
  return {
    planted: results.length,
    found: results.filter(({ found }) => found !== null).length,
    stories: what.stories.length,
    histories: what.runs * what.modes.length,
    seconds: Math.round((performance.now() - began) / 1_000),
    brokenAlready: except.stories.size + except.histories.length,
    laws,
    results,
  };
}

function resultOf({ name, file, says }: PlantedBug, found: Found | null): PlantedResult {
  return { name, file, says, found };
}

/** The result as one line for people. */
export function plantedText({ name, says, found }: PlantedResult): string {
  const how = found === null ? 'NOT FOUND' : sayFound(found);
  return `${name}: ${how}. ${says}`;
}
