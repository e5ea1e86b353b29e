import type { Mode } from '../runs/modes.ts';
import type { BrokenStory, NamedStory, Slice } from '../runs/play.ts';
import { playAll, Player } from '../runs/player.ts';
import type { Failure, Violation } from '../runs/report.ts';
import type { Patch } from './patch.ts';

/**
 * The stories and histories that are played to find a mutant: the stories, then `runs` histories of each
 * mode, whose seeds begin with `seed`.
 */
export interface Hunt {
  readonly stories: readonly NamedStory[];
  readonly modes: readonly Mode[];
  readonly seed: number;
  readonly runs: number;
}

/**
 * The story or history that found a mutant. The law is `defect` if the engine threw an error, and `hang` if a
 * history did not end.
 */
export type Found = BrokenStory | FoundBySeed;

/** The first history that broke a law. If the thread died or hung, the first history of its slice. */
interface FoundBySeed extends Violation {
  readonly mode: Mode;
  readonly seed: number;
}

/** Stories and histories that break a law even without a mutant, so that they cannot find one. */
export interface Broken {
  readonly stories: ReadonlySet<string>;
  readonly histories: readonly Failure[];
}

/** Describes in a few words what found a mutant. */
export function sayFound(found: Found): string {
  return 'story' in found
    ? `${found.law}, story "${found.story}"`
    : `${found.law}, ${found.mode} ${found.seed}`;
}

/**
 * Number of histories in the first slices. They are short, because most mutants break one of the first
 * histories.
 */
const firstRuns = 10;

/**
 * The slices of a hunt in the order of play: first a few histories of each mode, then more and more of each.
 */
function slicesOf({ modes, seed, runs }: Hunt): Slice[] {
  const slices: Slice[] = [];
  for (let done = 0, size = firstRuns; done < runs; done += size, size = Math.min(200, size * 2)) {
    for (const mode of modes) slices.push({ mode, seed: seed + done, runs: Math.min(size, runs - done) });
  }
  return slices;
}

/** Plays a hunt with the unchanged engine. @returns the stories and histories that break a law */
export async function brokenAlready({ stories, modes, seed, runs }: Hunt, threads: number): Promise<Broken> {
  const told = await brokenStories(stories);
  const histories: Failure[] = [];
  const slices = modes.map((mode) => ({ mode, seed, runs }));
  await playAll(slices, threads, ({ failures }) => histories.push(...failures));
  return { stories: new Set(told.map(({ story }) => story)), histories };
}

/** Plays the stories with the unchanged engine. @returns those that break a law */
async function brokenStories(stories: readonly NamedStory[]): Promise<readonly BrokenStory[]> {
  const player = new Player();
  try {
    return await player.tell({ stories, stopAtFirst: false });
  } finally {
    await player.close();
  }
}

/**
 * Plays stories, then histories, with a patched engine, until one breaks a law.
 * @param except stories and histories that break a law without the patch
 * @returns the story or history that broke a law; null: none did
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

/** Number of stories that a thread plays in one call. A busy machine needs only a few seconds for them. */
const storiesAtOnce = 100;

async function huntStories(
  player: Player,
  all: readonly NamedStory[],
  except: ReadonlySet<string>,
): Promise<Found | null> {
  const left = all.filter(({ name }) => !except.has(name));
  for (let at = 0; at < left.length; at += storiesAtOnce) {
    const stories = left.slice(at, at + storiesAtOnce);
    const told = await inTime(player, player.tell({ stories, stopAtFirst: true }));
    const found = 'law' in told ? { ...told, story: stories[0]?.name ?? '' } : told[0];
    if (found !== undefined) return found;
  }
  return null;
}

async function huntSlice(player: Player, slice: Slice, skip: readonly number[]): Promise<Found | null> {
  const { mode, seed } = slice;
  const report = await inTime(player, player.play({ slice, skip, stopAtFirst: true }));
  return 'law' in report ? { ...report, mode, seed } : (report.failures[0] ?? null);
}

/**
 * Waits for the answer of a thread.
 * @returns the answer, or a violation: `defect` if the thread died, `hang` if it hangs ({@link Player.hung})
 */
async function inTime<T>(player: Player, answer: Promise<T>): Promise<T | Violation> {
  const ended = new AbortController();
  const hang = { law: 'hang', text: 'a history did not end' };
  try {
    const hung = async (): Promise<T | Violation> =>
      (await player.hung(ended.signal)) ? hang : await answer;
    return await Promise.race([answer, hung()]);
  } catch (error) {
    return { law: 'defect', text: error instanceof Error ? error.message : String(error) };
  } finally {
    ended.abort();
  }
}

/** Calls `one` for every mutant, at most `threads` at the same time. */
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
