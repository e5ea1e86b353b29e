import { Command, Option } from 'commander';
import { askOrRead } from '../../app/answers/ask-or-read.ts';
import { mostUrgentFirst, statesOfZones, zonesWith } from '../../app/answers/zone-order.ts';
import { centralOption, type Chosen } from '../central-option.ts';
import { print, terminalWidth } from '../output.ts';
import type { GlobalOptions } from '../global-options.ts';
import { zonesText } from '../texts/zones.ts';

const examples = `
Examples:
  domainsync zones
  domainsync zones --state conflict         zones in which the two sides differ
  domainsync --json zones | jq -r '.[] | select(.state == "panel-only") | .zone'

What needs a person comes first. SINCE: since when the zone has its state. SYNCED, PANEL, CENTRAL, CONFLICT: records that are
on both sides, only in the panel, only at the central, and those on which the sides differ. Of a zone that is left to the
panel the records are not counted: "domainsync zone NAME" shows them. What each state means: docs/states.md.
In a terminal the table is cut to fit; anywhere else it is whole.
Needs no running agent. Exit status: 0 shown, 1 not.
`;

export function zonesCommand(globals: () => GlobalOptions): Command {
  const state = new Option('--state <state>', 'only zones in this state, or with a record in it');
  return new Command('zones')
    .description('all zones, their states and records')
    .addOption(state.choices(statesOfZones))
    .addOption(centralOption())
    .addHelpText('after', examples)
    .action(async ({ central = null, state: wanted }: Chosen & { readonly state?: string }) => {
      const { paths, json } = globals();
      const all = mostUrgentFirst(await askOrRead(paths, 'zones', { central }));
      const zones = wanted === undefined ? all : zonesWith(all, wanted);
      print(json, zones, () => zonesText(zones, terminalWidth()));
    });
}
