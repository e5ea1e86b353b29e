import { setTimeout as sleep } from 'node:timers/promises';
import type { Mode } from '../runs/modes.ts';
import type { Slice } from '../runs/play.ts';
import { playAll, Player } from '../runs/player.ts';
import type { Failure, Report } from '../runs/report.ts';
import type { Patch } from './patch.ts';

/** What is played to find a mutant: so many histories of each of the modes, from a seed on. */
export interface Hunt {
  readonly modes: readonly Mode[];
  readonly seed: number;
  readonly runs: number;
}

/** How the histories found a mutant. */
export interface Found {
  /** `defect` for what the engine threw, `hang` where a history did not end. */
  readonly law: string;
  readonly mode: Mode;
  /** Of the first broken history; of the first one of its slice where the thread died or hung. */
  readonly seed: number;
  readonly text: string;
}

/** How long (ms) a slice may take: a hundred times what it takes on a busy machine. A mutant that takes longer hangs. */
const longest = 120_000;

/** Histories of the first slices: most mutants break one of them, so they are short. */
const firstRuns = 10;

/** The histories of a hunt in the order in which they are played: some of each mode, then more of each. */
function slicesOf({ modes, seed, runs }: Hunt): Slice[] {
  const slices: Slice[] = [];
  for (let done = 0, size = firstRuns; done < runs; done += size, size = Math.min(200, size * 2)) {
    for (const mode of modes) slices.push({ mode, seed: seed + done, runs: Math.min(size, runs - done) });
  }
  return slices;
}

/** Histories that the engine as it is breaks: they find no mutant. */
export async function brokenAlready(
  { modes, seed, runs }: Hunt,
  threads: number,
): Promise<readonly Failure[]> {
  const broken: Failure[] = [];
  const slices = modes.map((mode) => ({ mode, seed, runs }));
  await playAll(slices, threads, ({ failures }) => broken.push(...failures));
  return broken;
}

/**
 * Plays histories with a patched engine until one breaks a law.
 * @param except histories that are broken without the patch
 * @returns null: all histories of the hunt kept the laws
 */
export async function hunt(patch: Patch, what: Hunt, except: readonly Failure[]): Promise<Found | null> {
  const player = new Player(patch);
  try {
    for (const slice of slicesOf(what)) {
      const skip = except.filter(({ mode }) => mode === slice.mode).map(({ seed }) => seed);
      const found = await huntSlice(player, slice, skip);
      if (found !== null) return found;
    }
    return null;
  } finally {
    await player.close();
  }
}

async function huntSlice(player: Player, slice: Slice, skip: readonly number[]): Promise<Found | null> {
  const { mode, seed } = slice;
  const timer = new AbortController();
  // Nothing but our own abort ends this sleep early, and nobody waits for it then.
  const late = sleep(longest, null, { signal: timer.signal }).catch(() => null);
  let report: Report | null;
  try {
    report = await Promise.race([player.play({ slice, skip, stopAtFirst: true }), late]);
  } catch (error) {
    return { law: 'defect', mode, seed, text: error instanceof Error ? error.message : String(error) };
  } finally {
    timer.abort();
  }
  if (report === null) return { law: 'hang', mode, seed, text: 'a history did not end' };
  const [first] = report.failures;
  return first ?? null;
}

/** Does it for each mutant, so many at once. */
export async function forEachMutant<T>(
  mutants: readonly T[],
  threads: number,
  one: (mutant: T) => Promise<void>,
): Promise<void> {
  const queue = mutants.values();
  const work = async (): Promise<void> => {
    for (const mutant of queue) await one(mutant);
  };
  await Promise.all(Array.from({ length: Math.min(threads, mutants.length) }, work));
}
