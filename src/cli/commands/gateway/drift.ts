import { Command } from 'commander';
import { displayName, type DnsName } from '../../../dns/name.ts';
import { counted } from '../../../core/describe.ts';
import type { OperatorWork } from '../../../gateway/operator/work.ts';
import type { DriftedRRset, DriftedZone, ZoneDrift } from '../../../gateway/storage/zone-drift.ts';
import { absoluteName } from '../../../net/gateway/wire.ts';
import { localTime, print, table } from '../../output.ts';
import { withOperator } from './with-operator.ts';
import type { GatewayGlobals } from './with-storage.ts';

const examples = `
Examples:
  domainsync gateway drift                      zones that somebody else has changed
  domainsync gateway drift example.org          what was changed there, with both values
  domainsync gateway drift check example.org    compare it again within seconds
  domainsync gateway drift accept example.org   what was changed is wanted
`;

/** Number of zones that are read at once. */
const atOnce = 100;

/** `domainsync gateway drift` */
export function driftCommand({ globals, config }: GatewayGlobals): Command {
  const command = new Command('drift')
    .argument('[zone]')
    .description('what somebody has changed at the name server itself, past the gateway')
    .addHelpText('after', examples)
    .action(async (text?: string) => {
      if (text === undefined) {
        const zones = await withOperator(config(), allDrifted);
        print(globals().json, zones, () => zonesText(zones));
        return;
      }
      const found = await withOperator(config(), async (work) => await work.drift(absoluteName(text)));
      print(globals().json, found, () => zoneText(found));
    });
  command
    .command('check')
    .argument('<zone>')
    .description('have the gateway compare the zone within seconds')
    .action(async (text: string) => {
      const zone = absoluteName(text);
      await withOperator(config(), async (work) => {
        await work.checkDrift(zone);
      });
      const name = displayName(zone);
      print(globals().json, { zone }, () => `The gateway compares ${name} as soon as it has time.`);
    });
  command
    .command('accept')
    .argument('<zone>')
    .description('take what was changed for what is wanted')
    .action(async (text: string) => {
      const zone = absoluteName(text);
      await withOperator(config(), async (work, by) => {
        await work.acceptDrift(by, zone);
      });
      print(globals().json, { zone }, () => `Accepted: what ${displayName(zone)} has now.`);
    });
  return command;
}

async function allDrifted(work: OperatorWork): Promise<readonly DriftedZone[]> {
  const zones: DriftedZone[] = [];
  let after: DnsName | null = null;
  for (;;) {
    const some: readonly DriftedZone[] = await work.drifted({ after, most: atOnce });
    zones.push(...some);
    const last = some.at(-1);
    if (last === undefined || some.length < atOnce) return zones;
    after = last.zone;
  }
}

function zonesText(zones: readonly DriftedZone[]): string {
  if (zones.length === 0) return 'Nobody else has changed a zone, as far as the gateway has seen.';
  const rows = zones.map((one) => [
    displayName(one.zone),
    one.customer,
    localTime(one.firstSeen),
    localTime(one.lastSeen),
    stateText(one),
  ]);
  return table(['zone', 'customer', 'first seen', 'last seen', 'what'], rows);
}

function stateText({ state, rrsets, more }: ZoneDrift): string {
  if (state === 'missing') return 'not at the name server';
  if (state === 'no-soa') return 'no SOA record, so it is not served';
  return counted(rrsets.length + more, 'RRset');
}

function zoneText(zone: DriftedZone): string {
  const { customer, firstSeen, lastSeen, rrsets, more } = zone;
  const seen = `first seen ${localTime(firstSeen)}, last ${localTime(lastSeen)}`;
  const rows = rrsets.flatMap(rrsetRows);
  return [
    `${displayName(zone.zone)} of ${customer}: ${stateText(zone)}; ${seen}`,
    ...(rows.length === 0 ? [] : [table(['name', 'type', 'the gateway left', 'found'], rows)]),
    ...(more === 0 ? [] : [`and ${counted(more, 'more RRset')}`]),
  ].join('\n');
}

/** A row for each record. */
function rrsetRows({ name, type, before, after }: DriftedRRset): string[][] {
  const [left, found] = [valuesText(before), valuesText(after)];
  return Array.from({ length: Math.max(left.length, found.length) }, (_, at) => [
    at === 0 ? displayName(name) : '',
    at === 0 ? type : '',
    left[at] ?? '',
    found[at] ?? '',
  ]);
}

function valuesText(records: DriftedRRset['before']): readonly string[] {
  if (records === null) return ['(not stored)'];
  return records.length === 0 ? ['(none)'] : records.map(({ ttl, data }) => `${ttl ?? ''} ${data}`.trim());
}
