import { Command } from 'commander';
import { askOrRead } from '../../app/answers/ask-or-read.ts';
import { centralOption, wholeNumber, type Chosen } from '../central-option.ts';
import { print } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';
import { historyText } from '../texts/history.ts';

const examples = `
Examples:
  domainsync history
  domainsync history --latest 500
  domainsync --json history --latest 1000 | jq '.[] | select(.outcome == "refused")'

Outcomes: done on both sides; in the panel only; done in part; refused; undone; stuck; under way ("domainsync show ID" explains).
Needs no running agent. Exit status: 0 shown, 1 not.
`;

export function historyCommand(globals: () => GlobalOptions): Command {
  return new Command('history')
    .description('the newest operations: when, what became of it, who, what')
    .option('--latest <n>', 'how many', wholeNumber, 20)
    .addOption(centralOption())
    .addHelpText('after', examples)
    .action(async ({ latest, central = null }: Chosen & { latest: number }) => {
      const { paths, json } = globals();
      const operations = await askOrRead(paths, 'history', { latest, central });
      print(json, operations, () => historyText(operations));
    });
}
