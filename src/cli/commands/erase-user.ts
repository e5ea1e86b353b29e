import { Command } from 'commander';
import { ask } from '../../app/control/client.ts';
import { counted } from '../../core/describe.ts';
import type { GlobalOptions } from '../global-options.ts';
import { print } from '../output.ts';

const examples = `
Examples:
  domainsync erase-user alice

The edits stay in the history without the account and its addresses. The log names accounts too; its rotation
deletes them. How long accounts are kept in general: [history] person in the settings.
Exit status: 0 erased, 1 no agent answers.
`;

export function eraseUserCommand(globals: () => GlobalOptions): Command {
  return new Command('erase-user')
    .argument('<account>', 'name of the account in the panel')
    .description('remove an account of the panel, and its addresses, from the history')
    .addHelpText('after', examples)
    .action(async (user: string) => {
      const { paths, json } = globals();
      const { erased, underWay } = await ask(paths.socket, 'erase-user', { user });
      const left =
        underWay === 0
          ? ''
          : ` ${counted(underWay, 'edit')} under way or on watch still named it: run this again later.`;
      print(
        json,
        { erased, underWay },
        () => `Erased from ${erased === 1 ? '1 entry' : `${erased} entries`}.${left}`,
      );
    });
}
