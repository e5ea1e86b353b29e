import { Command } from 'commander';
import { ask } from '../../app/control/client.ts';
import { exitStatus, print } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';
import { statusText } from '../texts/status.ts';

const examples = `
Examples:
  domainsync status
  domainsync --json status | jq .engine.stuck

Exit status: 0 all is well, 1 no agent answers, 3 something needs an administrator (stuck operations, broken settings).
`;

export function statusCommand(globals: () => GlobalOptions): Command {
  return new Command('status')
    .description('how the agent, the central and the operations are')
    .addHelpText('after', examples)
    .action(async () => {
      const { paths, json } = globals();
      const report = await ask(paths.socket, 'status', {});
      print(json, report, () => statusText(report));
      const stuck = report.centrals.reduce(
        (sum, { engine }) => sum + engine.stuck.length + engine.frozen + engine.damagedOperations,
        0,
      );
      if (stuck + report.problems.length + report.pending.length > 0) {
        process.exitCode = exitStatus.attention;
      }
    });
}
