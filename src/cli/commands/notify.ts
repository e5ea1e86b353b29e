import { Command } from 'commander';
import { describeProblem } from '../../core/describe.ts';
import { ask, NoAgent } from '../../app/control/client.ts';
import type { NotifyTest } from '../../app/control/protocol.ts';
import { CommandFailed } from '../../app/command-failed.ts';
import { senderAt } from '../../app/notify/notice.ts';
import { tryChannels, type TriedChannel } from '../../app/notify/try-channels.ts';
import type { Paths } from '../../app/paths.ts';
import { inWords } from '../../app/problems.ts';
import { loadSettings } from '../../config/settings.ts';
import { coloured, exitStatus, print } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';

const examples = `
Examples:
  domainsync notify --test

The agent sends it, as it sends every notification; without an agent this command does.
Exit status: 0 everything was delivered, 1 something was not, or the settings name nobody ([notify] webhook, mail_to).
`;

export function notifyCommand(globals: () => GlobalOptions): Command {
  return new Command('notify')
    .description('send a test notification to everybody that the settings name')
    .requiredOption('--test', 'send it')
    .addHelpText('after', examples)
    .action(async () => {
      const { paths, json } = globals();
      const { by, isService, tried } = await test(paths);
      if (tried.length === 0) throw new CommandFailed(inWords([{ code: 'notify.nothing-set', params: {} }]));
      if (tried.some(({ problem }) => problem !== null)) process.exitCode = exitStatus.failed;
      print(json, { by, isService, tried }, () =>
        [`sent by    the ${by}${isService ? ', as a service of systemd' : ''}`, ...tried.map(line)].join(
          '\n',
        ),
      );
    });
}

async function test(paths: Paths): Promise<NotifyTest & { readonly by: 'agent' | 'command' }> {
  try {
    return { by: 'agent', ...(await ask(paths.socket, 'notify-test', {})) };
  } catch (error) {
    if (!(error instanceof NoAgent)) throw error;
    const loaded = loadSettings(paths.root);
    if (loaded.kind === 'broken') throw new CommandFailed(inWords(loaded.problems));
    const tried =
      loaded.kind === 'configured'
        ? await tryChannels(loaded.settings.notify, senderAt(paths.root), false)
        : [];
    return { by: 'command', isService: false, tried };
  }
}

function line({ channel, target, ms, problem }: TriedChannel): string {
  const head = `${channel.padEnd(10)} ${target}: `;
  if (problem === null) return `${head}${coloured('delivered', 'good')}, in ${ms} ms`;
  return `${head}${coloured('not delivered', 'bad')}, after ${ms} ms\n           ${describeProblem(problem, 'en')} [${problem.code}]`;
}
