import { Command } from 'commander';
import { ask } from '../../app/control/client.ts';
import { centralOption, type Chosen } from '../central-option.ts';
import type { GlobalOptions } from '../global-options.ts';
import { print } from '../output.ts';

const examples = `
Examples:
  domainsync status                      says what happened to the journal, and what to do first
  domainsync accept-journal --yes

On a copy of another server, edits are refused until then; afterwards both sides are compared anew, and neither is changed.
Exit status: 0 accepted, or there was nothing to accept; 1 no agent answers; 2 --yes is missing.
`;

export function acceptJournalCommand(globals: () => GlobalOptions): Command {
  return new Command('accept-journal')
    .description('accept a journal of another server, or confirm that an old one was put back')
    .option('--yes', 'confirm that no other server writes the same zones')
    .addOption(centralOption())
    .addHelpText('after', examples)
    .action(async ({ yes, central = null }: Chosen & { yes?: true }, command: Command) => {
      const { paths, json } = globals();
      if (yes !== true) command.error('error: read "domainsync status", then confirm with --yes.');
      const accepted = await ask(paths.socket, 'accept-journal', { central });
      print(json, { accepted }, () =>
        accepted === 0 ? 'There is nothing to accept.' : 'Accepted; see "domainsync status".',
      );
    });
}
