import { Command, InvalidArgumentError } from 'commander';
import { CommandFailed } from '../../../app/command-failed.ts';
import {
  usualLimits,
  type Customer,
  type CustomerState,
  type Limits,
} from '../../../gateway/storage/storage.ts';
import { localTime, print, table } from '../../output.ts';
import { withOperator } from './with-operator.ts';
import type { GatewayGlobals } from './with-storage.ts';

/** The option of each limit, and what it limits. */
const limitOptions: readonly (readonly [option: string, limit: keyof Limits, text: string])[] = [
  ['--zones', 'zones', 'zones'],
  ['--tokens', 'tokens', 'tokens in use'],
  ['--records', 'records', 'records in one zone'],
  ['--records-in-rrset', 'recordsInRrset', 'records of one name and type'],
  ['--octets-in-rrset', 'octetsInRrset', 'octets of their data'],
  ['--writes-in-minute', 'writesInMinute', 'changes, creates and deletes in a minute'],
  ['--writes-in-day', 'writesInDay', 'the same in a day (UTC)'],
];

/** The option `--backend`. */
interface NamedBackend {
  readonly backend?: string;
}

type LimitValues = Partial<Record<keyof Limits, number>>;

/** `domainsync gateway customer ...` */
export function customerCommand({ globals, config }: GatewayGlobals): Command {
  const command = new Command('customer').description('customers, to whom zones and tokens belong');
  const show = (customer: Customer): void => {
    print(globals().json, customer, () => customerText(customer));
  };
  withLimits(command.command('add'))
    .argument('<id>', 'lower-case letters, digits and hyphens')
    .option('--backend <name>', 'name server of new zones: the section [backend NAME]')
    .description('add a customer')
    .action(async (id: string, { backend, ...limits }: LimitValues & NamedBackend) => {
      show(await withOperator(config(), async (work, by) => work.addCustomer(by, id, limits, backend)));
    });
  withLimits(command.command('set'))
    .argument('<id>')
    .option('--state <state>', 'active, read-only or suspended', customerState)
    .description('change what a customer may do; a suspended customer can do nothing')
    .option('--backend <name>', 'name server of new zones; those that are there stay')
    .action(async (id: string, asked: LimitValues & NamedBackend & { state?: CustomerState }) => {
      const { state = null, backend, ...limits } = asked;
      if (Object.keys(asked).length === 0)
        throw new CommandFailed('Say what changes: --state, --backend or one of the limits.');
      const changes = { state, limits, backend };
      show(await withOperator(config(), async (work, by) => work.setCustomer(by, id, changes)));
    });
  command
    .command('show')
    .argument('<id>')
    .description('a customer and all limits')
    .action(async (id: string) => {
      show(await withOperator(config(), async (work) => work.customer(id)));
    });
  command
    .command('list')
    .description('all customers')
    .action(async () => {
      const all = await withOperator(config(), async (work) => work.customers());
      print(globals().json, all, () => {
        const rows = all.map((one) => [
          one.id,
          one.state,
          String(one.limits.zones),
          localTime(one.createdAt),
        ]);
        return table(['customer', 'state', 'zones at most', 'since'], rows);
      });
    });
  return command;
}

function withLimits(command: Command): Command {
  for (const [option, limit, text] of limitOptions)
    command.option(`${option} <n>`, `at most so many ${text} (${usualLimits[limit]})`, count);
  return command;
}

function customerText({ id, state, limits, backend }: Customer): string {
  const rows = limitOptions.map(([option, limit, text]) => [text, String(limits[limit]), option]);
  const place = `new zones: [${backend === '' ? 'backend' : `backend ${backend}`}]`;
  return `${id}: ${state}\n${place}\n\n${table(['at most', 'number', 'option'], rows)}`;
}

function customerState(text: string): CustomerState {
  if (text === 'active' || text === 'read-only' || text === 'suspended') return text;
  throw new InvalidArgumentError('active, read-only or suspended is wanted.');
}

function count(text: string): number {
  if (/^\d{1,9}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('a number is wanted.');
}
