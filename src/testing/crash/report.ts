import type { CrashResult } from './story.ts';

type Counts = Readonly<Record<string, number>>;

/** Result of a run of stories: its text is for people, its JSON for programs. */
export interface CrashSummary {
  readonly stories: number;
  readonly firstSeed: number;
  readonly lastSeed: number;
  /** How many stories each pair played. */
  readonly pairs: Counts;
  /** How many stories had the waits of a new installation. */
  readonly defaultWaits: number;
  readonly kills: number;
  /** Number of killed processes, by the target of the kill. */
  readonly killed: Counts;
  /** How many stories had a fault of the journal, by the fault. */
  readonly journals: Counts;
  /** How many clock steps the agents have noticed. */
  readonly clockSteps: number;
  /** How many network failures were ordered, by the proxy's mode. */
  readonly network: Counts;
  /** Number of edits by the sort of their answer. */
  readonly answers: Counts;
  readonly excuses: Counts;
  readonly violations: number;
  readonly failures: readonly CrashFailure[];
  readonly seconds: number;
}

/** A story that broke a law. */
interface CrashFailure {
  readonly seed: number;
  readonly pair: string;
  readonly laws: readonly string[];
  readonly texts: readonly string[];
  readonly directory: string;
}

/** Adds up the results of a run. @param seconds how long the run took */
export function summarize(results: readonly CrashResult[], seconds: number): CrashSummary {
  const seeds = results.map(({ plan }) => plan.seed);
  const killed = sum(results.map(({ kills }) => kills));
  return {
    stories: results.length,
    firstSeed: Math.min(...seeds),
    lastSeed: Math.max(...seeds),
    pairs: countOf(results.map(({ plan }) => plan.pair)),
    defaultWaits: results.filter(({ plan }) => plan.waits === 'default').length,
    kills: Object.values(killed).reduce((all, one) => all + one, 0),
    killed,
    journals: countOf(results.flatMap(({ plan }) => plan.journal ?? [])),
    clockSteps: results.reduce((all, one) => all + one.clockSteps, 0),
    network: sum(
      results.flatMap(({ plan }) =>
        plan.troubles.map(({ what }) => (what.kind === 'network' ? { [what.mode]: what.count } : {})),
      ),
    ),
    answers: sum(results.map(({ answers }) => answers)),
    excuses: sum(results.map(({ excuses }) => excuses)),
    violations: results.reduce((all, { violations }) => all + violations.length, 0),
    failures: results.filter(({ violations }) => violations.length > 0).map((one) => failureOf(one)),
    seconds: Math.round(seconds),
  };
}

function failureOf({ plan, violations, directory }: CrashResult): CrashFailure {
  return {
    seed: plan.seed,
    pair: plan.pair,
    laws: [...new Set(violations.map(({ law }) => law))],
    texts: violations.map(({ law, text }) => `${law}: ${text}`),
    directory,
  };
}

function sum(all: readonly Counts[]): Counts {
  const total: Record<string, number> = {};
  for (const counts of all)
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  return total;
}

function countOf(words: readonly string[]): Counts {
  return sum(words.map((word) => ({ [word]: 1 })));
}

/**
 * Describes a story that has just ended, in one line. If a law was broken, everything that happened follows.
 */
export function tellCrash({
  plan,
  violations,
  kills,
  answers,
  seconds,
  told,
  directory,
}: CrashResult): string {
  const killed = Object.values(kills).reduce((all, one) => all + one, 0);
  const edits = Object.entries(answers).map(([kind, count]) => `${count} ${kind}`);
  const head = `seed ${plan.seed} ${plan.pair}, ${plan.waits} waits, journal ${plan.journal ?? 'well'}`;
  const line = `${head}: ${killed} kills, ${edits.join(', ')}; ${seconds} s`;
  if (violations.length === 0) return line;
  const laws = violations.map(({ law, text }) => `VIOLATION ${law}: ${text}`);
  return [line, ...told.map((one) => `  ${one}`), ...laws, `files: ${directory}`].join('\n');
}
