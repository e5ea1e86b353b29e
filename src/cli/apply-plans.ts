import type { CentralPlan } from '../app/control/protocol.ts';
import { isEmptyPlan, type Consent } from '../core/zone-plan.ts';
import { AskFailed } from '../app/control/client.ts';
import { applyAll } from '../app/plan/work.ts';
import { complain, exitStatus, print } from './output.ts';
import { interrupted } from './plan-options.ts';
import { appliedText, appliedTotals, appliedTotalsText, isAllDone, type Applied } from './texts/applied.ts';
import { WorkProgress } from './work-progress.ts';

/**
 * Applies plans and prints how each of them ended. Sets the exit status.
 * @param json whether everything is printed as JSON at the end
 */
export async function applyPlans(
  socket: string,
  plans: readonly CentralPlan[],
  consent: Consent,
  json: boolean,
): Promise<void> {
  const due = plans.filter((plan) => !isEmptyPlan(plan));
  // With many zones, the command does not wait for each to end; "domainsync status" shows the operations that
  // continue.
  const waits = due.length <= 20;
  const progress = new WorkProgress('zones', due.length);
  const all: Applied[] = [];
  let lost: AskFailed | null = null;
  try {
    for await (const one of applyAll(socket, due, { consent, waits }, interrupted())) {
      all.push(one);
      const text = json ? null : appliedText(one);
      if (text !== null) progress.say(text);
      progress.step();
    }
  } catch (error) {
    // The agent has stopped. What was done before is still printed.
    if (!(error instanceof AskFailed)) throw error;
    lost = error;
  }
  progress.end();
  if (lost !== null) complain(lost.message);
  const told = new Set(all.map(({ item }) => item));
  const unknown = due.filter((plan) => !told.has(plan));
  const totals = { ...appliedTotals(all), unknown: unknown.length };
  const zones = [
    ...all.map(reported),
    ...unknown.map(({ zone, central }) => ({ zone, central, kind: 'unknown' })),
  ];
  print(json, { totals, zones }, () => appliedTotalsText(totals));
  if (!isAllDone(totals)) process.exitCode = exitStatus.failed;
}

function reported(one: Applied): object {
  const { zone, central } = one.item;
  if (one.kind === 'worked') return { zone, central, ...one.result };
  return one.kind === 'failed'
    ? { zone, central, kind: 'failed', problems: one.problems }
    : { zone, central, kind: 'not-tried' };
}
