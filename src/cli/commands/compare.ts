import { Command } from 'commander';
import { ask } from '../../app/control/client.ts';
import { isPaused } from '../../app/pause.ts';
import type { CentralPlan } from '../../app/control/protocol.ts';
import { rrsetId } from '../../dns/zone.ts';
import { centralOption, type Chosen } from '../central-option.ts';
import { addConsentOptions, type ConsentOptions } from '../consent.ts';
import { print } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';
import { planAndApply } from './push-pull.ts';

const examples = `
Examples:
  domainsync compare                 all zones
  domainsync compare example.org     after something was put right by hand

A comparison adds at the central what is new in the panel and lists the rest. It removes only what a function of the panel, or a
pause, has just taken away there, within the safety limits (docs/settings.md).
During a pause it waits for the end of the pause.
"compare ZONE --follow" is another name for "push ZONE --delete": the central's zone becomes what the panel's is. It shows the
plan and asks on a terminal. Elsewhere it needs --yes if it would do more than remove what both sides had and the panel has not.
Exit status: 0 asked for (with --follow: done), 1 no agent answers, it knows no such zone, or not all was done.
`;

/**
 * The reason that the history shows if `--follow` removes more than the safety limits allow. The operator is
 * not asked for a reason, because the option itself means such removals.
 */
const followReason = 'compare --follow';

type Options = Chosen & ConsentOptions & { readonly follow?: boolean };

export function compareCommand(globals: () => GlobalOptions): Command {
  const command = new Command('compare')
    .argument('[zone]', 'only this zone')
    .description('compare one zone, or all, soon and in the background')
    .option('--follow', 'the same as "push ZONE --delete", with these options:');
  return addConsentOptions(command, 'do not ask')
    .addOption(centralOption())
    .addHelpText('after', examples)
    .action(async (zone: string | undefined, options: Options, self: Command) => {
      const { follow = false, central = null, ...others } = options;
      if (!follow && Object.keys(others).length > 0)
        self.error('error: --yes, --force-once and --despite-dnssec need --follow.');
      if (follow && zone === undefined) self.error('error: --follow needs the name of one zone.');
      if (follow && zone !== undefined) await followZone(globals(), zone, options, self);
      else await compare(globals(), zone ?? null, central);
    });
}

async function compare(
  { paths, json }: GlobalOptions,
  zone: string | null,
  central: number | null,
): Promise<void> {
  await ask(paths.socket, 'compare', { zone, central });
  const paused = isPaused(paths.pause, Date.now());
  const when = paused ? 'comes when the pause is over' : 'is on its way';
  print(json, { ok: true, paused }, () => `The comparison ${when}; see "domainsync status".`);
}

async function followZone(
  globals: GlobalOptions,
  zone: string,
  options: Options,
  self: Command,
): Promise<void> {
  const asksNobody = (plans: readonly CentralPlan[]): boolean =>
    !process.stdin.isTTY && plans.every(isOnlyLost);
  const forced = { ...options, forceOnce: options.forceOnce ?? followReason, asksNobody };
  await planAndApply(globals, { names: [zone], direction: 'push' }, { ...forced, delete: true }, self);
}

/**
 * Whether a plan only removes records that both sides had and the panel has lost, and adds records that are
 * new in the panel. In scripts, `--follow` applies such a plan without a question.
 */
function isOnlyLost({ steps }: CentralPlan): boolean {
  const added = new Set(steps.filter(({ action }) => action === 'add').map(({ record }) => rrsetId(record)));
  return steps.every((step) =>
    step.action === 'add'
      ? step.why === 'new' || step.why === 'lost'
      : step.why === 'lost' || (step.why === 'conflict' && !added.has(rrsetId(step.record))),
  );
}
