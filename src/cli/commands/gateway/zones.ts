import { Command } from 'commander';
import { CommandFailed } from '../../../app/command-failed.ts';
import { displayName, isWithin, type DnsName } from '../../../dns/name.ts';
import { absoluteName } from '../../../net/gateway/wire.ts';
import { localTime, print, table } from '../../output.ts';
import { byOperator, demandCustomer, withStorage, type GatewayGlobals } from './with-storage.ts';
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
    .action(async (parentText: string, childText: string, customer: string) => {
      const { parent, child } = grantNames(parentText, childText);
      const done = await withStorage(config(), async (storage) => {
        await demandCustomer(storage, customer);
        const facts = byOperator('zone.granted', { customer, zone: parent, detail: { child } });
        return await storage.addGrant({ parent, child, customer, createdAt: Date.now() }, facts);
      });
      if (!done) throw nobodys(parent);
      const said = `${customer} may create ${displayName(child)} and zones below it. It then answers for its
names instead of ${displayName(parent)}, wildcards included. Put its NS records into ${displayName(parent)}.`;
      print(globals().json, { parent, child, customer }, () => said);
    });
}

function revokeCommand({ globals, config }: GatewayGlobals): Command {
  return withGrant(new Command('revoke'))
    .description('end a grant; zones that exist by it stay as they are')
    .action(async (parentText: string, childText: string, customer: string) => {
      const { parent, child } = grantNames(parentText, childText);
      const facts = byOperator('zone.grant-revoked', { customer, zone: parent, detail: { child } });
      const done = await withStorage(
        config(),
        async (storage) => await storage.revokeGrant({ parent, child, customer }, Date.now(), facts),
      );
      if (!done) throw new CommandFailed(`${customer} has no such grant.`);
      const said = `${customer} may no longer create ${displayName(child)}. A zone that exists stays.`;
      print(globals().json, { parent, child, customer }, () => said);
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
      const all = await withStorage(config(), async (storage) => await storage.grants(absoluteName(text)));
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

/** @throws {CommandFailed} if the child is not below the parent */
function grantNames(parentText: string, childText: string): { parent: DnsName; child: DnsName } {
  const [parent, child] = [absoluteName(parentText), absoluteName(childText)];
  if (parent !== child && isWithin(child, parent)) return { parent, child };
  throw new CommandFailed(`${displayName(child)} is not below ${displayName(parent)}.`);
}

function nobodys(zone: DnsName): CommandFailed {
  return new CommandFailed(`Nobody owns the zone ${displayName(zone)}.`);
}
