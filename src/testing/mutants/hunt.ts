import { setTimeout as sleep } from 'node:timers/promises';
import type { Mode } from '../runs/modes.ts';
import type { BrokenStory, NamedStory, Slice } from '../runs/play.ts';
import { playAll, Player } from '../runs/player.ts';
import type { Failure, Violation } from '../runs/report.ts';
import type { Patch } from './patch.ts';

/** What is played to find a mutant: stories, then so many histories of each of the modes, from a seed on. */
export interface Hunt {
  readonly stories: readonly NamedStory[];
  readonly modes: readonly Mode[];
  readonly seed: number;
  readonly runs: number;
}

/** What found a mutant. The law is `defect` for what the engine threw, `hang` where something did not end. */
export type Found = BrokenStory | FoundBySeed;

/** The first broken history; the first one of its slice where the thread died or hung. */
interface FoundBySeed extends Violation {
  readonly mode: Mode;
  readonly seed: number;
}

/** What the engine as it is breaks: it finds no mutant. */
export interface Broken {
  readonly stories: ReadonlySet<string>;
  readonly histories: readonly Failure[];
}

/** In a few words what found it. */
export function sayFound(found: Found): string {
  return 'story' in found
    ? `${found.law}, story "${found.story}"`
    : `${found.law}, ${found.mode} ${found.seed}`;
}

/**
 * How long (ms) a slice may take: a hundred times what it takes on a busy machine. A mutant that takes longer
 * hangs.
 */
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

/** What of a hunt the engine as it is breaks. */
export async function brokenAlready({ stories, modes, seed, runs }: Hunt, threads: number): Promise<Broken> {
  const told = await brokenStories(stories);
  const histories: Failure[] = [];
  const slices = modes.map((mode) => ({ mode, seed, runs }));
  await playAll(slices, threads, ({ failures }) => histories.push(...failures));
  return { stories: new Set(told.map(({ story }) => story)), histories };
}

/** What of all stories the engine as it is breaks. */
async function brokenStories(stories: readonly NamedStory[]): Promise<readonly BrokenStory[]> {
  const player = new Player();
  try {
    return await player.tell({ stories, stopAtFirst: false });
  } finally {
    await player.close();
  }
}

/**
 * Plays stories, then histories, with a patched engine until one breaks a law.
 * @param except what is broken without the patch
 * @returns null: everything of the hunt kept the laws
 */
export async function hunt(patch: Patch, what: Hunt, except: Broken): Promise<Found | null> {
  const player = new Player(patch);
  try {
    const told = await huntStories(player, what.stories, except.stories);
    if (told !== null) return told;
    for (const slice of slicesOf(what)) {
      const skip = except.histories.filter(({ mode }) => mode === slice.mode).map(({ seed }) => seed);
      const found = await huntSlice(player, slice, skip);
      if (found !== null) return found;
    }
    return null;
  } finally {
    await player.close();
  }
}

async function huntStories(
  player: Player,
  all: readonly NamedStory[],
  except: ReadonlySet<string>,
): Promise<Found | null> {
  const stories = all.filter(({ name }) => !except.has(name));
  const [first] = stories;
  if (first === undefined) return null;
  const told = await inTime(player.tell({ stories, stopAtFirst: true }));
  return 'law' in told ? { ...told, story: first.name } : (told[0] ?? null);
}

async function huntSlice(player: Player, slice: Slice, skip: readonly number[]): Promise<Found | null> {
  const { mode, seed } = slice;
  const report = await inTime(player.play({ slice, skip, stopAtFirst: true }));
  return 'law' in report ? { ...report, mode, seed } : (report.failures[0] ?? null);
}

/** What a thread answers; `defect` where it died, `hang` where it does not answer. */
async function inTime<T>(answer: Promise<T>): Promise<T | Violation> {
  const timer = new AbortController();
  const hang: Violation = { law: 'hang', text: 'a history did not end' };
  // Nothing but our own abort ends this sleep early, and nobody waits for it then.
  const late = sleep(longest, hang, { signal: timer.signal }).catch(() => hang);
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    return { law: 'defect', text: error instanceof Error ? error.message : String(error) };
  } finally {
    timer.abort();
  }
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
