import { Command } from 'commander';
import { displayName } from '../../../dns/name.ts';
import type { GrantOrder } from '../../../gateway/operator/work.ts';
import { absoluteName } from '../../../net/gateway/wire.ts';
import { localTime, print, table } from '../../output.ts';
import type { GatewayGlobals } from './with-storage.ts';
import { withOperator } from './with-operator.ts';

/** `domainsync gateway zone ...` */
export function gatewayZoneCommand({ globals, config }: GatewayGlobals): Command {
  const command = new Command('zone').description('whose zones are');
  command
    .command('list')
    .argument('<customer>')
    .description('zones of a customer')
    .action(async (customer: string) => {
      const zones = await withOperator(config(), async (work) => work.zonesOf(customer));
      print(globals().json, zones, () => zones.map(displayName).join('\n'));
    });
  command
    .command('assign')
    .argument('<zone>')
    .argument('<customer>')
    .option('--backend <name>', "name server that has the zone; without it that of the customer's new zones")
    .description('give a zone that the name server has, and that nobody owns, to a customer')
    .action(async (text: string, customer: string, asked: { readonly backend?: string }) => {
      const zone = absoluteName(text);
      const { backend } = asked;
      await withOperator(config(), async (work, by) => {
        await work.assign(by, zone, customer, backend);
      });
      print(globals().json, { zone, customer }, () => `${displayName(zone)} belongs to ${customer}.`);
    });
  command
    .command('transfer')
    .argument('<zone>')
    .argument('<customer>')
    .option('--with-below', 'with all zones below it that the same customer has', false)
    .description('give a zone to another customer; its records stay as they are')
    .action(async (text: string, customer: string, { withBelow }: { withBelow: boolean }) => {
      const zone = absoluteName(text);
      const moved = await withOperator(config(), async (work, by) =>
        work.transfer(by, zone, customer, withBelow),
      );
      const names = moved.map(displayName).join(', ');
      print(globals().json, { zones: moved, customer }, () => `${names}: now of ${customer}.`);
    });
  for (const part of [releaseCommand, grantCommand, revokeCommand, grantsCommand])
    command.addCommand(part({ globals, config }));
  return command;
}

function releaseCommand({ globals, config }: GatewayGlobals): Command {
  return new Command('release')
    .argument('<zone>')
    .description('nobody owns the zone any more; the name server keeps it')
    .action(async (text: string) => {
      const zone = absoluteName(text);
      await withOperator(config(), async (work, by) => {
        await work.release(by, zone);
      });
      print(globals().json, { zone }, () => `Nobody owns ${displayName(zone)}.`);
    });
}

function grantCommand({ globals, config }: GatewayGlobals): Command {
  return withGrant(new Command('grant'))
    .description('let another customer create a zone below a zone, and zones below that')
    .action(async (...words: readonly [parent: string, child: string, customer: string]) => {
      const asked = grantOf(words);
      const { parent, child, customer } = asked;
      await withOperator(config(), async (work, by) => {
        await work.grant(by, asked);
      });
      const said = `${customer} may create ${displayName(child)} and zones below it. It then answers for its
names instead of ${displayName(parent)}, wildcards included. Put its NS records into ${displayName(parent)}.`;
      print(globals().json, asked, () => said);
    });
}

function revokeCommand({ globals, config }: GatewayGlobals): Command {
  return withGrant(new Command('revoke'))
    .description('end a grant; zones that exist by it stay as they are')
    .action(async (...words: readonly [parent: string, child: string, customer: string]) => {
      const asked = grantOf(words);
      const { child, customer } = asked;
      await withOperator(config(), async (work, by) => {
        await work.revokeGrant(by, asked);
      });
      const said = `${customer} may no longer create ${displayName(child)}. A zone that exists stays.`;
      print(globals().json, asked, () => said);
    });
}

function withGrant(command: Command): Command {
  return command.argument('<parent>', 'the zone above').argument('<child>').argument('<customer>');
}

function grantsCommand({ globals, config }: GatewayGlobals): Command {
  return new Command('grants')
    .argument('<parent>')
    .description('who may create zones below a zone')
    .action(async (text: string) => {
      const all = await withOperator(config(), async (work) => work.grants(absoluteName(text)));
      print(globals().json, all, () => {
        const rows = all.map((one) => [
          displayName(one.child),
          one.customer,
          one.givenBy,
          one.revokedAt === null ? 'in force' : `revoked ${localTime(one.revokedAt)}`,
        ]);
        return table(['zone', 'customer', 'given by', 'state'], rows);
      });
    });
}

/** The grant that the arguments of a command name. */
function grantOf([parent, child, customer]: readonly [string, string, string]): GrantOrder {
  return { parent: absoluteName(parent), child: absoluteName(child), customer };
}
