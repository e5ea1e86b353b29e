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

/** How long (milliseconds) the agent may take for one zone: both sides may be slow, and edits go first. */
const patience = 300_000;
/** How long to wait until the background has ended an operation, and how often to look, milliseconds. */
const endWait = 60_000;
const lookEvery = 500;
/** How long an agent may take to start, milliseconds. */
const startWait = 15_000;

/** The agent to ask, and the central that the operator chose; null: all. */
export interface PlanAgent {
  readonly socket: string;
  readonly central: number | null;
}

/**
 * The centrals that the settings in force name. If no agent runs, starts one.
 * @throws {CommandFailed} the agent does not start, or nothing is configured
 */
export async function centralsInForce(paths: Paths): Promise<readonly PlannedCentral[]> {
  return centralsIn(await statusOfRunning(paths));
}

/**
 * Like {@link centralsInForce}, for a command that writes.
 * @throws {CommandFailed} also if domainsync only observes
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

/** The state of the panel, from the agent. If none runs, starts one. @throws {CommandFailed} it does not */
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

/** Plans zones, each at its centrals, in no certain order. @throws {NoAgent} the agent has stopped */
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
 * Applies plans, in no certain order.
 * @param consent who asks for it, and what he allows beyond the plans
 *   `waits`: whether to wait a while for operations that the background carries out
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
 * Finds plans that no longer hold: their zone now needs a step that they lack.
 * @returns for each of them the plan as it would be now
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
 * Whether a result shows that the central is overloaded: what is usually done at once goes on in the
 * background. A pull and the delete of a zone always do.
 */
function isStrained({ kind }: ZoneResult, { direction, whole }: CentralPlan): boolean {
  return kind === 'under-way' && direction === 'push' && whole !== 'delete';
}

/** Waits a while until the background has ended an operation. Null: it has not ended. */
async function endOf(socket: string, id: string, central: number): Promise<ZoneResult | null> {
  for (let waited = 0; waited < endWait; waited += lookEvery) {
    const [entry] = await ask(socket, 'operation', { prefix: id, central });
    if (entry !== undefined && 'state' in entry && isFinal(entry.state)) return resultOf(entry);
    await sleep(lookEvery);
  }
  return null;
}

/** How an operation ended that the background carried out. */
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
