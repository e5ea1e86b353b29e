import { Command } from 'commander';
import { askOrRead } from '../../app/answers/ask-or-read.ts';
import { centralOption, type Chosen } from '../central-option.ts';
import { print } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';
import { zonesText } from '../texts/zones.ts';

const examples = `
Examples:
  domainsync zones
  domainsync --json zones | jq -r '.[] | select(.state == "panel-only") | .zone'

State: synced = edits are mirrored; panel-only = was in the panel before us, left alone; foreign = belongs to another
account at the central; creating, deleting = under way (docs/adoption.md).
Needs no running agent. Exit status: 0 shown, 1 not.
`;

export function zonesCommand(globals: () => GlobalOptions): Command {
  return new Command('zones')
    .description('all zones and their states')
    .addOption(centralOption())
    .addHelpText('after', examples)
    .action(async ({ central = null }: Chosen) => {
      const { paths, json } = globals();
      const entries = await askOrRead(paths, 'zones', { central });
      print(json, entries, () => zonesText(entries));
    });
}
