import { BrokenOff, playHistory, playStory, type HistoryResult } from '../simulator/history.ts';
import type { Story } from '../simulator/story.ts';
import { modes, type Mode } from './modes.ts';
import { addReport, emptyReport, reportOf, type Played, type Report, type Violation } from './report.ts';

/** Histories of one mode with consecutive seeds. */
export interface Slice {
  readonly mode: Mode;
  readonly seed: number;
  readonly runs: number;
}

/** A story, and what it is told by. */
export interface NamedStory {
  readonly name: string;
  readonly story: Story;
}

/** A broken law of a story. */
export interface BrokenStory extends Violation {
  readonly story: string;
}

/**
 * Plays stories one after the other.
 * @param stopAtFirst whether the first broken one is the last
 * @returns the first violation of each broken one
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
 * @param skip seeds that are not played
 * @param stopAtFirst whether the first broken history ends the slice
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
 * The history of a seed; what it throws, and rejections nobody handles, are violations of the law `defect`.
 */
export async function play(mode: Mode, seed: number): Promise<Played> {
  return { ...(await guarded(() => playHistory(seed, {}, modes[mode]))), seed };
}

/** As `play`, of a story. */
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
