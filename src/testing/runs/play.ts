import { BrokenOff, playHistory, playStory, type HistoryResult } from '../simulator/history.ts';
import type { Story } from '../simulator/story.ts';
import { modes, type Mode } from './modes.ts';
import { addReport, emptyReport, reportOf, type Played, type Report, type Violation } from './report.ts';

/** `runs` histories of one mode. Their seeds are consecutive and begin with `seed`. */
export interface Slice {
  readonly mode: Mode;
  readonly seed: number;
  readonly runs: number;
}

/** A story and its name. */
export interface NamedStory {
  readonly name: string;
  readonly story: Story;
}

/** A violation of a law by a story; `story` is the story's name. */
export interface BrokenStory extends Violation {
  readonly story: string;
}

/**
 * Plays stories one after the other.
 * @param stopAtFirst whether to stop after the first story that breaks a law
 * @returns the first violation of each such story
 */
export async function playStories(
  stories: readonly NamedStory[],
  stopAtFirst: boolean,
): Promise<BrokenStory[]> {
  const broken: BrokenStory[] = [];
  for (const { name, story } of stories) {
    const [first] = (await playTold(story)).violations;
    if (first !== undefined) broken.push({ story: name, ...first });
    if (stopAtFirst && broken.length > 0) break;
  }
  return broken;
}

/**
 * Plays the histories of a slice one after the other.
 * @param skip seeds that are left out
 * @param stopAtFirst whether to stop after the first history that breaks a law
 */
export async function playSlice(
  { mode, seed: first, runs }: Slice,
  skip: readonly number[],
  stopAtFirst: boolean,
): Promise<Report> {
  let report = emptyReport;
  for (let seed = first; seed < first + runs; seed += 1) {
    if (skip.includes(seed)) continue;
    report = addReport(report, reportOf(mode, await play(mode, seed)));
    if (stopAtFirst && report.failures.length > 0) break;
  }
  return report;
}

/**
 * Plays the history of a seed. Errors that it throws, and unhandled rejections, become violations of the law
 * `defect`.
 */
export async function play(mode: Mode, seed: number): Promise<Played> {
  return { ...(await guarded(() => playHistory(seed, {}, modes[mode]))), seed };
}

/** Like `play`, for a story. */
export async function playTold(story: Story): Promise<Omit<Played, 'seed'>> {
  return await guarded(() => playStory(story));
}

async function guarded(history: () => Promise<HistoryResult>): Promise<Omit<Played, 'seed'>> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => {
    unhandled.push(reason);
  };
  process.on('unhandledRejection', note);
  try {
    const result = await history();
    return { ...result, violations: [...unhandled.map(defect), ...result.violations] };
  } catch (error) {
    if (!(error instanceof BrokenOff)) throw error;
    return { ...error.played, violations: [...unhandled, error.cause].map(defect) };
  } finally {
    process.off('unhandledRejection', note);
  }
}

function defect(error: unknown): Violation {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { law: 'defect', text };
}
