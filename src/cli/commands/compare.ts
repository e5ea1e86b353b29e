import { Command } from 'commander';
import { ask } from '../../app/control/client.ts';
import { centralOption, type Chosen } from '../central-option.ts';
import { print } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';

const examples = `
Examples:
  domainsync compare                 all zones
  domainsync compare example.org     after something was put right by hand
  domainsync compare example.org --follow
                                     the zone's records, or the zone, are gone from the panel on purpose

A comparison adds at the central what is new in the panel and lists the rest. It removes only what a function of the panel, or a
pause, has just taken away there: at most 4 records, 30 % of a large zone, never all of it. --follow lets one zone do more.
Exit status: 0 asked for, 1 no agent answers, or it knows no such zone.
`;

export function compareCommand(globals: () => GlobalOptions): Command {
  return new Command('compare')
    .argument('[zone]', 'only this zone')
    .description('compare one zone, or all, soon and in the background')
    .option('--follow', 'remove at the central what the panel has no longer in this zone, however much it is')
    .addOption(centralOption())
    .addHelpText('after', examples)
    .action(async (zone: string | undefined, options: Chosen & { follow?: boolean }, command: Command) => {
      const { paths, json } = globals();
      const { central = null } = options;
      const follow = options.follow === true;
      if (follow && zone === undefined) command.error('error: --follow needs the name of one zone.');
      await ask(paths.socket, 'compare', { zone: zone ?? null, follow, central });
      print(json, { ok: true }, () => 'The comparison is on its way; see "domainsync status".');
    });
}
