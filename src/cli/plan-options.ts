import { createInterface } from 'node:readline/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ask } from '../app/control/client.ts';
import { CommandFailed } from '../app/command-failed.ts';
import type { CentralPlan } from '../app/control/protocol.ts';
import { inWords } from '../app/problems.ts';
import { findNamed, type NamedZone } from '../app/plan/named-zones.ts';
import { planAll } from '../app/plan/work.ts';
import type { PlanRequest } from '../core/zone-plan.ts';
import { centralOption, type Chosen } from './central-option.ts';
import { complain } from './output.ts';
import { displayName } from '../dns/name.ts';
import { WorkProgress } from './work-progress.ts';

/** Options that say which zones and records a plan includes. */
export interface PlanOptions extends Chosen {
  readonly all?: boolean;
  readonly type?: string;
  readonly delete?: boolean;
}

/** Adds the arguments and options that `plan`, `push` and `pull` have in common. */
export function addPlanOptions(command: Command): Command {
  return command
    .argument('[name...]', 'zones, or owner names of records, in Unicode or punycode')
    .option('--all', 'all zones of the panel')
    .addOption(new Option('--type <type>', 'only records of this type at the names').argParser(recordType))
    .option('--delete', 'remove what only the receiving side has')
    .addOption(centralOption());
}

function recordType(text: string): string {
  if (!/^[a-z][a-z0-9]{0,15}$/i.test(text))
    throw new InvalidArgumentError('a record type such as MX is wanted.');
  return text.toUpperCase();
}

/** The plans of the zones that an operator named, and the zones for which no plan could be made. */
export interface Planned {
  readonly plans: readonly CentralPlan[];
  readonly failed: readonly { readonly zone: NamedZone; readonly text: string }[];
  readonly notTried: number;
}

/**
 * Makes plans of the zones that an operator named. Shows the progress on standard error.
 * @throws {CommandFailed} a name is wrong, or the agent does not answer
 */
export async function plansOf(
  socket: string,
  names: readonly string[],
  options: PlanOptions,
  direction: PlanRequest['direction'],
  command: Command,
): Promise<Planned> {
  if ((names.length === 0) !== (options.all === true))
    command.error('error: name zones or records, or give --all; not both.');
  if (options.all === true && options.type !== undefined) command.error('error: --type needs names.');
  const { central = null } = options;
  const known = await ask(socket, 'zones-to-plan', { central });
  const zones = findNamed(options.all === true ? null : names, known, options.type ?? null);
  const request = { direction, removes: options.delete === true };
  const progress = new WorkProgress('zones compared', zones.length);
  const plans: CentralPlan[] = [];
  const failed: { zone: NamedZone; text: string }[] = [];
  let notTried = 0;
  for await (const one of planAll({ socket, central }, zones, request, interrupted())) {
    if (one.kind === 'worked') plans.push(...one.result);
    else if (one.kind === 'failed') failed.push({ zone: one.item, text: inWords(one.problems) });
    else notTried += 1;
    progress.step();
  }
  progress.end();
  return { plans: plans.toSorted(byZone), failed, notTried };
}

function byZone(one: CentralPlan, other: CentralPlan): number {
  return one.zone < other.zone ? -1 : one.zone > other.zone ? 1 : one.central - other.central;
}

/** Prints on standard error which zones could not be planned. @returns whether there are any */
export function sayNotPlanned({ failed, notTried }: Planned): boolean {
  for (const { zone, text } of failed) complain(`${displayName(zone.zone)}: not planned: ${text}`);
  if (notTried > 0)
    complain(`${notTried} zones were not tried, because too many failed before, or it was interrupted.`);
  return failed.length + notTried > 0;
}

let interruption: AbortSignal | null = null;

/**
 * Returns a signal that aborts when the operator presses Ctrl-C. Work that has begun is then finished. Ctrl-C
 * a second time ends the program.
 */
export function interrupted(): AbortSignal {
  if (interruption !== null) return interruption;
  const controller = new AbortController();
  interruption = controller.signal;
  process.once('SIGINT', () => {
    complain('Finishing what was begun; once more ends at once.');
    controller.abort();
  });
  return interruption;
}

/**
 * Asks the operator a question on the terminal.
 * @throws {CommandFailed} standard input or standard error is not a terminal, so nobody can be asked
 */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new CommandFailed('Nobody can be asked here. Give --yes if this is wanted; nothing was changed.');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `);
    return /^(?:y|yes)$/iu.test(answer.trim());
  } finally {
    lines.close();
  }
}
