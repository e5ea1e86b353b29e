import { Command } from 'commander';
import { zoneName } from '../../dns/name.ts';
import { askOrRead } from '../../app/answers/ask-or-read.ts';
import type { ZoneReport } from '../../app/control/protocol.ts';
import { centralOption, type Chosen } from '../central-option.ts';
import { print } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';
import { CommandFailed } from '../../app/command-failed.ts';
import { zoneText } from '../texts/zones.ts';

const examples = `
Examples:
  domainsync zone example.org
  domainsync zone пример.рф
  domainsync --json zone example.org | jq -r '.signing.ds[]?'    what the registrar has to know of a signed zone

The central is asked whether it signs the zone, the panel for the records of a zone that is left to it; everything else is
what was last seen. Needs no running agent. Exit status: 0 shown, 1 not.
`;

export function zoneCommand(globals: () => GlobalOptions): Command {
  return new Command('zone')
    .argument('<name>', 'the zone, in Unicode or punycode')
    .description('one zone, both sides side by side, and how the central signs it (DNSSEC)')
    .addOption(centralOption())
    .addHelpText('after', examples)
    .action(async (name: string, { central = null }: Chosen) => {
      const { paths, json } = globals();
      const view = await askOrRead(paths, 'zone', { zone: name, central });
      const all: readonly ZoneReport[] = view.centrals ?? [view];
      if (all.every(isUnknown)) {
        throw new CommandFailed(`No zone ${name} is known here; "domainsync zones" lists them.`);
      }
      print(json, view, () => zoneText(zoneName(name), view));
    });
}

function isUnknown({ entry, rows, open, inPanel }: ZoneReport): boolean {
  return entry === null && rows.length + open.length === 0 && (inPanel === null || 'problem' in inPanel);
}
