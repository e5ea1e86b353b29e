import { Command, InvalidArgumentError } from 'commander';
import { CommandFailed } from '../../../app/command-failed.ts';
import type { CustomerState } from '../../../gateway/storage/storage.ts';
import { localTime, print, table } from '../../output.ts';
import { byOperator, withStorage, type GatewayGlobals } from './with-storage.ts';

/** Number of zones that a new customer may have. */
const usualZones = 1_000;

/** `domainsync gateway customer ...` */
export function customerCommand({ globals, config }: GatewayGlobals): Command {
  const command = new Command('customer').description('customers, to whom zones and tokens belong');
  const show = async (id: string): Promise<void> => {
    const customer = await withStorage(config(), async (storage) => await storage.customer(id));
    if (customer === null) throw noCustomer(id);
    const { state, mostZones } = customer;
    print(globals().json, customer, () => `${id}: ${state}, at most ${mostZones} zones.`);
  };
  command
    .command('add')
    .argument('<id>', 'lower-case letters, digits and hyphens', customerId)
    .option('--zones <n>', 'number of zones that the customer may have', count, usualZones)
    .description('add a customer')
    .action(async (id: string, { zones: mostZones }: { zones: number }) => {
      const customer = { id, state: 'active', mostZones, createdAt: Date.now() } as const;
      const audit = byOperator('customer.added', { customer: id, detail: { mostZones } });
      const added = await withStorage(
        config(),
        async (storage) => await storage.addCustomer(customer, audit),
      );
      if (!added) throw new CommandFailed(`There is a customer ${id} already.`);
      await show(id);
    });
  command
    .command('set')
    .argument('<id>')
    .option('--state <state>', 'active, read-only or suspended', customerState)
    .option('--zones <n>', 'number of zones that the customer may have', count)
    .description('change what a customer may do; a suspended customer can do nothing')
    .action(async (id: string, { state, zones }: { state?: CustomerState; zones?: number }) => {
      if (state === undefined && zones === undefined)
        throw new CommandFailed('Say what changes: --state or --zones.');
      const changes = { state: state ?? null, mostZones: zones ?? null };
      const audit = byOperator('customer.changed', { customer: id, detail: changes });
      const done = await withStorage(
        config(),
        async (storage) => await storage.setCustomer(id, changes, audit),
      );
      if (!done) throw noCustomer(id);
      await show(id);
    });
  command
    .command('list')
    .description('all customers')
    .action(async () => {
      const all = await withStorage(config(), async (storage) => await storage.customers());
      print(globals().json, all, () => {
        const rows = all.map((one) => [one.id, one.state, String(one.mostZones), localTime(one.createdAt)]);
        return table(['customer', 'state', 'zones at most', 'since'], rows);
      });
    });
  return command;
}

function noCustomer(id: string): CommandFailed {
  return new CommandFailed(`There is no customer ${id}.`);
}

function customerId(text: string): string {
  if (/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/u.test(text)) return text;
  throw new InvalidArgumentError('at most 40 lower-case letters, digits and hyphens are wanted.');
}

function customerState(text: string): CustomerState {
  if (text === 'active' || text === 'read-only' || text === 'suspended') return text;
  throw new InvalidArgumentError('active, read-only or suspended is wanted.');
}

function count(text: string): number {
  if (/^\d{1,7}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('a number is wanted.');
}
