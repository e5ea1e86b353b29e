import { spawn } from 'node:child_process';
import { Command } from 'commander';
import { agentEnvironment } from '../../app/control/agent-environment.ts';
import { agentProgram } from '../../app/control/start-agent.ts';
import { exitStatus } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';

const examples = `
Examples:
  domainsync agent                   until it is ended by a signal

Usually the system's service or the first edit starts it.
Exit status: 0 ended, or one runs already, 1 it could not start (the log says why).
`;

export function agentCommand(globals: () => GlobalOptions): Command {
  return new Command('agent')
    .description('run the agent in the foreground, as a service does; ends at once when one runs already')
    .addHelpText('after', examples)
    .action(async () => {
      const { paths } = globals();
      const options = { stdio: 'inherit', env: agentEnvironment } as const;
      const child = spawn(process.execPath, agentProgram(paths), options);
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));
      process.exitCode = await new Promise<number>((resolve, reject) => {
        child.on('error', reject);
        child.on('exit', (status) => resolve(status ?? exitStatus.failed));
      });
    });
}
