import { Command } from 'commander';
import { askOrRead } from '../../app/answers/ask-or-read.ts';
import { centralOption, type Chosen } from '../central-option.ts';
import { print } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';
import { CommandFailed } from '../../app/command-failed.ts';
import { entryText } from '../texts/operation.ts';

const examples = `
Examples:
  domainsync show 0m4x2k9qz-0011a2b
  domainsync show 0m4x2k9qz          the beginning is enough when it is unique

Ids stand in "domainsync history", "domainsync status" and in the log.
Needs no running agent. Exit status: 0 shown, 1 no such operation.
`;

export function showCommand(globals: () => GlobalOptions): Command {
  return new Command('show')
    .argument('<operation>', 'its id, or as much of its beginning as is unique')
    .description(
      'all about one edit: what it wanted, what it did, why it ended so; of a deleted zone its records',
    )
    .addOption(centralOption())
    .addHelpText('after', examples)
    .action(async (prefix: string, { central = null }: Chosen) => {
      const { paths, json } = globals();
      const found = await askOrRead(paths, 'operation', { prefix, central });
      const [only, ...others] = found.filter(({ id }) => id === prefix).concat(found);
      if (only === undefined) {
        throw new CommandFailed(`No operation begins with "${prefix}"; "domainsync history" lists them.`);
      }
      if (only.id !== prefix && others.length > 0) {
        const ids = found.slice(0, 5).map(({ id }) => id);
        const more = found.length > 5 ? ' and others' : '';
        throw new CommandFailed(
          `${found.length} operations begin with "${prefix}": ${ids.join(' ')}${more}. Give more of the id.`,
        );
      }
      print(json, only, () => entryText(only));
    });
}
