import type { Problem } from '../../dns/problem.ts';
import { counted, describeProblem } from '../../core/describe.ts';
import type { Paths } from '../paths.ts';
import { version } from '../version.ts';
import { note, ok, problemFound, warning, type Finding } from './finding.ts';
import { tailOf } from './tail.ts';

/** What of the agent's own report counts here. */
export interface AgentReport {
  readonly pid: number;
  readonly version: string;
  readonly state: string;
  readonly problems: readonly Problem[];
  readonly pending: readonly Problem[];
  readonly memory: number;
  readonly baselineAt: number | null;
}

/** @param report null when no agent answers; its text otherwise */
export function lookAtAgent(report: AgentReport | string): Finding[] {
  if (typeof report === 'string') {
    return [
      note('agent', report, 'nothing to do: the next edit starts it ("domainsync agent" does so by hand)'),
    ];
  }
  const found: Finding[] = [];
  if (report.version !== version) {
    const text = `the agent running is release ${report.version}, installed is ${version}`;
    found.push(warning('agent', text, `end it, the next edit starts the new one: kill ${report.pid}`));
  }
  for (const one of report.problems) {
    found.push(
      problemFound('agent', describeProblem(one, 'en'), 'every edit is refused until this is solved'),
    );
  }
  for (const one of report.pending) {
    const text = `the newest settings are not in force: ${describeProblem(one, 'en')}`;
    found.push(problemFound('agent', text, 'correct them; every edit is refused until then'));
  }
  if (report.state === 'running' && report.baselineAt === null) {
    const way =
      'wait; "domainsync status" shows how far it is. Until then edits in zones not yet compared are refused';
    found.push(warning('agent', 'the first comparison is not complete', way));
  }
  if (found.length > 0) return found;
  const memory = Math.round(report.memory / 1_048_576);
  return [ok('agent', `${report.state}, pid ${report.pid}, ${memory} MiB`)];
}

/** How much of the log's end is looked at, octets. */
const logTail = 1_048_576;

/** Errors of the last day. */
export function lookAtLog({ log }: Paths, wall: number): Finding[] {
  let text: string;
  try {
    text = tailOf(log, logTail);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  const since = new Date(wall - 86_400_000).toISOString();
  const errors = text.split('\n').filter((line) => isError(line) && timeOf(line) >= since);
  const last = errors.at(-1);
  if (last === undefined) return [ok('log', `${log}, no errors in the last day`)];
  return [
    warning('log', `${counted(errors.length, 'error')} in the last day, the newest: ${last}`, `see ${log}`),
  ];
}

function isError(line: string): boolean {
  return /^\S+ error /.test(line) || line.includes('"level":"error"');
}

function timeOf(line: string): string {
  return /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(line)?.[0] ?? '';
}
