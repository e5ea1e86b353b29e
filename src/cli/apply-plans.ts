import type { CentralPlan } from '../app/control/protocol.ts';
import { isEmptyPlan, type Consent } from '../core/zone-plan.ts';
import { applyAll } from '../app/plan/work.ts';
import { exitStatus, print } from './output.ts';
import { interrupted } from './plan-options.ts';
import { appliedText, appliedTotals, appliedTotalsText, isAllDone, type Applied } from './texts/applied.ts';
import { WorkProgress } from './work-progress.ts';

/**
 * Applies plans and tells what became of each zone. Sets the exit status.
 * @param json whether all is printed as JSON, at the end
 */
export async function applyPlans(
  socket: string,
  plans: readonly CentralPlan[],
  consent: Consent,
  json: boolean,
): Promise<void> {
  const due = plans.filter((plan) => !isEmptyPlan(plan));
  // With many zones nobody waits for each; "domainsync status" shows what goes on.
  const waits = due.length <= 20;
  const progress = new WorkProgress('zones', due.length);
  const all: Applied[] = [];
  for await (const one of applyAll(socket, due, { consent, waits }, interrupted())) {
    all.push(one);
    const text = json ? null : appliedText(one);
    if (text !== null) progress.say(text);
    progress.step();
  }
  progress.end();
  const totals = appliedTotals(all);
  print(json, { totals, zones: all.map(reported) }, () => appliedTotalsText(totals));
  if (!isAllDone(totals)) process.exitCode = exitStatus.failed;
}

function reported(one: Applied): object {
  const { zone, central } = one.item;
  if (one.kind === 'worked') return { zone, central, ...one.result };
  return one.kind === 'failed'
    ? { zone, central, kind: 'failed', problems: one.problems }
    : { zone, central, kind: 'not-tried' };
}
