import { Command } from 'commander';
import { historyEntries, type WantedHistory } from '../../app/answers/history-entries.ts';
import type { Paths } from '../../app/paths.ts';
import { centralOption, type Chosen } from '../central-option.ts';
import type { GlobalOptions } from '../global-options.ts';
import { filterOf, historyOptions, type HistoryOptions } from '../history-options.ts';
import { say, sayJson, sayJsonList } from '../output.ts';
import { historyText } from '../texts/history.ts';

const examples = `
Examples:
  domainsync history
  domainsync history --zone example.org --since 30d
  domainsync history --user alice --outcome refused --latest 500
  domainsync history --jsonl --since 2026-11-01 --latest 1000000 > november.jsonl
  domainsync --json history --latest 1000 | jq '.[] | select(.outcome == "panel-only")'

Outcomes: both-sides, panel-only, partly, refused, undone, stuck, under-way ("domainsync show ID" explains; docs/operations.md).
Needs no running agent. Exit status: 0 shown, 1 not.
`;

export function historyCommand(globals: () => GlobalOptions): Command {
  const command = new Command('history')
    .description('the newest edits: when, how they ended, who, what')
    .option('--jsonl', 'JSON lines for programs: one entry a line');
  for (const option of historyOptions()) command.addOption(option);
  return command
    .addOption(centralOption())
    .addHelpText('after', examples)
    .action(async (options: HistoryOptions & Chosen & { readonly jsonl?: true }) => {
      const { paths, json } = globals();
      const { latest, central = null } = options;
      const wanted = { filter: filterOf(options), latest, central };
      if (options.jsonl === true) await printLines(paths, wanted);
      else if (json) await sayJsonList(historyEntries(paths, wanted));
      else say(historyText(await Array.fromAsync(historyEntries(paths, wanted))));
    });
}

/** Prints each entry on its own line, as soon as its page has arrived. */
async function printLines(paths: Paths, wanted: WantedHistory): Promise<void> {
  for await (const entry of historyEntries(paths, wanted)) sayJson(entry);
}
