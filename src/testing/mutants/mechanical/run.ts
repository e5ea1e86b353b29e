import { Random } from '../../simulator/random.ts';
import { brokenAlready, hunt, forEachMutant, sayFound, type Broken, type Hunt } from '../hunt.ts';
import type { Patch } from '../patch.ts';
import { equivalentOf } from './equivalent.ts';
import type { Mutant } from './mutations.ts';
import { everyMutant, isSimulated, slowTestsOf, testsOf } from './sources.ts';
import { failingTest } from './unit-tests.ts';

/** The result of the search for one mutant. */
export interface MechanicalResult {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  /**
   * What found the mutant: a history (`laws`), a unit test before any history (`tests`), or nothing
   * (`nobody`).
   */
  readonly by: 'laws' | 'tests' | 'nobody';
  /** Whether the list of equivalent mutants has this one. */
  readonly equivalent: boolean;
  /**
   * What found the mutant. For a broken law: its name, and the story or random history (mode and seed) that
   * broke it. Otherwise the unit test that failed. Empty: nothing found it.
   */
  readonly how: string;
}

export interface MechanicalSummary {
  /** How many mutants there are, and how many were tried. */
  readonly mutants: number;
  readonly tried: number;
  readonly byLaws: number;
  readonly byTests: number;
  readonly survived: number;
  /**
   * Number of mutants that nothing found and that are on the list of equivalent ones. The other numbers leave
   * them out.
   */
  readonly equivalent: number;
  /** How many per cent of the tried mutants were found. */
  readonly share: number;
  readonly histories: number;
  readonly seconds: number;
  readonly survivors: readonly MechanicalResult[];
  /** Mutants that something found although they are on the list of equivalent ones. */
  readonly wronglyListed: readonly MechanicalResult[];
}

/** The options of a run: which mutants are tried, and with which histories. */
export interface MechanicalRun {
  readonly hunt: Hunt;
  readonly sample: number;
  /** Seed of the random choice of mutants. */
  readonly seed: number;
  readonly only: string;
  readonly threads: number;
}

/**
 * Tries a random sample of all mechanical mutants with histories, and with the unit tests that load the file.
 * @param each called with each result
 */
export async function tryMechanical(
  { hunt: what, sample, seed, only, threads }: MechanicalRun,
  each: (result: MechanicalResult) => void,
): Promise<MechanicalSummary> {
  const began = performance.now();
  const all = everyMutant(only);
  const chosen = choose(all, sample, seed);
  const except = await brokenAlready(what, threads);
  const results: MechanicalResult[] = [];
  await forEachMutant(chosen, threads, async (mutant) => {
    const result = await tryOne(mutant, what, except);
    results.push(result);
    each(result);
  });
  return {
    mutants: all.length,
    ...countsOf(results),
    histories: what.runs * what.modes.length,
    seconds: Math.round((performance.now() - began) / 1_000),
  };
}

function countsOf(
  results: readonly MechanicalResult[],
): Omit<MechanicalSummary, 'mutants' | 'histories' | 'seconds'> {
  const isExplained = ({ by, equivalent }: MechanicalResult): boolean => by === 'nobody' && equivalent;
  const tried = results.filter((one) => !isExplained(one));
  const by = (who: MechanicalResult['by']): MechanicalResult[] => tried.filter((one) => one.by === who);
  const survivors = by('nobody');
  return {
    tried: tried.length,
    byLaws: by('laws').length,
    byTests: by('tests').length,
    survived: survivors.length,
    equivalent: results.length - tried.length,
    share: Math.round((1 - survivors.length / Math.max(1, tried.length)) * 1_000) / 10,
    survivors,
    wronglyListed: tried.filter(({ equivalent }) => equivalent),
  };
}

/** Draws a random sample in random order. So a run that is ended early has tried a random sample too. */
function choose(all: readonly Mutant[], sample: number, seed: number): Mutant[] {
  const random = new Random(seed);
  const ranked = all.map((mutant) => ({
    mutant,
    rank: random.next(`${mutant.patch.file} ${mutant.line} ${mutant.what}`),
  }));
  ranked.sort((a, b) => a.rank - b.rank);
  return ranked.slice(0, sample).map(({ mutant }) => mutant);
}

/**
 * Numbers of histories of each mode, and of stories, that run before the unit tests. Most mutants break one
 * of them as quickly as a test.
 */
const firstRuns = 5;
const firstStories = 100;

/**
 * Tries the quickest ways to find a mutant first: some stories and histories, the quick tests, the other
 * stories and histories, the slow tests.
 */
async function tryOne(mutant: Mutant, histories: Hunt, except: Broken): Promise<MechanicalResult> {
  const { patch, line, what } = mutant;
  const base = { file: patch.file, line, what, equivalent: equivalentOf(mutant) !== null };
  const { stories, seed, runs } = histories;
  const few = { ...histories, stories: stories.slice(0, firstStories), runs: Math.min(firstRuns, runs) };
  const others = stories.slice(firstStories);
  const rest = { ...histories, stories: others, seed: seed + few.runs, runs: runs - few.runs };
  const steps = [
    () => byHistories(patch, few, except),
    () => byTests(patch, testsOf(patch.file)),
    () => byHistories(patch, rest, except),
    () => byTests(patch, slowTestsOf(patch.file)),
  ];
  for (const step of steps) {
    const found = await step();
    if (found !== null) return { ...base, ...found };
  }
  return { ...base, by: 'nobody', how: '' };
}

type FoundBy = Pick<MechanicalResult, 'by' | 'how'>;

async function byHistories(patch: Patch, what: Hunt, except: Broken): Promise<FoundBy | null> {
  if (!isSimulated(patch.file)) return null;
  const found = await hunt(patch, what, except);
  return found === null ? null : { by: 'laws', how: sayFound(found) };
}

async function byTests(patch: Patch, files: readonly string[]): Promise<FoundBy | null> {
  const test = await failingTest(patch, files);
  return test === null ? null : { by: 'tests', how: test };
}

/** The result as one line for people. */
export function mechanicalText({ file, line, what, by, how, equivalent }: MechanicalResult): string {
  const survived = equivalent ? 'equivalent' : 'SURVIVED';
  const wrong = equivalent && by !== 'nobody' ? ' LISTED AS EQUIVALENT' : '';
  return `${by === 'nobody' ? survived : by}${wrong}: ${file}:${line}: ${what}${how === '' ? '' : ` (${how})`}`;
}
