import { Random } from '../../simulator/random.ts';
import { brokenAlready, hunt, forEachMutant, sayFound, type Broken, type Hunt } from '../hunt.ts';
import type { Patch } from '../patch.ts';
import { equivalentOf } from './equivalent.ts';
import type { Mutant } from './mutations.ts';
import { everyMutant, isSimulated, slowTestsOf, testsOf } from './sources.ts';
import { failingTest } from './unit-tests.ts';

/** What became of one mutant. */
export interface MechanicalResult {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  /** `laws`: a history found it; `tests`: a unit test did before any history; `nobody`: it survived. */
  readonly by: 'laws' | 'tests' | 'nobody';
  /** Whether the list of equivalent mutants has it. */
  readonly equivalent: boolean;
  /** The law with its story or mode and seed, or the test. */
  readonly how: string;
}

export interface MechanicalSummary {
  /** Of all that there are, so many were tried, chosen by the seed. */
  readonly mutants: number;
  readonly tried: number;
  readonly byLaws: number;
  readonly byTests: number;
  readonly survived: number;
  /** Survivors that the list of equivalent mutants explains: in none of the other numbers. */
  readonly equivalent: number;
  /** Found, in per cent of those tried that are not equivalent. */
  readonly share: number;
  readonly histories: number;
  readonly seconds: number;
  readonly survivors: readonly MechanicalResult[];
  /** Mutants that the list calls equivalent and something found. */
  readonly wronglyListed: readonly MechanicalResult[];
}

/** Which mutants are tried, and how. */
export interface MechanicalRun {
  readonly hunt: Hunt;
  readonly sample: number;
  /** Chooses the sample. */
  readonly seed: number;
  readonly only: string;
  readonly threads: number;
}

/** Tries a sample of all mechanical mutants with histories and the unit tests that load the file. */
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

/** So many of them, chosen and ordered by the seed: a run that is ended early has tried a sample as well. */
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
 * Histories of each mode, and stories, that come before the unit tests: they break with most mutants, and
 * take no longer.
 */
const firstRuns = 5;
const firstStories = 100;

/** The quickest first: some stories and histories, the quick tests, the others, the slow tests. */
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

/** One line for people. */
export function mechanicalText({ file, line, what, by, how, equivalent }: MechanicalResult): string {
  const survived = equivalent ? 'equivalent' : 'SURVIVED';
  const wrong = equivalent && by !== 'nobody' ? ' LISTED AS EQUIVALENT' : '';
  return `${by === 'nobody' ? survived : by}${wrong}: ${file}:${line}: ${what}${how === '' ? '' : ` (${how})`}`;
}
