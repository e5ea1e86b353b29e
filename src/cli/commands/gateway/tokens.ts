import { text as readAll } from 'node:stream/consumers';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CommandFailed } from '../../../app/command-failed.ts';
import type { CustomerTokenOrder } from '../../../gateway/operator/work.ts';
import { presetRights, presets, type Preset } from '../../../gateway/rights/presets.ts';
import type { StoredToken } from '../../../gateway/storage/storage.ts';
import { endOf } from '../../../gateway/work/token-use.ts';
import { withoutSecret } from '../../../gateway/work/tokens.ts';
import { localTime, print, table } from '../../output.ts';
import { networksIn, timeValue } from './option-values.ts';
import { withOperator } from './with-operator.ts';
import type { GatewayGlobals } from './with-storage.ts';

interface TokenOptions {
  readonly preset: Preset;
  readonly zone: readonly string[];
  readonly name: readonly string[];
  readonly from: readonly string[];
  readonly fromAnywhere: boolean;
  readonly label?: string;
  readonly days?: number;
  readonly idle?: number;
  readonly makesTokens: boolean;
}

/** `domainsync gateway token ...` */
export function tokenCommand(own: GatewayGlobals): Command {
  const command = new Command('token').description('tokens of customers');
  for (const part of [addCommand, listCommand, rotateCommand, revokeCommand]) command.addCommand(part(own));
  return command;
}

function addCommand({ globals, config }: GatewayGlobals): Command {
  return new Command('add')
    .argument('<customer>')
    .addOption(new Option('--preset <preset>', 'what the token may do').choices(presets).default('panel'))
    .option('--zone <pattern...>', 'zones of the customer for which it is; ** for all', ['**'])
    .option('--name <pattern...>', 'names in them, for the presets acme and dyndns', [])
    .option('--from <network...>', 'addresses or networks from which alone it is accepted', [])
    .option('--from-anywhere', 'accept the token of a panel from every address', false)
    .option('--label <text>', 'what it is for')
    .option('--days <n>', 'for how many days it is accepted', days)
    .option('--idle <time>', 'it ends when nobody has used it for so long, e.g. 90d', timeValue)
    .option('--makes-tokens', 'it may make tokens that can do no more than itself', false)
    .description('make a token and show it, once')
    .action(async (customer: string, asked: TokenOptions) => {
      const order = orderOf(asked);
      const { id, text } = await withOperator(config(), async (work, by) =>
        work.addToken(by, customer, order),
      );
      const warning = asked.preset === 'panel' && order.networks.length === 0 ? `\n${unboundWarning}` : '';
      const said = `${text}\nIt is shown this once. Its id is ${id}.${warning}`;
      print(globals().json, { id, token: text }, () => said);
    });
}

const unboundWarning =
  'It works from every address: whoever gets hold of it can change all zones of this customer.';

function listCommand({ globals, config }: GatewayGlobals): Command {
  return new Command('list')
    .argument('<customer>')
    .description('tokens of a customer, without their secrets')
    .action(async (customer: string) => {
      const all = await withOperator(config(), async (work) => work.tokens(customer));
      const byId = new Map(all.map((one) => [one.id, one]));
      print(globals().json, all.map(withoutSecret), () => {
        const rows = all.map((one) => [
          one.id,
          one.label,
          stateOf(one, byId.get(one.maker ?? '')),
          one.networks.join(', '),
          usedText(one),
          one.maker ?? '',
        ]);
        return table(['token', 'label', 'state', 'from', 'last used', 'made by'], rows);
      });
    });
}

function rotateCommand({ globals, config }: GatewayGlobals): Command {
  return new Command('rotate')
    .argument('<id>')
    .requiredOption('--overlap <time>', 'for how long the old text is accepted too, e.g. 1d', timeValue)
    .description('give a token another text and show it, once; its id and rights stay')
    .action(async (id: string, { overlap }: { overlap: number }) => {
      const { text, until } = await withOperator(config(), async (work, by) =>
        work.rotateToken(by, id, overlap),
      );
      const said = `${text}\nIt is shown this once. The old text is accepted until ${localTime(until)}.`;
      print(globals().json, { id, token: text, until }, () => said);
    });
}

/** Of standard input at most so many characters are taken for a leaked token. */
const longestLeak = 1_000;

function revokeCommand({ globals, config }: GatewayGlobals): Command {
  return new Command('revoke')
    .argument('<id>', 'id of the token; "-" to read a token that has leaked from standard input')
    .description('refuse a token, and the tokens that it has made, from now on')
    .action(async (asked: string) => {
      const leaked = asked === '-' ? (await readAll(process.stdin)).slice(0, longestLeak).trim() : null;
      const id = await withOperator(config(), async (work, by) => {
        if (leaked !== null) return await work.revokeLeaked(by, leaked);
        await work.revokeToken(by, asked);
        return asked;
      });
      print(globals().json, { id, revoked: true }, () => `The token ${id} is refused from now on.`);
    });
}

/** @throws {CommandFailed} if the token of a panel is bound to no address, without `--from-anywhere` */
function orderOf(asked: TokenOptions): CustomerTokenOrder {
  const networks = networksIn('--from', asked.from);
  if (asked.preset === 'panel' && networks.length === 0 && !asked.fromAnywhere)
    throw new CommandFailed(
      'Say from which address the panel comes: --from 192.0.2.7. Or --from-anywhere, if it has no fixed one.',
    );
  return {
    label: asked.label ?? '',
    rights: presetRights(asked.preset, asked.zone, asked.name),
    networks,
    days: asked.days ?? null,
    idle: asked.idle ?? null,
    makesTokens: asked.makesTokens,
  };
}

/** @param maker the token that has made this one */
function stateOf(token: StoredToken, maker: StoredToken | undefined): string {
  const now = Date.now();
  const end = endOf(token, now);
  if (end === 'revoked') return `revoked ${localTime(token.revokedAt ?? 0)}`;
  if (end !== null) return end;
  if (maker !== undefined && endOf(maker, now) !== null) return 'ended with its maker';
  const rotating = token.previous !== null && token.previous.until > now;
  if (rotating) return `in use; old text until ${localTime(token.previous.until)}`;
  return token.expiresAt === null ? 'in use' : `until ${localTime(token.expiresAt)}`;
}

function usedText({ lastUsed }: StoredToken): string {
  return lastUsed === null ? 'never' : `${localTime(lastUsed.at)} from ${lastUsed.from}`;
}

function days(text: string): number {
  if (/^[1-9]\d{0,4}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('a number of days is wanted.');
}
