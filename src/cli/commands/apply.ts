import { Command } from 'commander';
import { CommandFailed } from '../../app/command-failed.ts';
import { readPlanFile } from '../../app/plan/plan-file.ts';
import { centralsToWrite, planAgain } from '../../app/plan/work.ts';
import type { CentralPlan } from '../../app/control/protocol.ts';
import { inWords } from '../../app/problems.ts';
import { displayName } from '../../dns/name.ts';
import { applyPlans } from '../apply-plans.ts';
import { interrupted } from '../plan-options.ts';
import { addConsentOptions, askedConsent, checkLimits, consentOf, type ConsentOptions } from '../consent.ts';
import { complain, print, say } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';
import { planText, totalsOf, totalsText } from '../texts/plan.ts';
import { WorkProgress } from '../work-progress.ts';

const examples = `
Examples:
  domainsync plan --all --out first.plan
  domainsync apply first.plan

Compares the zones of the plan again. If one of them needs another step now, says so and changes nothing. Steps that
are done already are left out, so that a killed "apply" is begun again with the same file.
Exit status: 0 done; 1 not, or not all: the plan is no longer right, something was refused or failed.
`;

export function applyCommand(globals: () => GlobalOptions): Command {
  return addConsentOptions(new Command('apply'), 'do not ask on a terminal')
    .argument('<file>', 'a plan that "domainsync plan --out" wrote here')
    .description('do exactly what a plan says')
    .addHelpText('after', examples)
    .action(async (file: string, options: ConsentOptions) => {
      const { paths, json } = globals();
      const centrals = await centralsToWrite(paths);
      const plans = await readPlanFile(file, { root: paths.root, centrals }, Date.now());
      checkLimits(plans, consentOf(options));
      await checkAgain(paths.socket, plans, centrals.length > 1);
      if (!json) say(totalsText(totalsOf(plans)));
      const asks = process.stdin.isTTY && !json;
      const consent = await askedConsent(plans, asks ? options : { ...options, yes: true });
      if (consent === null) print(json, { applied: false }, () => 'Nothing was changed.');
      else await applyPlans(paths.socket, plans, consent, json);
    });
}

/** Compares all zones of the plans again. @throws {CommandFailed} a plan no longer holds */
async function checkAgain(socket: string, plans: readonly CentralPlan[], several: boolean): Promise<void> {
  const progress = new WorkProgress('zones compared', plans.length);
  let wrong = 0;
  for await (const one of planAgain(socket, plans, interrupted())) {
    progress.step();
    if (one.kind === 'worked' && one.result === null) continue;
    wrong += 1;
    progress.end();
    const name = displayName(one.item.zone);
    if (one.kind === 'failed') complain(`${name}: ${inWords(one.problems)}`);
    else if (one.kind === 'worked' && one.result !== null)
      complain(`Changed since the plan was made; now it would be:\n${planText(one.result, several) ?? name}`);
  }
  progress.end();
  if (wrong > 0)
    throw new CommandFailed(
      'The plan is no longer right. Nothing was changed. Make a new one with "domainsync plan".',
    );
}
