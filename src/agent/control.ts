import * as v from 'valibot';
import { DnsDataError } from '../dns/problem.ts';
import { zoneName } from '../dns/name.ts';
import { CentralError } from '../core/central.ts';
import { JournalError } from '../core/journal.ts';
import type { Operation } from '../core/operation.ts';
import type { Problem } from '../dns/problem.ts';
import { foundCentral } from '../app/found-central.ts';
import { pauseEnd } from '../app/pause.ts';
import { version } from '../app/version.ts';
import { lookAtSigning } from '../app/zone-signing.ts';
import type { Agent } from './agent.ts';

const request = v.variant('do', [
  v.object({ do: v.literal('status') }),
  v.object({ do: v.literal('zones') }),
  v.object({ do: v.literal('zone'), zone: v.string() }),
  v.object({
    do: v.literal('compare'),
    zone: v.nullable(v.string()),
    follow: v.optional(v.boolean(), false),
  }),
  v.object({ do: v.literal('history'), latest: v.number() }),
  v.object({ do: v.literal('operation'), prefix: v.string() }),
  v.object({ do: v.literal('check') }),
  v.object({
    do: v.literal('trace'),
    zone: v.nullable(v.string()),
    refuse: v.nullable(v.picklist(['before', 'after'])),
  }),
]);

type Request = v.InferOutput<typeof request>;

/** Answers the command line: JSON in, JSON `{ok, value}` or `{ok: false, problems}` out. Never rejects. */
export async function answerControl(agent: Agent, text: string): Promise<string> {
  try {
    const value = await carryOut(agent, v.parse(request, JSON.parse(text)));
    return JSON.stringify({ ok: true, value });
  } catch (error) {
    return JSON.stringify({ ok: false, problems: problemsOf(error) });
  }
}

async function carryOut(agent: Agent, ask: Request): Promise<unknown> {
  if (ask.do === 'status') return await status(agent);
  if (ask.do === 'trace') return agent.trace.turn(ask.zone === null ? null : zoneName(ask.zone), ask.refuse);
  const { state } = agent;
  if (state.kind !== 'running') throw new NotRunning();
  const { engine, central, verifier } = state.wired;
  const told = (operations: readonly Operation[]): readonly unknown[] =>
    operations.map((one) => ({ ...one, live: verifier?.outcome(one.id) ?? null }));
  switch (ask.do) {
    case 'zones':
      return await engine.zones();
    case 'zone': {
      const zone = zoneName(ask.zone);
      const view = await engine.view(zone);
      return { ...view, signing: view.entry === null ? null : await lookAtSigning(central, zone) };
    }
    case 'history':
      return told(await engine.history(ask.latest));
    case 'operation':
      return told(await engine.find(ask.prefix));
    case 'compare':
      engine.compare(
        ask.zone === null ? 'all' : zoneName(ask.zone),
        'asked',
        ask.follow && ask.zone !== null ? 'allowed' : 'no',
      );
      return null;
    case 'check':
      await central.check({ signal: AbortSignal.timeout(state.wired.settings.deadline), operation: '-' });
      return null;
  }
}

async function status(agent: Agent): Promise<unknown> {
  const { state, pending, paths } = agent;
  const end = pauseEnd(paths.pause);
  return {
    pid: process.pid,
    version,
    memory: process.memoryUsage.rss(),
    state: state.kind,
    problems: state.kind === 'broken' ? state.problems : [],
    pending: pending ?? [],
    paused: end !== null,
    pausedUntil: end === Infinity ? null : end,
    central: state.kind === 'running' ? state.wired.central.id : null,
    found: state.kind === 'running' ? foundCentral(paths.root, state.wired.settings) : null,
    engine: state.kind === 'running' ? await state.wired.engine.status() : null,
    verify: state.kind === 'running' ? (state.wired.verifier?.status() ?? null) : null,
  };
}

class NotRunning extends Error {
  override readonly name = 'NotRunning';
}

function problemsOf(error: unknown): Problem[] {
  if (error instanceof DnsDataError) return [...error.problems];
  if (error instanceof CentralError) return [error.problem];
  if (error instanceof JournalError) return [{ code: error.code, params: error.params }];
  if (error instanceof NotRunning) return [{ code: 'agent.not-running', params: {} }];
  return [
    { code: 'engine.defect', params: { text: error instanceof Error ? error.message : String(error) } },
  ];
}
