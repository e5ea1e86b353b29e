import type { Counts } from '../simulator/tally.ts';
import { modesOf, type Summary } from './report.ts';

/** A summary as text for people. */
export function summaryText(summary: Summary): string {
  const { runs, seconds, violations, failures, unvisited } = summary;
  const broken = modesOf(summary.modes).reduce((sum, [, mode]) => sum + mode.broken, 0);
  const rate = Math.round(runs / Math.max(seconds, 0.1));
  return [
    `${runs} histories in ${seconds} s (${rate} a second), ${broken} broken, ${violations} violations`,
    ...modesOf(summary.modes).map(
      ([mode, one]) => `  ${mode}: ${one.runs} from seed ${one.firstSeed}, ${one.broken} broken`,
    ),
    `median of a history: ${summary.operationsPerHistory} operations, ${summary.faultsPerHistory} faults`,
    `faults: ${list(summary.faults)}`,
    `states: ${list(summary.states)}`,
    `steps: ${list(summary.steps)}`,
    `allowed and never visited: ${unvisited.length === 0 ? 'none' : unvisited.join(', ')}`,
    `excuses: ${list(summary.excuses)}`,
    `longest that a central held what was then undone: ${summary.longestSeen} ms`,
    `violations: ${list(summary.laws)}`,
    ...failures.map(({ mode, seed, law, text }) => `  ${mode} ${seed}: ${law}: ${text}`),
  ].join('\n');
}

function list(counts: Counts): string {
  const parts = Object.entries(counts).map(([kind, count]) => `${kind} ${count}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}

/**
 * The summary as rows of the table in docs/reliability.md.
 * @param commit the commit whose engine was played
 */
export function sliceRows({ modes, laws }: Summary, commit: string): string {
  return modesOf(modes)
    .map(([mode, { runs, firstSeed, lastSeed, broken }]) => {
      const found = broken === 0 ? '0' : `${broken} histories (${list(laws)})`;
      return `| ${mode} | ${firstSeed} to ${lastSeed} | ${runs} | ${found} | ${commit} |`;
    })
    .join('\n');
}
