import { counted, describeInFull } from '../../core/describe.ts';
import { ask, AskFailed, OtherRelease, runningAgent } from '../control/client.ts';
import type { StatusReport } from '../control/protocol.ts';
import type { Paths } from '../paths.ts';
import { version } from '../version.ts';
import { note, ok, problemFound, warning, type Finding } from './finding.ts';
import { systemOr } from '../../net/system-error.ts';
import { tailOf } from '../tail.ts';

/** Checks whether the agent runs, which release it has, and whether it can use the settings. */
export async function checkAgent({ socket }: Paths): Promise<Finding[]> {
  try {
    return findingsOf(await ask(socket, 'status', {}));
  } catch (error) {
    if (error instanceof OtherRelease) return await checkOtherRelease(socket);
    if (!(error instanceof AskFailed)) throw error;
    const way = 'nothing to do: the next edit starts it ("domainsync agent" does so by hand)';
    return [note('agent', error.message, way)];
  }
}

/**
 * Reports a running agent that is not of this release, because nobody ended it when the files were replaced.
 */
async function checkOtherRelease(socket: string): Promise<Finding[]> {
  const running = await runningAgent(socket);
  return running === null ? [] : [otherRelease(running)];
}

function otherRelease({ pid, version: running }: Pick<StatusReport, 'pid' | 'version'>): Finding {
  const text = `the agent running is release ${running}, installed is ${version}`;
  return warning('agent', text, `end it, the next edit starts the new one: kill ${pid}`);
}

function findingsOf(report: StatusReport): Finding[] {
  const found: Finding[] = report.version === version ? [] : [otherRelease(report)];
  for (const one of report.problems) {
    found.push(
      problemFound('agent', describeInFull(one, 'en'), 'every edit is refused until this is solved'),
    );
  }
  for (const one of report.pending) {
    const text = `the newest settings are not in force: ${describeInFull(one, 'en')}`;
    found.push(problemFound('agent', text, 'correct them; every edit is refused until then'));
  }
  if (report.state === 'running' && baselineOf(report) === null) {
    const way =
      'wait; "domainsync status" shows how far it is. Until then edits in zones not yet compared are refused';
    found.push(warning('agent', 'the first comparison is not complete', way));
  }
  if (found.length > 0) return found;
  const memory = Math.round((report.memory ?? 0) / 1_048_576);
  return [ok('agent', `${report.state}, pid ${report.pid}, ${memory} MiB`)];
}

/**
 * When the last central completed its first comparison: wall clock, milliseconds since 1970. Null: a central
 * has not completed it yet, or there is no central.
 */
export function baselineOf({ centrals }: StatusReport): number | null {
  const times = centrals.map(({ engine }) => engine?.baselineAt ?? null);
  return times.reduce(
    (latest, time) => (latest === null || time === null ? null : Math.max(latest, time)),
    times[0] ?? null,
  );
}

/** Number of octets at the end of the log that are searched for errors. */
const logTail = 1_048_576;

/** Reports errors in the log of the last 24 hours. @param wall wall clock, milliseconds since 1970 */
export function checkLog({ log }: Paths, wall: number): Finding[] {
  const text = systemOr(() => tailOf(log, logTail), null, 'ENOENT');
  if (text === null) return [];
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
