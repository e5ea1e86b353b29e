import { InvalidArgumentError, Option, type Command } from 'commander';
import { CommandFailed } from '../app/command-failed.ts';
import { isReason, mostReason } from '../app/control/plan-data.ts';
import type { CentralPlan } from '../app/control/protocol.ts';
import { operatorName } from '../app/plan/operator.ts';
import { counted } from '../core/describe.ts';
import type { Consent } from '../core/zone-plan.ts';
import { displayName } from '../dns/name.ts';
import { confirmed } from './plan-options.ts';

/** Options by which an operator allows things that applying a plan does not include by itself. */
export interface ConsentOptions {
  readonly yes?: boolean;
  readonly forceOnce?: string;
  readonly despiteDnssec?: boolean;
  /**
   * Whether these plans are applied without asking the operator. Absent: he is asked about all plans, unless
   * he gives `--yes`.
   */
  readonly asksNobody?: (plans: readonly CentralPlan[]) => boolean;
}

/** Adds the options of {@link ConsentOptions}. @param yes what `--yes` means for the command */
export function addConsentOptions(command: Command, yes: string): Command {
  return command
    .option('--yes', yes)
    .addOption(forceOption('the history'))
    .option(
      '--despite-dnssec',
      'delete signed zones, and create zones in signed ones that do not delegate them',
    );
}

/**
 * Makes the option `--force-once`.
 * @param where where its reason is kept, for the help text, such as `the history`
 */
export function forceOption(where: string): Option {
  return new Option(
    '--force-once <reason>',
    `remove more than the safety limits allow, this once; the reason goes into ${where}`,
  ).argParser(reasonIn);
}

function reasonIn(text: string): string {
  if (isReason(text)) return text;
  throw new InvalidArgumentError(
    `a reason of one line with at most ${mostReason} characters is wanted, such as "ticket 4711".`,
  );
}

/** What the operator allows by the given options. */
export function consentOf({ forceOnce, despiteDnssec }: ConsentOptions): Consent {
  return {
    operator: operatorName(),
    ...(forceOnce === undefined ? {} : { force: forceOnce }),
    ...(despiteDnssec === true ? { despiteDnssec } : {}),
  };
}

/** Most zones that are named in an error message or a question. */
const mostNamed = 10;

/**
 * Checks whether the plans of all zones together stay within the safety limits.
 * @throws {CommandFailed} they remove more than the limits allow, and the operator gave no reason
 */
export function checkLimits(plans: readonly CentralPlan[], { force }: Consent): void {
  if (force !== undefined) return;
  const found = [...limitedRecords(plans), ...limitedZones(plans)];
  if (found.length === 0) return;
  const more = found.length - mostNamed;
  throw new CommandFailed(
    [
      'This is more than the safety limits allow (docs/planning.md), so nothing was changed:',
      ...found.slice(0, mostNamed).map((line) => `  ${line}`),
      ...(more > 0 ? [`  ... and ${more} more`] : []),
      'If it is wanted, give --force-once with the reason. If not: is this the right direction?',
    ].join('\n'),
  );
}

function limitedRecords(plans: readonly CentralPlan[]): string[] {
  return plans.flatMap(({ zone, limit }) =>
    limit?.kind === 'records'
      ? [`${displayName(zone)} would lose ${limit.removed} of ${counted(limit.all, 'record')}`]
      : [],
  );
}

/** Makes a line for each central at which the plans delete more zones than may be deleted within an hour. */
function limitedZones(plans: readonly CentralPlan[]): string[] {
  const byCentral = Map.groupBy(plans, ({ central }) => central);
  return [...byCentral.values()].flatMap((own) => {
    const lefts = own.flatMap(({ limit }) => (limit?.kind === 'zones' ? [limit.left] : []));
    const left = Math.min(...lefts);
    if (lefts.length <= left) return [];
    return [`${counted(lefts.length, 'zone')} would be deleted, and within this hour at most ${left} may be`];
  });
}

/**
 * Asks the operator on the terminal whether to apply the plans, and separately about signed zones.
 * @returns what the operator allows; null: nothing
 * @throws {CommandFailed} there is no terminal on which to ask
 */
export async function askedConsent(
  plans: readonly CentralPlan[],
  options: ConsentOptions,
): Promise<Consent | null> {
  const given = consentOf(options);
  if (options.yes === true || options.asksNobody?.(plans) === true) return given;
  if (!(await confirmed('Do this?'))) return null;
  const signed = plans.filter((plan) => plan.signed).map(({ zone }) => displayName(zone));
  if (signed.length === 0 || given.despiteDnssec === true) return given;
  const names = signed.slice(0, mostNamed).join(', ');
  const question = `${counted(signed.length, 'zone')} of these to delete ${signed.length === 1 ? 'is' : 'are'} signed (DNSSEC): ${names}. Are their DS records gone from the registry? Delete them too?`;
  return (await confirmed(question)) ? { ...given, despiteDnssec: true } : given;
}
