import { Command } from 'commander';
import { askOrRead } from '../../app/answers/ask-or-read.ts';
import { exitStatus, print } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';
import { statusText } from '../texts/status.ts';

const examples = `
Examples:
  domainsync status
  domainsync --json status | jq .engine.stuck

Without an agent it shows what the journal holds; "live" is then null in the JSON.
Exit status: 0 all is well, 1 no agent answers, 3 something needs an administrator: the first lines say what
(in the JSON: "attention"), docs/states.md what to do.
`;

export function statusCommand(globals: () => GlobalOptions): Command {
  return new Command('status')
    .description('how the agent, the central and the operations are')
    .addHelpText('after', examples)
    .action(async () => {
      const { paths, json } = globals();
      const report = await askOrRead(paths, 'status', {});
      print(json, report, () => statusText(report));
      if (report.pid === null) process.exitCode = exitStatus.failed;
      else if (report.attention.length > 0) process.exitCode = exitStatus.attention;
    });
}
