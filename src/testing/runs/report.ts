import type { HistoryResult } from '../simulator/history.ts';
import { allowedSteps, states, type Counts } from '../simulator/tally.ts';
import type { Mode } from './modes.ts';

export interface Violation {
  /** Id of the broken law. */
  readonly law: string;
  readonly text: string;
}

/** The result of one history, as a thread reports it. */
export interface Played extends Pick<HistoryResult, 'log' | 'longestSeen' | 'measures'> {
  readonly seed: number;
  readonly violations: readonly Violation[];
}

/** A violation of a law by one history. */
export interface Failure {
  readonly mode: Mode;
  readonly seed: number;
  readonly law: string;
  readonly text: string;
}

/** Counts for the histories of one mode. */
export interface ModeReport {
  readonly runs: number;
  readonly broken: number;
  readonly firstSeed: number;
  readonly lastSeed: number;
}

/** The results of a run of histories. {@link addReport} adds up the reports of its parts. */
export interface Report {
  readonly modes: Partial<Readonly<Record<Mode, ModeReport>>>;
  /** Histograms: in how many histories a given number of operations, or of faults, occurred. */
  readonly operations: Counts;
  readonly faultsOfHistory: Counts;
  readonly faults: Counts;
  readonly states: Counts;
  readonly steps: Counts;
  readonly excuses: Counts;
  /** The longest time (ms) for which a central had a record that was undone later. */
  readonly longestSeen: number;
  /** Number of violations of each law. */
  readonly laws: Counts;
  /**
   * The first violation of each history that broke a law. Only a limited number of these histories is kept.
   */
  readonly failures: readonly Failure[];
}

/** A report keeps at most this many histories that broke a law, and a summary names at most this many. */
const keptFailures = 5_000;
const namedFailures = 20;

export const emptyReport: Report = {
  modes: {},
  operations: {},
  faultsOfHistory: {},
  faults: {},
  states: {},
  steps: {},
  excuses: {},
  longestSeen: 0,
  laws: {},
  failures: [],
};

/** Makes the report of a single history. */
export function reportOf(mode: Mode, { seed, longestSeen, measures, violations }: Played): Report {
  const broken = violations.length > 0 ? 1 : 0;
  const [first] = violations;
  const failure = first === undefined ? [] : [{ mode, seed, ...first }];
  return {
    ...emptyReport,
    modes: { [mode]: { runs: 1, broken, firstSeed: seed, lastSeed: seed } },
    operations: { [measures.operations]: 1 },
    faultsOfHistory: { [total(measures.faults)]: 1 },
    faults: measures.faults,
    states: measures.states,
    steps: measures.steps,
    excuses: measures.excuses,
    longestSeen,
    laws: violations.reduce((laws: Counts, { law }) => addCounts(laws, { [law]: 1 }), {}),
    failures: failure,
  };
}

export function addReport(a: Report, b: Report): Report {
  return {
    modes: addModes(a.modes, b.modes),
    operations: addCounts(a.operations, b.operations),
    faultsOfHistory: addCounts(a.faultsOfHistory, b.faultsOfHistory),
    faults: addCounts(a.faults, b.faults),
    states: addCounts(a.states, b.states),
    steps: addCounts(a.steps, b.steps),
    excuses: addCounts(a.excuses, b.excuses),
    longestSeen: Math.max(a.longestSeen, b.longestSeen),
    laws: addCounts(a.laws, b.laws),
    failures: [...a.failures, ...b.failures].slice(0, keptFailures),
  };
}

function bySeed(a: Failure, b: Failure): number {
  return a.mode === b.mode ? a.seed - b.seed : a.mode < b.mode ? -1 : 1;
}

function addModes(a: Report['modes'], b: Report['modes']): Report['modes'] {
  const sum = { ...a };
  for (const [mode, more] of modesOf(b)) {
    const before = sum[mode];
    sum[mode] = {
      runs: (before?.runs ?? 0) + more.runs,
      broken: (before?.broken ?? 0) + more.broken,
      firstSeed: Math.min(before?.firstSeed ?? more.firstSeed, more.firstSeed),
      lastSeed: Math.max(before?.lastSeed ?? 0, more.lastSeed),
    };
  }
  return sum;
}

/** The modes that the report contains, with their counts. */
export function modesOf(played: Report['modes']): [Mode, ModeReport][] {
  return Object.entries(played).flatMap(([mode, one]): [Mode, ModeReport][] => [[mode as Mode, one]]);
}

function addCounts(a: Counts, b: Counts): Counts {
  const sum: Record<string, number> = { ...a };
  for (const [kind, count] of Object.entries(b)) sum[kind] = (sum[kind] ?? 0) + count;
  return sum;
}

export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The median of all values. @param histogram how often each value occurred */
export function median(histogram: Counts): number {
  const half = total(histogram) / 2;
  let passed = 0;
  for (const [value, count] of Object.entries(histogram).sort(([a], [b]) => Number(a) - Number(b))) {
    passed += count;
    if (passed >= half) return Number(value);
  }
  return 0;
}

/** The result that `simulate --json` prints. The text for people contains the same facts. */
export interface Summary {
  readonly runs: number;
  readonly seconds: number;
  readonly modes: Report['modes'];
  /** The medians of operations and of faults in one history. */
  readonly operationsPerHistory: number;
  readonly faultsPerHistory: number;
  readonly faults: Counts;
  readonly states: Counts;
  readonly steps: Counts;
  /** Operation states and steps that are allowed, but that no history reached. */
  readonly unvisited: readonly string[];
  readonly excuses: Counts;
  /** The longest time (ms) for which a central had a record that was undone later. */
  readonly longestSeen: number;
  readonly violations: number;
  readonly laws: Counts;
  readonly failures: readonly Failure[];
}

export function summaryOf(report: Report, seconds: number): Summary {
  const { faults, steps, excuses, laws, failures } = report;
  return {
    runs: total(report.operations),
    seconds: Math.round(seconds * 10) / 10,
    modes: report.modes,
    operationsPerHistory: median(report.operations),
    faultsPerHistory: median(report.faultsOfHistory),
    faults: byCount(faults),
    states: byCount(report.states),
    steps: byCount(steps),
    unvisited: [
      ...states.filter((state) => !(state in report.states)),
      ...allowedSteps.filter((step) => !(step in steps)),
    ],
    excuses: byCount(excuses),
    longestSeen: Math.round(report.longestSeen),
    violations: total(laws),
    laws: byCount(laws),
    failures: failures.toSorted(bySeed).slice(0, namedFailures),
  };
}

/** Sorts counts; the most frequent comes first. */
function byCount(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).sort(([, a], [, b]) => b - a));
}
