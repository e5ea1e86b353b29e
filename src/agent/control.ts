import * as v from 'valibot';
import { displayName, zoneName, type DnsName } from '../dns/name.ts';
import { PanelError } from '../core/panel.ts';
import { Unanswerable } from '../app/problems.ts';
import { systemClock } from '../app/wiring/clock.ts';
import type { Answerer, Source } from '../app/answers/answerer.ts';
import { chosen, readings } from '../app/answers/readings.ts';
import {
  question,
  parseParameters,
  type AgentReport,
  type Answers,
  type CentralPlan,
  type Envelope,
  type Question,
  type Requests,
} from '../app/control/protocol.ts';
import { senderAt } from '../app/notify/notice.ts';
import { tryChannels } from '../app/notify/try-channels.ts';
import { version } from '../app/version.ts';
import type { Wired } from '../app/wiring/wire.ts';
import type { Agent } from './agent.ts';
import { problemsOf } from './problems.ts';

/**
 * Answers one request of the command line. Request and answer are JSON; the answer is an {@link Envelope}.
 * Never rejects.
 */
export async function answerControl(agent: Agent, text: string): Promise<string> {
  return JSON.stringify(await enveloped(agent, text));
}

async function enveloped(agent: Agent, text: string): Promise<Envelope> {
  try {
    const request: unknown = JSON.parse(text);
    return { ok: true, value: await answer(agent, v.parse(question, request).do, request) };
  } catch (error) {
    return { ok: false, problems: [...problemsOf(error)] };
  }
}

async function answer<N extends Question>(agent: Agent, asked: N, request: unknown): Promise<Answers[N]> {
  return await handlers[asked](agent, parseParameters(asked, request));
}

type Handlers = {
  readonly [N in Question]: (agent: Agent, parameters: Requests[N]) => Promise<Answers[N]>;
};

const handlers: Handlers = {
  status: async (agent, asked) => await readings.status(asked, answerer(agent)),
  zones: async (agent, asked) => await readings.zones(asked, answerer(agent)),
  zone: async (agent, asked) => await readings.zone(asked, answerer(agent)),
  history: async (agent, asked) => await readings.history(asked, answerer(agent)),
  operation: async (agent, asked) => await readings.operation(asked, answerer(agent)),
  compare: async (agent, { zone, central }) => {
    const what = zone === null ? 'all' : zoneName(zone);
    const all = chosen(running(agent), central);
    if (what !== 'all' && !(await isKnown(all, what)))
      throw new Unanswerable('agent.no-such-zone', { zone: displayName(what) });
    for (const { engine } of all) engine.compare(what, 'asked');
    return null;
  },
  content: async (agent, { zone, side, central }) => {
    const all = chosen(running(agent), central);
    const [only] = all;
    if (only === undefined) throw new Unanswerable('agent.not-running');
    if (side === 'central' && all.length > 1) throw new Unanswerable('export.one-central');
    const named = zoneName(zone);
    return side === 'panel' ? await only.engine.readPanel(named) : await only.engine.readCentral(named);
  },
  'zones-to-plan': async (agent, { central }) => {
    const lists = await Promise.all(
      chosen(running(agent), central).map(({ engine }) => engine.zonesToPlan()),
    );
    return [...new Set(lists.flat())].sort();
  },
  plan: async (agent, { zone, central, delegation = false, ...request }) => {
    const all = chosen(running(agent), central);
    if (request.direction === 'pull' && all.length > 1) throw new Unanswerable('plan.one-central');
    const plans = all.map(async ({ engine, settings, delegations }): Promise<CentralPlan> => {
      const plan = await engine.plan(zoneName(zone), request);
      const found = delegation ? ((await delegations?.of(plan)) ?? null) : null;
      return { ...plan, central: settings.number, ...(found && { delegation: found }) };
    });
    return await Promise.all(plans);
  },
  apply: async (agent, { approved, central }) => {
    const [at] = chosen(running(agent), central);
    if (at === undefined) throw new Unanswerable('agent.not-running');
    if (at.settings.mode === 'observe') throw new Unanswerable('agent.observing');
    return await at.engine.apply(approved);
  },
  'forced-import': (agent, forced) => {
    agent.noteForcedImport(forced);
    return Promise.resolve(null);
  },
  exclude: async (agent, { zone, only, excluded, central }) => {
    const all = chosen(running(agent), central);
    const results = all.map(async ({ engine, settings }) => {
      const result = await engine.setExclusion({ zone: zoneName(zone), only, excluded });
      return all.length > 1 ? { ...result, central: settings.number } : result;
    });
    return await Promise.all(results);
  },
  trace: (agent, { zone, refuse }) =>
    Promise.resolve(agent.trace.turn(zone === null ? null : zoneName(zone), refuse)),
  'erase-user': async (agent, { user }) => await agent.eraseUser(user),
  'access-check': async (agent, { checksFirst }) => {
    for (const { engine } of chosen(running(agent), null)) await engine.proveAccessCheck(checksFirst);
    return null;
  },
  'accept-journal': async (agent, { central }) => {
    const all = chosen(running(agent), central);
    const accepted = await Promise.all(all.map(({ engine }) => engine.acceptJournal()));
    return accepted.filter(Boolean).length;
  },
  'notify-test': async ({ notify, paths, isService }) => {
    const tried = notify === null ? [] : await tryChannels(notify, senderAt(paths.root), isService);
    return { isService, tried };
  },
};

/** Whether a comparison of the zone can find anything: a journal or the panel has the zone. */
async function isKnown(all: readonly Wired[], zone: DnsName): Promise<boolean> {
  for (const { journal } of all) {
    const open = await journal.operations({ zone, openAt: systemClock.wall() });
    if (open.length > 0 || (await journal.zone(zone)) !== null) return true;
  }
  try {
    // No journal knows a zone that is new in the panel.
    return (await all[0]?.engine.readPanel(zone)) !== null;
  } catch (error) {
    // The comparison will get the same error; it then tries again and reports the error.
    if (error instanceof PanelError) return true;
    throw error;
  }
}

/** Engines in force; none unless the state is `running`. */
function running({ state }: Agent): readonly Wired[] {
  return state.kind === 'running' ? state.centrals : [];
}

/** Makes the object that answers questions, from the state of this agent. */
export function answerer(agent: Agent): Answerer {
  return { paths: agent.paths, agent: ownReport(agent), sources: running(agent).map(sourceOf) };
}

function ownReport({ state, pending }: Agent): AgentReport {
  return {
    pid: process.pid,
    version,
    memory: process.memoryUsage.rss(),
    state: state.kind,
    problems: state.kind === 'broken' ? state.problems : [],
    pending: pending ?? [],
  };
}

function sourceOf({ settings, journal, history, central, engine, verifier, health }: Wired): Source {
  return {
    settings,
    id: () => Promise.resolve(central.id),
    open: (body) =>
      body({
        central,
        journal,
        history,
        owners: () => {
          const { check, way, zones, unknown } = engine.live.owners;
          return Promise.resolve({ check, way, zones, unknown });
        },
        outcome: (operation) => verifier?.outcome(operation) ?? null,
        fromAgent: () => {
          const { comparison, owners } = engine.live;
          const nextPassword = central.usesNextPassword();
          const verify = verifier?.status() ?? null;
          return { comparison, owners, blocked: central.blocked, nextPassword, verify };
        },
        health,
        readPanel: (zone) => engine.readPanel(zone),
      }),
  };
}
