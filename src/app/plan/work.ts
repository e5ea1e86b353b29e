import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal } from '../../core/operation.ts';
import {
  approvalOf,
  isEmptyPlan,
  isPartOf,
  type Consent,
  type PlanRequest,
  type ZoneResult,
} from '../../core/zone-plan.ts';
import { CommandFailed } from '../command-failed.ts';
import { ask, NoAgent } from '../control/client.ts';
import type { CentralPlan, ReportedOperation, StatusReport } from '../control/protocol.ts';
import { inWords } from '../problems.ts';
import { startAgent } from '../control/start-agent.ts';
import type { Paths } from '../paths.ts';
import { commandClock } from '../wiring/clock.ts';
import type { NamedZone } from './named-zones.ts';
import { paced, type Worked } from './pace.ts';
import type { PlannedCentral } from './plan-file.ts';

/**
 * Longest time (ms) for the agent's answer about one zone. It is long, because both sides may be slow, and
 * edits go first.
 */
const patience = 300_000;
/**
 * How long to wait for an operation that continues in the background, and how often to check it,
 * milliseconds.
 */
const endWait = 60_000;
const lookEvery = 500;
/** How long an agent may take to start, milliseconds. */
const startWait = 15_000;

/**
 * The socket of the agent to ask, and the number of the central that the operator chose; null: all centrals.
 */
export interface PlanAgent {
  readonly socket: string;
  readonly central: number | null;
}

/**
 * Returns the centrals of the settings in force. If no agent runs, starts one.
 * @throws {CommandFailed} the agent does not start, or nothing is configured
 */
export async function centralsInForce(paths: Paths): Promise<readonly PlannedCentral[]> {
  return centralsIn(await statusOfRunning(paths));
}

/**
 * Like {@link centralsInForce}, for a command that writes.
 * @throws {CommandFailed} also if domainsync only observes, because nothing may be written then
 */
export async function centralsToWrite(paths: Paths): Promise<readonly PlannedCentral[]> {
  const status = await statusOfRunning(paths);
  const found = centralsIn(status);
  if (status.centrals.every(({ observing }) => observing === null)) return found;
  const problem = { code: 'agent.observing', params: {} };
  throw new CommandFailed(inWords([problem]), [problem]);
}

function centralsIn({ centrals }: StatusReport): readonly PlannedCentral[] {
  if (centrals.length === 0)
    throw new CommandFailed(
      'The settings name no central yet, or have a mistake; "domainsync doctor" tells.',
    );
  return centrals.map(({ number, central: { kind, address, account } }) => ({
    number,
    kind,
    address,
    account,
  }));
}

/**
 * Asks the agent for the state of the panel. If no agent runs, starts one.
 * @throws {CommandFailed} it does not start
 */
export async function statusOfRunning(paths: Paths): Promise<StatusReport> {
  for (let waited = 0; ; waited += lookEvery) {
    try {
      return await ask(paths.socket, 'status', {});
    } catch (error) {
      if (!(error instanceof NoAgent) || waited >= startWait) throw error;
      if (waited === 0) startAgent(paths);
      await sleep(lookEvery);
    }
  }
}

/**
 * Makes plans of zones, each at its centrals. The order of the results is not fixed.
 * @throws {NoAgent} the agent has stopped
 */
export function planAll(
  { socket, central }: PlanAgent,
  zones: readonly NamedZone[],
  request: Omit<PlanRequest, 'only'>,
  stop: AbortSignal,
): AsyncGenerator<Worked<NamedZone, readonly CentralPlan[]>> {
  const asked = { ...request, central, delegation: request.direction === 'push' };
  return paced(zones, (named) => ask(socket, 'plan', { ...named, ...asked }, patience), {
    stop,
    clock: commandClock,
  });
}

/**
 * Applies plans. The order of the results is not fixed.
 * @param consent the operator, and what he allows beyond the plans. `waits`: whether to wait some time for
 * operations that continue in the background
 * @throws {NoAgent} the agent has stopped
 */
export function applyAll(
  socket: string,
  plans: readonly CentralPlan[],
  { consent, waits }: { readonly consent: Consent; readonly waits: boolean },
  stop: AbortSignal,
): AsyncGenerator<Worked<CentralPlan, ZoneResult>> {
  const work = async (plan: CentralPlan): Promise<ZoneResult> => {
    const result = await ask(
      socket,
      'apply',
      { approved: { ...approvalOf(plan), ...consent }, central: plan.central },
      patience,
    );
    if (result.kind !== 'under-way' || !waits) return result;
    return (await endOf(socket, result.operation, plan.central)) ?? result;
  };
  return paced(
    plans.filter((plan) => !isEmptyPlan(plan)),
    work,
    { stop, clock: commandClock, isStrained },
  );
}

/**
 * Finds plans that are out of date, because their zone now needs a step that the plan does not have.
 * @returns for each such plan a new one
 * @throws {NoAgent} the agent has stopped
 */
export function planAgain(
  socket: string,
  plans: readonly CentralPlan[],
  stop: AbortSignal,
): AsyncGenerator<Worked<CentralPlan, CentralPlan | null>> {
  const work = async (plan: CentralPlan): Promise<CentralPlan | null> => {
    const { zone, direction, removes, only, central } = plan;
    const request = { direction, removes, ...(only === undefined ? {} : { only }) };
    const [now] = await ask(socket, 'plan', { zone, ...request, central }, patience);
    return now === undefined || isPartOf(now, approvalOf(plan)) ? null : now;
  };
  return paced(plans, work, { stop, clock: commandClock });
}

/**
 * Whether a result shows that the central is overloaded: a step that is usually done at once continues in the
 * background. A pull and the delete of a zone always continue there, so they show nothing.
 */
function isStrained({ kind }: ZoneResult, { direction, whole }: CentralPlan): boolean {
  return kind === 'under-way' && direction === 'push' && whole !== 'delete';
}

/**
 * Waits some time for the end of an operation that continues in the background. Null: it has not ended yet.
 */
async function endOf(socket: string, id: string, central: number): Promise<ZoneResult | null> {
  for (let waited = 0; waited < endWait; waited += lookEvery) {
    const [entry] = await ask(socket, 'operation', { prefix: id, central });
    if (entry !== undefined && 'state' in entry && isFinal(entry.state)) return resultOf(entry);
    await sleep(lookEvery);
  }
  return null;
}

/** Turns an operation that has ended in the background into the result of its plan. */
export function resultOf(operation: ReportedOperation): ZoneResult {
  const { id, kind, outcome, problems } = operation;
  const items = kind === 'records' ? operation.items : [];
  const refused = items.flatMap(({ remove, add, note }) => {
    const record = add ?? remove;
    return note === null || record === null ? [] : [{ record, code: note }];
  });
  const isDone = outcome === 'both-sides' || (outcome === 'partly' && refused.length > 0);
  return isDone ? { kind: 'done', refused, operation: id } : { kind: 'refused', problems };
}
