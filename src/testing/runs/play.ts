import { playHistory } from '../simulator/history.ts';
import { modes, type Mode } from './modes.ts';
import { addReport, emptyReport, reportOf, type Played, type Report, type Violation } from './report.ts';

/** Histories of one mode with consecutive seeds. */
export interface Slice {
  readonly mode: Mode;
  readonly seed: number;
  readonly runs: number;
}

/**
 * Plays the histories of a slice one after the other.
 * @param until called after each history; the slice ends early once it returns false
 */
export async function playSlice(
  { mode, seed: first, runs }: Slice,
  until: (report: Report) => boolean = () => true,
): Promise<Report> {
  let report = emptyReport;
  for (let seed = first; seed < first + runs; seed += 1) {
    report = addReport(report, reportOf(mode, await play(mode, seed)));
    if (!until(report)) break;
  }
  return report;
}

/** One history; what it throws, and rejections nobody handles, are violations of the law `defect`. */
export async function play(mode: Mode, seed: number): Promise<Played> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => {
    unhandled.push(reason);
  };
  process.on('unhandledRejection', note);
  try {
    const result = await playHistory(seed, {}, modes[mode]);
    return { ...result, violations: [...unhandled.map(defect), ...result.violations.map(agreement)] };
  } catch (error) {
    const measures = { operations: 0, faults: {}, states: {}, steps: {}, excuses: {} };
    return { seed, violations: [...unhandled, error].map(defect), log: [], measures };
  } finally {
    process.off('unhandledRejection', note);
  }
}

function agreement(text: string): Violation {
  return { law: 'agreement', text };
}

function defect(error: unknown): Violation {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { law: 'defect', text };
}
