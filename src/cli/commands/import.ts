import { Command } from 'commander';
import { ask } from '../../app/control/client.ts';
import type { Paths } from '../../app/paths.ts';
import { operatorName } from '../../app/plan/operator.ts';
import { statusOfRunning } from '../../app/plan/work.ts';
import { wirePanel, wirePanelHand } from '../../app/wiring/wire.ts';
import { importStepId, type ImportPlan, type ImportStep } from '../../app/zone-files/import-rule.ts';
import {
  applyImport,
  checkImport,
  plannedImport,
  readZoneFile,
  type ImportedStep,
  type ReadZone,
} from '../../app/zone-files/import.ts';
import { counted, describeInFull } from '../../core/describe.ts';
import { displayName, zoneName, type DnsName } from '../../dns/name.ts';
import { formatRecord } from '../../dns/record.ts';
import type { GlobalOptions } from '../global-options.ts';
import { coloured, exitStatus, print, say } from '../output.ts';
import { forceOption } from '../consent.ts';
import { confirmed, interrupted } from '../plan-options.ts';
import { WorkProgress } from '../work-progress.ts';

const examples = `
Examples:
  domainsync import example.org.zone
  domainsync import example.org.zone --delete     the panel's zone becomes what the file has
  domainsync import db.example --zone example.org
  domainsync import example.org.zone --delete --force-once "ticket 4711: moved to a new web server"

Shows what it would do, asks on a terminal, and edits the zone in the panel as an administrator does there: each edit of
a synced zone is at the central as well, or refused. SOA and signatures, and NS of the zone's own name, are left to the central. All
mistakes of the file are shown at once, each with line and column; then nothing is changed.
Exit status: 0 done, or nothing to do; 1 not, or not all.
`;

interface Options {
  readonly zone?: string;
  readonly delete?: boolean;
  readonly yes?: boolean;
  readonly forceOnce?: string;
}

export function importCommand(globals: () => GlobalOptions): Command {
  return new Command('import')
    .argument('<file>', 'a zone file')
    .description("bring the panel's zone to what a zone file has")
    .option('--zone <zone>', 'the zone, if the file does not name it')
    .option('--delete', 'remove what the file does not have')
    .option('--yes', 'do not ask')
    .addOption(forceOption('the log'))
    .addHelpText('after', examples)
    .action(async (path: string, options: Options) => await importFile(globals(), path, options));
}

async function importFile({ paths, json }: GlobalOptions, path: string, options: Options): Promise<void> {
  const removes = options.delete === true;
  const file = readZoneFile(path, options.zone === undefined ? null : zoneName(options.zone));
  const panel = await wirePanel(paths.root);
  const plan = await plannedImport(panel, file, removes);
  if (!json) say(importText(plan));
  const isBeyond = checkImport(paths.root, plan, options.forceOnce !== undefined);
  if (plan.steps.length === 0) print(json, { plan, applied: [] }, () => 'Nothing to do.');
  else if (options.yes !== true && !(await confirmed('Do this?')))
    print(json, { plan, applied: false }, () => 'Nothing was changed.');
  else {
    if (isBeyond) await noteForced(paths, file.zone, options);
    const hand = await wirePanelHand(paths.root);
    const sides = { panel, hand };
    await carryOut(applyImport(sides, file, plan, { removes, stop: interrupted() }), { file, plan, json });
  }
}

/**
 * Makes the agent log who forces the import.
 * @throws {CommandFailed} the agent cannot, and nothing was changed
 */
async function noteForced(paths: Paths, zone: DnsName, { forceOnce: force = '' }: Options): Promise<void> {
  await statusOfRunning(paths);
  await ask(paths.socket, 'forced-import', { zone, operator: operatorName(), force });
}

async function carryOut(
  steps: AsyncGenerator<ImportedStep>,
  { file, plan, json }: { readonly file: ReadZone; readonly plan: ImportPlan; readonly json: boolean },
): Promise<void> {
  const progress = new WorkProgress('edits', plan.steps.length);
  const all: ImportedStep[] = [];
  for await (const one of steps) {
    all.push(one);
    if (one.problem !== null && !json)
      progress.say(
        `${stepText(one.step)}\n  ${coloured('refused', 'bad')}: ${describeInFull(one.problem, 'en')}`,
      );
    progress.step();
  }
  progress.end();
  const refused = all.filter(({ problem }) => problem !== null).length;
  const left = plan.steps.length - all.length;
  const applied = all.map(({ step, problem }) => ({ step: importStepId(step), problem }));
  print(json, { plan, applied }, () => {
    const rest = [
      ...(refused === 0 ? [] : [`${refused} refused`]),
      ...(left === 0 ? [] : [`${left} not tried`]),
    ];
    return `${[`${displayName(file.zone)}: ${counted(all.length - refused, 'edit')} done`, ...rest].join(', ')}.`;
  });
  if (refused + left > 0) process.exitCode = exitStatus.failed;
}

/** Writes the plan of an import as text, coloured like a diff. */
function importText({ zone, steps, left, ignored }: ImportPlan): string {
  return [
    `${displayName(zone)}: ${steps.length === 0 ? 'nothing to do' : 'changed in the panel; a synced zone follows at the central'}`,
    ...steps.map(stepText),
    ...left.map(
      ({ record, at }) =>
        `  ${coloured('!', 'care')} ${formatRecord(record)}  ${coloured(`(${at}) stays as it is: only --delete removes or replaces`, 'quiet')}`,
    ),
    ...(ignored === 0
      ? []
      : [`  ${counted(ignored, 'record')} of the file left out: SOA, NS of the zone, signatures`]),
  ].join('\n');
}

function stepText({ remove, add }: ImportStep): string {
  return [
    ...(remove === null ? [] : [coloured(`  - ${formatRecord(remove)}`, 'bad')]),
    ...(add === null ? [] : [coloured(`  + ${formatRecord(add)}`, 'good')]),
  ].join('\n');
}
