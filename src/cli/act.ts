import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { agentEnvironment } from '../hook/agent-environment.ts';
import { endPause, pause } from '../app/pause.ts';
import { askAgent } from './ask.ts';
import { centralOption, type Chosen } from './central-option.ts';
import { examples } from './help.ts';
import { exitStatus, localTime, print } from './output.ts';
import type { Place } from './place.ts';

/** Commands that make the agent do something, or stop it from doing so. */
export function actCommands(place: () => Place): Command[] {
  return [compare(place), pauseCommand(place), resume(place), agent(place)];
}

function compare(place: () => Place): Command {
  return new Command('compare')
    .argument('[zone]', 'only this zone')
    .description('compare one zone, or all, soon and in the background')
    .option('--follow', 'remove at the central what the panel has no longer in this zone, however much it is')
    .addOption(centralOption())
    .addHelpText('after', examples.compare)
    .action(async (zone: string | undefined, options: Chosen & { follow?: boolean }, command: Command) => {
      const { paths, json } = place();
      const { central = null } = options;
      const follow = options.follow === true;
      if (follow && zone === undefined) command.error('error: --follow needs the name of one zone.');
      await askAgent(paths.socket, { do: 'compare', zone: zone ?? null, follow, central });
      print(json, { ok: true }, () => 'The comparison is on its way; see "domainsync status".');
    });
}

function pauseCommand(place: () => Place): Command {
  return new Command('pause')
    .description('let edits pass in the panel only, whatever state domainsync is in')
    .option('--for <time>', 'end by itself, e.g. 30m or 2h', duration)
    .addHelpText('after', examples.pause)
    .action((options: { for?: number }) => {
      const { paths, json } = place();
      const until = options.for === undefined ? Infinity : Date.now() + options.for;
      pause(paths.pause, until);
      const end = until === Infinity ? '"domainsync resume"' : localTime(until);
      print(
        json,
        { paused: true, until: until === Infinity ? null : until },
        () => `Paused: edits pass in the panel only, until ${end}. What they change is sent afterwards.`,
      );
    });
}

function resume(place: () => Place): Command {
  return new Command('resume')
    .description('end a pause; the agent then compares everything')
    .addHelpText('after', examples.resume)
    .action(() => {
      const { paths, json } = place();
      const was = endPause(paths.pause);
      print(json, { wasPaused: was }, () =>
        was ? 'Resumed; everything will be compared within seconds.' : 'It was not paused.',
      );
    });
}

function agent(place: () => Place): Command {
  return new Command('agent')
    .description('run the agent in the foreground, as a service does; ends at once when one runs already')
    .addHelpText('after', examples.agent)
    .action(async () => {
      const { paths } = place();
      const program = join(dirname(process.argv[1] ?? ''), 'agent.cjs');
      const args = [program, '--root', paths.root, '--socket', paths.socket];
      const child = spawn(process.execPath, args, { stdio: 'inherit', env: agentEnvironment });
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));
      process.exitCode = await new Promise<number>((resolve, reject) => {
        child.on('error', reject);
        child.on('exit', (status) => resolve(status ?? exitStatus.failed));
      });
    });
}

function duration(text: string): number {
  const parts = /^(\d{1,5})(s|m|h|d)$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('a time such as 30m or 2h is wanted.');
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[parts[2] ?? ''] ?? 0;
  return Number(parts[1]) * unit;
}
