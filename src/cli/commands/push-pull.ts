import { Command } from 'commander';
import { centralsToWrite } from '../../app/plan/work.ts';
import { isEmptyPlan, type PlanRequest } from '../../core/zone-plan.ts';
import type { CentralPlan } from '../../app/control/protocol.ts';
import { applyPlans } from '../apply-plans.ts';
import { addConsentOptions, askedConsent, checkLimits, consentOf, type ConsentOptions } from '../consent.ts';
import { addPlanOptions, plansOf, sayNotPlanned, type PlanOptions } from '../plan-options.ts';
import { exitStatus, print, say } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';
import { planText, totalsOf, totalsText } from '../texts/plan.ts';

const pushExamples = `
Examples:
  domainsync push --all                    every zone of the panel; what is there already is left as it is
  domainsync push example.org --delete     the central's zone becomes what the panel's is
  domainsync push www.example.org --type A
  domainsync push example.org --delete --force-once "ticket 4711: moved to a new web server"

Shows the plan, asks on a terminal, and does exactly that. A zone that somebody changes meanwhile is passed over.
Interrupted or killed, the same command goes on with what is left.
Exit status: 0 done, or nothing to do; 1 something was refused, passed over or failed.
`;

const pullExamples = `
Examples:
  domainsync pull example.org              the panel gets what only the central has
  domainsync pull example.org --delete     the panel's zone becomes what the central's is
  domainsync pull www.example.org --type A

Shows the plan, asks on a terminal, and does exactly that. Zones are never made in the panel: their owner does that.
Exit status: 0 done, or nothing to do; 1 something was refused, passed over or failed.
`;

type Options = PlanOptions & ConsentOptions;

/**
 * Most zones that are shown one by one before the operator is asked. With more zones, only the totals are
 * shown.
 */
const mostShown = 20;

export function pushCommand(globals: () => GlobalOptions): Command {
  return bulkCommand('push', globals)
    .description('bring the central to what the panel has: zones and records that it lacks')
    .addHelpText('after', pushExamples);
}

export function pullCommand(globals: () => GlobalOptions): Command {
  return bulkCommand('pull', globals)
    .description('bring the panel to what the central has: records that it lacks')
    .addHelpText('after', pullExamples);
}

function bulkCommand(direction: PlanRequest['direction'], globals: () => GlobalOptions): Command {
  return addConsentOptions(addPlanOptions(new Command(direction)), 'do not ask').action(
    async (names: string[], options: Options, self: Command) => {
      await planAndApply(globals(), { names, direction }, options, self);
    },
  );
}

/**
 * Plans what an operator named, asks him, and applies the plans. Sets the exit status.
 * @param self the command, which reports wrong usage
 * @throws {CommandFailed} nothing was changed
 */
export async function planAndApply(
  { paths, json }: GlobalOptions,
  { names, direction }: { readonly names: readonly string[]; readonly direction: PlanRequest['direction'] },
  options: Options,
  self: Command,
): Promise<void> {
  const several = (await centralsToWrite(paths)).length > 1;
  const planned = await plansOf(paths.socket, names, options, direction, self);
  const { plans } = planned;
  if (!json) showPlans(plans, several);
  if (plans.every(isEmptyPlan))
    print(json, { totals: totalsOf(plans), plans }, () => totalsText(totalsOf(plans)));
  else {
    checkLimits(plans, consentOf(options));
    const consent = await askedConsent(plans, options);
    if (consent === null) print(json, { applied: false }, () => 'Nothing was changed.');
    else await applyPlans(paths.socket, plans, consent, json);
  }
  if (sayNotPlanned(planned)) process.exitCode = exitStatus.failed;
}

function showPlans(plans: readonly CentralPlan[], several: boolean): void {
  const zones = plans.flatMap((plan) => planText(plan, several) ?? []);
  for (const zone of zones.slice(0, mostShown)) say(zone);
  const more = zones.length - mostShown;
  if (more > 0) say(`... and ${more} more; "domainsync plan" shows them all.`);
  if (!plans.every(isEmptyPlan)) say(totalsText(totalsOf(plans)));
}
