import { Command } from 'commander';
import { askOrRead } from '../../app/answers/ask-or-read.ts';
import { writeMetrics } from '../../app/metrics/write-metrics.ts';
import { exitStatus, print } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';
import { statusText } from '../texts/status.ts';

const examples = `
Examples:
  domainsync status
  domainsync --json status | jq .engine.stuck
  domainsync status --prometheus /var/lib/prometheus/node-exporter/domainsync.prom

Without an agent it shows what the journal holds; "fromAgent" is then null in the JSON.
Exit status: 0 all is well, 1 no agent answers, 3 something needs an administrator: the first lines say what
(in the JSON: "attention"), docs/states.md what to do.
With --prometheus: 0 the file is written, whatever it says; 1 not. docs/monitoring.md describes the metrics.
`;

export function statusCommand(globals: () => GlobalOptions): Command {
  return new Command('status')
    .description('how the agent, the central and the operations are')
    .option('--prometheus <file>', "only write metrics for node_exporter's textfile collector, NAME.prom")
    .addHelpText('after', examples)
    .action(async ({ prometheus }: { prometheus?: string }) => {
      const { paths, json } = globals();
      if (prometheus !== undefined) {
        await writeMetrics(paths, prometheus);
        return;
      }
      const report = await askOrRead(paths, 'status', {});
      print(json, report, () => statusText(report));
      if (report.pid === null) process.exitCode = exitStatus.failed;
      else if (report.attention.length > 0) process.exitCode = exitStatus.attention;
    });
}
