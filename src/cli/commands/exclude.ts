import { Command, Option } from 'commander';
import { CommandFailed } from '../../app/command-failed.ts';
import { ask } from '../../app/control/client.ts';
import type { Numbered } from '../../app/answers/per-central.ts';
import { findNamed } from '../../app/plan/named-zones.ts';
import { centralsInForce } from '../../app/plan/work.ts';
import { counted } from '../../core/describe.ts';
import type { Exclusion } from '../../core/zone-plan.ts';
import { displayName } from '../../dns/name.ts';
import { centralOption, type Chosen } from '../central-option.ts';
import type { GlobalOptions } from '../global-options.ts';
import { print } from '../output.ts';

const excludeExamples = `
Examples:
  domainsync exclude example.org              its edits stay in the panel from now on
  domainsync exclude _acme-challenge.example.org --type TXT

Changes neither side. "domainsync include" takes it back. Exit status: 0 done, 1 not.
`;

const includeExamples = `
Examples:
  domainsync include example.org
  domainsync include _acme-challenge.example.org --type TXT

Changes neither side: what both sides have is synced again, the rest is listed; "domainsync push" or "pull" brings
them together. Exit status: 0 done, 1 not.
`;

export function excludeCommand(globals: () => GlobalOptions): Command {
  return exclusionCommand(true, globals)
    .description('take a zone, or records, out of the synchronisation')
    .addHelpText('after', excludeExamples);
}

export function includeCommand(globals: () => GlobalOptions): Command {
  return exclusionCommand(false, globals)
    .description('take an excluded zone, or records, back')
    .addHelpText('after', includeExamples);
}

function exclusionCommand(excluded: boolean, globals: () => GlobalOptions): Command {
  return new Command(excluded ? 'exclude' : 'include')
    .argument('<name>', 'a zone, or the owner name of records')
    .addOption(new Option('--type <type>', 'only records of this type at the name'))
    .addOption(centralOption())
    .action(async (name: string, { type, central = null }: Chosen & { type?: string }) => {
      const { paths, json } = globals();
      await centralsInForce(paths);
      const known = await ask(paths.socket, 'zones-to-plan', { central });
      const [named] = findNamed([name], known, type?.toUpperCase() ?? null);
      if (named === undefined) throw new CommandFailed(`${name} is not known.`);
      const { zone, only = null } = named;
      const results = await ask(paths.socket, 'exclude', { zone, only, excluded, central });
      const failed = results.filter(({ kind }) => kind !== 'done');
      if (failed.length > 0) throw new CommandFailed(failed.map((one) => failedAt(one, name)).join('\n'));
      const count = results.reduce((sum, one) => sum + (one.kind === 'done' ? one.count : 0), 0);
      print(json, results, () => doneText(displayName(zone), only === null, excluded, count));
    });
}

function doneText(zone: string, isWhole: boolean, excluded: boolean, count: number): string {
  const word = excluded ? 'excluded' : 'included';
  if (count === 0) return `It was ${word} already.`;
  return isWhole ? `${zone} is ${word}.` : `${counted(count, 'record')} of ${zone} ${word}.`;
}

/**
 * Says why a request failed and, if the panel has several centrals, at which of them. At the other centrals
 * it may have succeeded.
 */
function failedAt({ kind, central }: Numbered<Exclusion>, name: string): string {
  return `${central === undefined ? '' : `central ${central}: `}${failureText(kind, name)}`;
}

function failureText(kind: Exclusion['kind'], name: string): string {
  switch (kind) {
    case 'under-way':
      return `${name} has edits that have not ended, or may still land (ten minutes at most). Nothing was changed; try again.`;
    case 'other-host':
      return `The journal is another host's. Nothing was changed; "domainsync status" tells what to do.`;
    case 'frozen':
      return `The ledger of the zone is damaged. Nothing was changed; "domainsync compare" takes a new baseline first.`;
    case 'nowhere':
    case 'done':
      return `${name} is not in the ledger, so there is nothing to exclude or include; see "domainsync zone".`;
  }
}
