import { Command } from 'commander';
import { endPause } from '../../app/pause.ts';
import { print } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';

const examples = `
Examples:
  domainsync resume

Exit status: 0 not paused any more.
`;

export function resumeCommand(globals: () => GlobalOptions): Command {
  return new Command('resume')
    .description('end a pause; the agent then compares everything')
    .addHelpText('after', examples)
    .action(() => {
      const { paths, json } = globals();
      const was = endPause(paths.pause);
      print(json, { wasPaused: was }, () =>
        was ? 'Resumed; everything will be compared within seconds.' : 'It was not paused.',
      );
    });
}
