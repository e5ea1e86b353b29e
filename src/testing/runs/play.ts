import { BrokenOff, playHistory, playStory, type HistoryResult } from '../simulator/history.ts';
import type { Story } from '../simulator/story.ts';
import { isGatewayMode, modes, type EngineMode, type GatewayMode, type Mode } from './modes.ts';
import { addReport, emptyReport, reportOf, type Played, type Report, type Violation } from './report.ts';

/** The result of one history of the engine, with what is needed to tell it. */
export interface Told extends Omit<HistoryResult, 'violations'> {
  readonly violations: readonly Violation[];
}

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
  const played = await (isGatewayMode(mode) ? playGateway(mode, seed) : playEngine(mode, seed));
  return { ...played, seed };
}

/** Like `play`, for a history of the engine. */
export async function playEngine(mode: EngineMode, seed: number): Promise<Told> {
  return await guarded(() => playHistory(seed, {}, modes[mode]));
}

/** Like `play`, for a story. */
export async function playTold(story: Story): Promise<Told> {
  return await guarded(() => playStory(story));
}

async function guarded(history: () => Promise<HistoryResult>): Promise<Told> {
  return await withRejections(async () => {
    try {
      return await history();
    } catch (error) {
      if (!(error instanceof BrokenOff)) throw error;
      return { ...error.played, violations: [defect(error.cause)] };
    }
  });
}

/** Like `play`, for a history of the gateway. */
export async function playGateway(mode: GatewayMode, seed: number): Promise<Omit<Played, 'seed'>> {
  // Only threads that play the gateway load it.
  const { playGatewayHistory } = await import('../gateway-simulator/gateway-history.ts');
  return await withRejections(async () => {
    const none = { states: {}, steps: {}, excuses: {} };
    try {
      const { violations, log, faults, changes } = await playGatewayHistory(seed, mode);
      return { violations, log, longestSeen: 0, measures: { operations: changes, faults, ...none } };
    } catch (error) {
      const measures = { operations: 0, faults: {}, ...none };
      return { violations: [defect(error)], log: [], longestSeen: 0, measures };
    }
  });
}

/** Adds rejections that nobody handles to the violations. */
async function withRejections<T extends { readonly violations: readonly Violation[] }>(
  history: () => Promise<T>,
): Promise<T> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => {
    unhandled.push(reason);
  };
  process.on('unhandledRejection', note);
  try {
    const result = await history();
    return { ...result, violations: [...unhandled.map(defect), ...result.violations] };
  } finally {
    process.off('unhandledRejection', note);
  }
}

function defect(error: unknown): Violation {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { law: 'defect', text };
}
