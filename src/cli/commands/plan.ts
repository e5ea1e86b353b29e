import { Command } from 'commander';
import { writePlanFile } from '../../app/plan/plan-file.ts';
import { centralsInForce } from '../../app/plan/work.ts';
import type { CentralPlan } from '../../app/control/protocol.ts';
import { addPlanOptions, plansOf, sayNotPlanned, type PlanOptions } from '../plan-options.ts';
import { exitStatus, localTime, print, say } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';
import { planPage } from '../texts/plan-page.ts';
import { planText, totalsOf, totalsText } from '../texts/plan.ts';

const examples = `
Examples:
  domainsync plan --all                       what sending the panel's zones to the central would add there
  domainsync plan example.org --delete        ... and remove there
  domainsync plan example.org --pull          the other way: what the panel would get
  domainsync plan www.example.org --type A    only some records
  domainsync plan --all --out first.plan      to look at, and to apply with "domainsync apply first.plan"
  domainsync plan --all --html > plan.html    one page for a browser

Reads both sides in full and changes neither.
Exit status: 0 planned, 1 some zones could not be planned, or no agent answers.
`;

type Options = PlanOptions & { readonly pull?: boolean; readonly html?: boolean; readonly out?: string };

export function planCommand(globals: () => GlobalOptions): Command {
  const command = new Command('plan').description(
    'show what would make one side what the other is, and change nothing',
  );
  return addPlanOptions(command)
    .option('--pull', 'bring the panel to what the central has, instead of the reverse')
    .option('--html', 'print a page for a browser')
    .option('--out <file>', 'write the plan into a new file, for "domainsync apply"')
    .addHelpText('after', examples)
    .action(async (names: string[], options: Options, self: Command) => {
      const { paths, json } = globals();
      const centrals = await centralsInForce(paths);
      const direction = options.pull === true ? 'pull' : 'push';
      const planned = await plansOf(paths.socket, names, options, direction, self);
      const { plans } = planned;
      const several = centrals.length > 1;
      if (options.out !== undefined)
        await writePlanFile(options.out, { root: paths.root, centrals }, each(plans));
      if (options.html === true) say(planPage(plans, several, `Made on ${localTime(Date.now())}`));
      else print(json, { totals: totalsOf(plans), plans }, () => text(plans, several, options.out));
      if (sayNotPlanned(planned)) process.exitCode = exitStatus.failed;
    });
}

async function* each(plans: readonly CentralPlan[]): AsyncGenerator<CentralPlan> {
  yield* plans;
}

function text(plans: readonly CentralPlan[], several: boolean, out: string | undefined): string {
  const zones = plans.flatMap((plan) => planText(plan, several) ?? []);
  const written = out === undefined ? [] : [`Written to ${out}; "domainsync apply ${out}" does it.`];
  return [...(out === undefined ? zones : []), totalsText(totalsOf(plans)), ...written].join('\n');
}
