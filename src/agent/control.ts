import * as v from 'valibot';
import { DnsDataError } from '../dns/problem.ts';
import { zoneName, type DnsName } from '../dns/name.ts';
import type { LiveView } from '../centrals/verified/verifier.ts';
import { CentralError } from '../core/central.ts';
import { JournalError } from '../core/journal.ts';
import type { Operation } from '../core/operation.ts';
import type { Problem } from '../dns/problem.ts';
import { foundCentral } from '../app/wiring/found-central.ts';
import { pauseEnd } from '../app/pause.ts';
import { eachTold, listTold, newestTold, type OfCentral } from '../app/answers/told.ts';
import { version } from '../app/version.ts';
import type { Wired } from '../app/wiring/wire.ts';
import { lookAtSigning } from '../app/answers/zone-signing.ts';
import type { Agent } from './agent.ts';

/** Which central is meant, by its number; absent: all of them. */
const central = v.optional(v.nullable(v.number()), null);

const request = v.variant('do', [
  v.object({ do: v.literal('status') }),
  v.object({ do: v.literal('zones'), central }),
  v.object({ do: v.literal('zone'), zone: v.string(), central }),
  v.object({
    do: v.literal('compare'),
    zone: v.nullable(v.string()),
    follow: v.optional(v.boolean(), false),
    central,
  }),
  v.object({ do: v.literal('history'), latest: v.number(), central }),
  v.object({ do: v.literal('operation'), prefix: v.string(), central }),
  v.object({ do: v.literal('check'), central }),
  v.object({
    do: v.literal('trace'),
    zone: v.nullable(v.string()),
    refuse: v.nullable(v.picklist(['before', 'after'])),
  }),
  // What the self-test saw: whether the panel checks access before it calls us.
  v.object({ do: v.literal('access-check'), checksFirst: v.boolean() }),
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
  if (ask.do === 'access-check') {
    for (const { engine } of state.centrals) await engine.proveAccessCheck(ask.checksFirst);
    return null;
  }
  const chosen = state.centrals.filter(
    ({ settings }) => ask.central === null || settings.number === ask.central,
  );
  if (chosen.length === 0) throw new NoSuchCentral(ask.central ?? 0);
  return await carryOutAt(chosen, ask, state.centrals.length > 1);
}

async function carryOutAt(
  chosen: readonly Wired[],
  ask: Exclude<Request, { readonly do: 'status' | 'trace' | 'access-check' }>,
  several: boolean,
): Promise<unknown> {
  switch (ask.do) {
    case 'zones':
      return listTold(await atEach(chosen, ({ engine }) => engine.zones()), several);
    case 'zone': {
      const zone = zoneName(ask.zone);
      return eachTold(await atEach(chosen, (wired) => zoneAt(wired, zone)), several);
    }
    case 'history': {
      const { latest } = ask;
      const found = await atEach(chosen, async (wired) =>
        withLive(wired, await wired.engine.history(latest)),
      );
      return newestTold(found, several, latest);
    }
    case 'operation':
      return listTold(
        await atEach(chosen, async (wired) => withLive(wired, await wired.engine.find(ask.prefix))),
        several,
      );
    case 'compare': {
      const what = ask.zone === null ? 'all' : zoneName(ask.zone);
      const follow = ask.follow && ask.zone !== null ? 'allowed' : 'no';
      for (const { engine } of chosen) engine.compare(what, 'asked', follow);
      return null;
    }
    case 'check':
      await atEach(chosen, (wired) =>
        wired.central.check({ signal: AbortSignal.timeout(wired.settings.deadline), operation: '-' }),
      );
      return null;
  }
}

async function atEach<T>(
  chosen: readonly Wired[],
  ask: (wired: Wired) => Promise<T>,
): Promise<readonly OfCentral<T>[]> {
  return await Promise.all(
    chosen.map(async (wired) => ({
      number: wired.settings.number,
      id: wired.central.id,
      value: await ask(wired),
    })),
  );
}

async function zoneAt({ engine, central: at }: Wired, zone: DnsName): Promise<object> {
  const view = await engine.view(zone);
  return { ...view, signing: view.entry === null ? null : await lookAtSigning(at, zone) };
}

function withLive({ verifier }: Wired, operations: readonly Operation[]): readonly ToldOperation[] {
  return operations.map((one) => ({ ...one, live: verifier?.outcome(one.id) ?? null }));
}

type ToldOperation = Operation & { readonly live: LiveView | null };

async function status(agent: Agent): Promise<unknown> {
  const { state, pending, paths } = agent;
  const end = pauseEnd(paths.pause);
  const centrals = await Promise.all(
    (state.kind === 'running' ? state.centrals : []).map(async (wired) => ({
      number: wired.settings.number,
      central: wired.central.id,
      found: foundCentral(paths.root, wired.settings),
      blocked: wired.central.blocked,
      engine: await wired.engine.status(),
      verify: wired.verifier?.status() ?? null,
    })),
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

class NoSuchCentral extends Error {
  override readonly name = 'NoSuchCentral';
  readonly number: number;

  constructor(number: number) {
    super(`no central ${number}`);
    this.number = number;
  }
}

class NotRunning extends Error {
  override readonly name = 'NotRunning';
}

function problemsOf(error: unknown): Problem[] {
  if (error instanceof DnsDataError) return [...error.problems];
  if (error instanceof CentralError) return [error.problem];
  if (error instanceof JournalError) return [{ code: error.code, params: error.params }];
  if (error instanceof NoSuchCentral)
    return [{ code: 'agent.no-such-central', params: { number: String(error.number) } }];
  if (error instanceof NotRunning) return [{ code: 'agent.not-running', params: {} }];
  return [
    { code: 'engine.defect', params: { text: error instanceof Error ? error.message : String(error) } },
  ];
}
