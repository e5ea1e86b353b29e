import { Command, InvalidArgumentError } from 'commander';
import { CommandFailed } from '../../../app/command-failed.ts';
import { displayName } from '../../../dns/name.ts';
import { absoluteName } from '../../../net/gateway/wire.ts';
import { localTime, print, table } from '../../output.ts';
import { byOperator, demandCustomer, withStorage, type GatewayGlobals } from './with-storage.ts';

/** `domainsync gateway zone ...` */
export function gatewayZoneCommand({ globals, config }: GatewayGlobals): Command {
  const command = new Command('zone').description('whose zones are');
  command
    .command('list')
    .argument('<customer>')
    .description('zones of a customer')
    .action(async (customer: string) => {
      const zones = await withStorage(config(), async (storage) => {
        await demandCustomer(storage, customer);
        return await storage.zonesOf(customer);
      });
      print(globals().json, zones, () => zones.map(displayName).join('\n'));
    });
  command
    .command('assign')
    .argument('<zone>')
    .argument('<customer>')
    .description('give a zone that the name server has, and that nobody owns, to a customer')
    .action(async (text: string, customer: string) => {
      const zone = absoluteName(text);
      const claim = await withStorage(config(), async (storage) => {
        await demandCustomer(storage, customer);
        const facts = byOperator('zone.assigned', { customer, zone });
        const made = await storage.claimZone({ zone, customer, at: Date.now(), quarantine: 0 }, facts, null);
        if (typeof made !== 'object' && made !== 'limit')
          await storage.confirmClaim(zone, customer, facts, null);
        return made;
      });
      if (typeof claim === 'object')
        throw new CommandFailed(`${displayName(claim.foreign)} belongs to another customer.`);
      if (claim === 'limit') throw new CommandFailed(`${customer} may have no further zone.`);
      print(globals().json, { zone, customer }, () => `${displayName(zone)} belongs to ${customer}.`);
    });
  command
    .command('transfer')
    .argument('<zone>')
    .argument('<customer>')
    .description('give a zone to another customer; its records stay as they are')
    .action(async (text: string, customer: string) => {
      const zone = absoluteName(text);
      const done = await withStorage(config(), async (storage) => {
        await demandCustomer(storage, customer);
        const from = (await storage.zone(zone))?.customer ?? '';
        const facts = byOperator('zone.transferred', { customer, zone, detail: { from } });
        return await storage.transferZone(zone, customer, facts);
      });
      if (!done) throw new CommandFailed(`Nobody owns the zone ${displayName(zone)}.`);
      print(globals().json, { zone, customer }, () => `${displayName(zone)} belongs to ${customer}.`);
    });
  command
    .command('release')
    .argument('<zone>')
    .description('nobody owns the zone any more; the name server keeps it')
    .action(async (text: string) => {
      const zone = absoluteName(text);
      const done = await withStorage(config(), async (storage) => {
        const owner = await storage.zone(zone);
        if (owner === null) return false;
        const { customer } = owner;
        const facts = byOperator('zone.released', { customer, zone });
        await storage.releaseZone(zone, customer, 0, facts, null);
        return true;
      });
      if (!done) throw new CommandFailed(`Nobody owns the zone ${displayName(zone)}.`);
      print(globals().json, { zone }, () => `Nobody owns ${displayName(zone)}.`);
    });
  return command;
}

/** Number of entries of the audit that are read at once. */
const mostEntries = 1_000;

/** `domainsync gateway audit` */
export function auditCommand({ globals, config }: GatewayGlobals): Command {
  return new Command('audit')
    .option('--after <number>', 'only entries after this one', entryNumber, 0)
    .description('what was done, by whom and from where, oldest first; at most 1,000 entries at once')
    .action(async ({ after }: { after: number }) => {
      const entries = await withStorage(config(), async (storage) => await storage.audit(after, mostEntries));
      print(globals().json, entries, () => {
        const rows = entries.map((one) => [
          String(one.number),
          localTime(one.at),
          one.what,
          one.customer,
          one.token,
          one.from,
          one.zone === '' ? '' : displayName(absoluteName(one.zone)),
        ]);
        return table(['number', 'time', 'what', 'customer', 'token', 'from', 'zone'], rows);
      });
    });
}

function entryNumber(text: string): number {
  if (/^\d{1,15}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('the number of an entry is wanted.');
}
