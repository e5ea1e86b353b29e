import { Random } from '../../simulator/random.ts';
import { brokenAlready, hunt, forEachMutant, type Hunt } from '../hunt.ts';
import type { Mutant } from './mutations.ts';
import { everyMutant, isSimulated, testsOf } from './sources.ts';
import { failingTest } from './unit-tests.ts';

/** What became of one mutant. */
export interface MechanicalResult {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  /** `laws`: the histories found it; `tests`: only unit tests did; `nobody`: it survived. */
  readonly by: 'laws' | 'tests' | 'nobody';
  /** The law with mode and seed, or the test. */
  readonly how: string;
}

export interface MechanicalSummary {
  /** Of all that there are, so many were tried, chosen by the seed. */
  readonly mutants: number;
  readonly tried: number;
  readonly byLaws: number;
  readonly byTestsOnly: number;
  readonly survived: number;
  /** Found, in per cent of those tried. */
  readonly share: number;
  readonly histories: number;
  readonly seconds: number;
  readonly survivors: readonly MechanicalResult[];
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

/** Tries a sample of all mechanical mutants: histories first, then the unit tests that load the file. */
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
  const count = (by: MechanicalResult['by']): number => results.filter((one) => one.by === by).length;
  const survived = count('nobody');
  return {
    mutants: all.length,
    tried: results.length,
    byLaws: count('laws'),
    byTestsOnly: count('tests'),
    survived,
    share: Math.round((1 - survived / Math.max(1, results.length)) * 1_000) / 10,
    histories: what.runs * what.modes.length,
    seconds: Math.round((performance.now() - began) / 1_000),
    survivors: results.filter(({ by }) => by === 'nobody'),
  };
}

/** So many of them, chosen by the seed, in the order of the files. */
function choose(all: readonly Mutant[], sample: number, seed: number): Mutant[] {
  const random = new Random(seed);
  const ranked = all.map((mutant, at) => ({
    mutant,
    at,
    rank: random.next(`${mutant.patch.file} ${mutant.line} ${mutant.what}`),
  }));
  const chosen = ranked.sort((a, b) => a.rank - b.rank).slice(0, sample);
  return chosen.sort((a, b) => a.at - b.at).map(({ mutant }) => mutant);
}

async function tryOne(
  { patch, line, what }: Mutant,
  histories: Hunt,
  except: Parameters<typeof hunt>[2],
): Promise<MechanicalResult> {
  const { file } = patch;
  const found = isSimulated(file) ? await hunt(patch, histories, except) : null;
  if (found !== null)
    return { file, line, what, by: 'laws', how: `${found.law}, ${found.mode} ${found.seed}` };
  const test = await failingTest(patch, testsOf(file));
  return test === null
    ? { file, line, what, by: 'nobody', how: '' }
    : { file, line, what, by: 'tests', how: test };
}

/** One line for people. */
export function mechanicalText({ file, line, what, by, how }: MechanicalResult): string {
  return `${by === 'nobody' ? 'SURVIVED' : by}: ${file}:${line}: ${what}${how === '' ? '' : ` (${how})`}`;
}
