import * as v from 'valibot';
import { zoneName } from '../dns/name.ts';
import { DnsDataError, type Problem } from '../dns/problem.ts';
import { chosen, readings, Unanswerable, type Source } from '../app/answers/readings.ts';
import {
  question,
  parseParameters,
  type Answers,
  type CentralReport,
  type Envelope,
  type Question,
  type Requests,
  type StatusReport,
} from '../app/control/protocol.ts';
import { pauseEnd } from '../app/pause.ts';
import { version } from '../app/version.ts';
import { foundCentral } from '../app/wiring/found-central.ts';
import type { Wired } from '../app/wiring/wire.ts';
import type { Agent } from './agent.ts';
import { problemsOf } from './problems.ts';

/** Answers the command line: JSON in, an {@link Envelope} as JSON out. Never rejects. */
export async function answerControl(agent: Agent, text: string): Promise<string> {
  return JSON.stringify(await enveloped(agent, text));
}

async function enveloped(agent: Agent, text: string): Promise<Envelope> {
  try {
    const request: unknown = JSON.parse(text);
    return { ok: true, value: await answer(agent, v.parse(question, request).do, request) };
  } catch (error) {
    return { ok: false, problems: reasons(error) };
  }
}

async function answer<N extends Question>(agent: Agent, asked: N, request: unknown): Promise<Answers[N]> {
  return await handlers[asked](agent, parseParameters(asked, request));
}

type Handlers = {
  readonly [N in Question]: (agent: Agent, parameters: Requests[N]) => Promise<Answers[N]>;
};

const handlers: Handlers = {
  status,
  zones: async (agent, asked) => await readings.zones(asked, sources(agent)),
  zone: async (agent, asked) => await readings.zone(asked, sources(agent)),
  history: async (agent, asked) => await readings.history(asked, sources(agent)),
  operation: async (agent, asked) => await readings.operation(asked, sources(agent)),
  compare: (agent, { zone, follow, central }) => {
    const what = zone === null ? 'all' : zoneName(zone);
    const allowed = follow && zone !== null ? 'allowed' : 'no';
    const all = running(agent).map((wired) => ({ number: wired.settings.number, wired }));
    for (const { wired } of chosen(all, central)) wired.engine.compare(what, 'asked', allowed);
    return Promise.resolve(null);
  },
  trace: (agent, { zone, refuse }) =>
    Promise.resolve(agent.trace.turn(zone === null ? null : zoneName(zone), refuse)),
  'access-check': async (agent, { checksFirst }) => {
    for (const { engine } of running(agent)) await engine.proveAccessCheck(checksFirst);
    return null;
  },
};

/** The engines in force. @throws {Unanswerable} when there are none */
function running({ state }: Agent): readonly Wired[] {
  if (state.kind !== 'running') throw new Unanswerable('agent.not-running');
  return state.centrals;
}

function sources(agent: Agent): readonly Source[] {
  return running(agent).map(({ settings, journal, central, verifier }) => ({
    number: settings.number,
    open: (body) => body({ central, journal, live: (operation) => verifier?.outcome(operation) ?? null }),
  }));
}

async function status(agent: Agent): Promise<StatusReport> {
  const { state, pending, paths } = agent;
  const end = pauseEnd(paths.pause);
  const centrals = await Promise.all(
    (state.kind === 'running' ? state.centrals : []).map((wired) => reportOf(wired, paths.root)),
  );
  const [first] = centrals;
  return {
    pid: process.pid,
    version,
    memory: process.memoryUsage.rss(),
    state: state.kind,
    problems: state.kind === 'broken' ? state.problems : [],
    pending: pending ?? [],
    paused: end !== null,
    pausedUntil: end === Infinity ? null : end,
    central: first?.central ?? null,
    found: first?.found ?? null,
    engine: first?.engine ?? null,
    verify: first?.verify ?? null,
    centrals,
  };
}

async function reportOf(wired: Wired, root: string): Promise<CentralReport> {
  return {
    number: wired.settings.number,
    central: wired.central.id,
    found: foundCentral(root, wired.settings),
    blocked: wired.central.blocked,
    engine: await wired.engine.status(),
    verify: wired.verifier?.status() ?? null,
  };
}

function reasons(error: unknown): Problem[] {
  if (error instanceof DnsDataError) return [...error.problems];
  if (error instanceof Unanswerable) return [error.problem];
  return [...problemsOf(error)];
}
