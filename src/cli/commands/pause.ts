import { Command, InvalidArgumentError } from 'commander';
import { pause } from '../../app/pause.ts';
import { localTime, print } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';

const examples = `
Examples:
  domainsync pause                   until "domainsync resume"
  domainsync pause --for 30m         ends by itself

Without this program: touch var/domainsync/pause under the panel's root, e.g. /usr/local/mgr5/var/domainsync/pause
Exit status: 0 paused.
`;

export function pauseCommand(globals: () => GlobalOptions): Command {
  return new Command('pause')
    .description('let edits pass in the panel only, whatever state domainsync is in')
    .option('--for <time>', 'end by itself, e.g. 30m or 2h', duration)
    .addHelpText('after', examples)
    .action((options: { for?: number }) => {
      const { paths, json } = globals();
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

function duration(text: string): number {
  const parts = /^(\d{1,5})(s|m|h|d)$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('a time such as 30m or 2h is wanted.');
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[parts[2] ?? ''] ?? 0;
  const time = Number(parts[1]) * unit;
  if (time === 0)
    throw new InvalidArgumentError('the pause would be over at once; a time such as 30m or 2h is wanted.');
  return time;
}
