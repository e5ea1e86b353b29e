import { Command, InvalidArgumentError } from 'commander';
import type { OperatorToken } from '../../../gateway/storage/storage.ts';
import { endOf } from '../../../gateway/work/token-use.ts';
import { localTime, print, table } from '../../output.ts';
import { withOperator } from './with-operator.ts';
import type { GatewayGlobals } from './with-storage.ts';

interface OperatorOptions {
  readonly from: readonly string[];
  readonly label?: string;
  readonly days?: number;
}

/** `domainsync gateway operator ...` */
export function operatorCommand({ globals, config }: GatewayGlobals): Command {
  const command = new Command('operator').description("tokens for the operator's API");
  command
    .command('add')
    .option('--from <network...>', 'addresses or networks from which alone it is accepted', [])
    .option('--label <text>', 'what it is for')
    .option('--days <n>', 'for how many days it is accepted', days)
    .description('make a token that may do everything with customers, tokens and zones; show it, once')
    .action(async ({ from: networks, label = '', days: most }: OperatorOptions) => {
      const order = { label, networks, days: most ?? null };
      const { id, text } = await withOperator(
        config(),
        async (operator, by) => await operator.addOperator(by, order),
      );
      const warning =
        networks.length > 0
          ? ''
          : '\nIt works from every address: whoever gets hold of it can give himself every zone.';
      print(
        globals().json,
        { id, token: text },
        () => `${text}\nIt is shown this once. Its id is ${id}.${warning}`,
      );
    });
  command
    .command('list')
    .description('tokens of the operator, without their secrets')
    .action(async () => {
      const all = await withOperator(config(), async (operator) => await operator.operators());
      print(globals().json, all.map(shown), () => {
        const rows = all.map((one) => [
          one.id,
          one.label,
          stateOf(one),
          one.networks.join(', '),
          one.lastUsed === null ? 'never' : `${localTime(one.lastUsed.at)} from ${one.lastUsed.from}`,
        ]);
        return table(['token', 'label', 'state', 'from', 'last used'], rows);
      });
    });
  command
    .command('revoke')
    .argument('<id>')
    .description('refuse a token of the operator from now on')
    .action(async (id: string) => {
      await withOperator(config(), async (operator, by) => {
        await operator.revokeOperator(by, id);
      });
      print(globals().json, { id, revoked: true }, () => `The token ${id} is refused from now on.`);
    });
  return command;
}

function shown({ hash: _secret, ...token }: OperatorToken): Omit<OperatorToken, 'hash'> {
  return token;
}

function stateOf(token: OperatorToken): string {
  const { revokedAt, expiresAt } = token;
  const end = endOf(token, Date.now());
  if (end !== null) return end === 'revoked' ? `revoked ${localTime(revokedAt ?? 0)}` : end;
  return expiresAt === null ? 'in use' : `until ${localTime(expiresAt)}`;
}

function days(text: string): number {
  if (/^[1-9]\d{0,4}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('a number of days is wanted.');
}
