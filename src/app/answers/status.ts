import type { Problem } from '../../dns/problem.ts';
import type { StatusReport } from '../control/protocol.ts';
import { pauseEnd } from '../pause.ts';
import { knownProblems } from '../problems.ts';
import { systemClock } from '../wiring/clock.ts';
import { foundCentral } from '../wiring/found-central.ts';
import { attentionOf } from './attention.ts';
import type { Answerer, Knowledge, Source } from './answerer.ts';
import { observingFacts } from '../../core/engine/observe/take-up.ts';
import type { CentralReport, EngineReport, ObservingReport } from './central-report.ts';
import { journalStatus } from './journal-status.ts';

/**
 * Answers `status`. If the journal of one central cannot be read, the answer lists that as a problem and
 * still shows the other centrals.
 */
export async function statusReport({ paths, agent, sources }: Answerer): Promise<StatusReport> {
  const problems = [...agent.problems];
  const centrals: CentralReport[] = [];
  for (const source of sources) {
    const report = await reportOf(source, paths.root, problems);
    if (report !== null) centrals.push(report);
  }
  const { central = null, found = null, engine = null, fromAgent = null, health = null } = centrals[0] ?? {};
  const end = pauseEnd(paths.pause);
  const pause = { paused: end !== null, pausedUntil: end === Infinity ? null : end };
  const at = systemClock.wall();
  const report = { at, ...agent, problems, ...pause, central, found, engine, fromAgent, health, centrals };
  return { ...report, attention: attentionOf(report) };
}

/**
 * Makes the report of one central.
 * @param problems the list to which each found problem is added
 * @returns null: the settings do not even identify the account at the central
 */
async function reportOf(
  { settings, id, open }: Source,
  root: string,
  problems: Problem[],
): Promise<CentralReport | null> {
  const central = await orProblem(id(), problems);
  if (central === null) return null;
  const known = open(async (all) => {
    const engine = await orProblem(engineOf(all), problems);
    // If the journal cannot be read, `engine` is null and the error is already listed. It is not listed
    // again.
    const health = engine === null ? null : await orProblem(all.health(), problems);
    const observed = engine === null ? null : await orProblem(observedAt(all), problems);
    return { engine, fromAgent: all.fromAgent(), health, observed };
  });
  const opened = await orProblem(
    known.then((found) => ({ found })),
    problems,
  );
  const { engine = null, fromAgent = null, health = null, observed = null } = opened?.found ?? {};
  const hasJournal = opened?.found !== null;
  const { number, conflicts: conflictLimit, mode } = settings;
  const observing = mode === 'observe' ? (observed ?? { since: null, edits: 0, refused: 0 }) : null;
  const state = { central, found: foundCentral(root, settings), engine, fromAgent, health };
  return { number, hasJournal, ...state, conflictLimit, observing };
}

const day = 86_400_000;

async function observedAt({ journal, history }: Knowledge): Promise<ObservingReport> {
  const since = await journal.fact(observingFacts.since);
  const counts = await history.observed(systemClock.wall() - day);
  return { since: since === null ? null : Number(since), ...counts };
}

async function engineOf({ journal, owners }: Knowledge): Promise<EngineReport> {
  return { ...(await journalStatus(journal, systemClock.wall())), owners: await owners() };
}

async function orProblem<T>(work: Promise<T>, problems: Problem[]): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    const known = knownProblems(error);
    if (known === null) throw error;
    problems.push(...known);
    return null;
  }
}
