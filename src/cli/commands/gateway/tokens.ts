import { Command, InvalidArgumentError, Option } from 'commander';
import { CommandFailed } from '../../../app/command-failed.ts';
import { absoluteName } from '../../../net/gateway/wire.ts';
import { readNetwork } from '../../../net/inside.ts';
import { explainRight } from '../../../gateway/rights/decide.ts';
import { presetRights, presets, type Preset } from '../../../gateway/rights/presets.ts';
import { verbs, type Verb } from '../../../gateway/rights/rule.ts';
import { makeToken } from '../../../gateway/rights/token.ts';
import type { StoredToken } from '../../../gateway/storage/storage.ts';
import { localTime, print, table } from '../../output.ts';
import { byOperator, demandCustomer, withStorage, type GatewayGlobals } from './with-storage.ts';

const day = 86_400_000;

interface TokenOptions {
  readonly preset: Preset;
  readonly zone: readonly string[];
  readonly name: readonly string[];
  readonly from: readonly string[];
  readonly label?: string;
  readonly days?: number;
}

/** `domainsync gateway token ...` */
export function tokenCommand({ globals, config }: GatewayGlobals): Command {
  const command = new Command('token').description('tokens of customers');
  command
    .command('add')
    .argument('<customer>')
    .addOption(new Option('--preset <preset>', 'what the token may do').choices(presets).default('panel'))
    .option('--zone <pattern...>', 'zones of the customer for which it is; ** for all', ['**'])
    .option('--name <pattern...>', 'names in them, for the presets acme and dyndns', [])
    .option('--from <network...>', 'addresses or networks from which alone it is accepted', [])
    .option('--label <text>', 'what it is for')
    .option('--days <n>', 'for how many days it is accepted', days)
    .description('make a token and show it, once')
    .action(async (customer: string, asked: TokenOptions) => {
      const { token, text } = newToken(customer, asked);
      const { id } = token;
      await withStorage(config(), async (storage) => {
        await demandCustomer(storage, customer);
        const detail = { rights: token.rights, networks: token.networks, label: token.label };
        await storage.addToken(token, byOperator('token.added', { customer, token: id, detail }));
      });
      print(globals().json, { id, token: text }, () => `${text}\nIt is shown this once. Its id is ${id}.`);
    });
  command
    .command('list')
    .argument('<customer>')
    .description('tokens of a customer, without their secrets')
    .action(async (customer: string) => {
      const all = await withStorage(config(), async (storage) => {
        await demandCustomer(storage, customer);
        return await storage.tokens(customer);
      });
      print(globals().json, all.map(shown), () => {
        const rows = all.map((one) => [
          one.id,
          one.label,
          stateOf(one),
          one.networks.join(', '),
          usedText(one),
        ]);
        return table(['token', 'label', 'state', 'from', 'last used'], rows);
      });
    });
  command
    .command('revoke')
    .argument('<id>')
    .description('refuse a token from now on')
    .action(async (id: string) => {
      const done = await withStorage(config(), async (storage) => {
        const customer = (await storage.token(id))?.customer ?? '';
        return await storage.revokeToken(
          id,
          Date.now(),
          byOperator('token.revoked', { customer, token: id }),
        );
      });
      if (!done) throw new CommandFailed(`There is no token ${id} that is in use.`);
      print(globals().json, { id, revoked: true }, () => `The token ${id} is refused from now on.`);
    });
  return command;
}

/** Makes a token. Nothing is stored yet. @returns the token to store, and the text to show */
function newToken(
  customer: string,
  asked: TokenOptions,
): { readonly token: StoredToken; readonly text: string } {
  const { id, text, hash } = makeToken();
  const createdAt = Date.now();
  const token: StoredToken = {
    id,
    customer,
    hash,
    label: asked.label ?? '',
    rights: presetRights(asked.preset, asked.zone, asked.name),
    networks: checkedNetworks(asked.from),
    createdAt,
    expiresAt: asked.days === undefined ? null : createdAt + asked.days * day,
    revokedAt: null,
    lastUsed: null,
  };
  return { token, text };
}

/** `domainsync gateway explain ...` */
export function explainCommand({ globals, config }: GatewayGlobals): Command {
  return new Command('explain')
    .argument('<token>', 'id of the token')
    .argument('<zone>')
    .argument('<name>', 'absolute owner name')
    .argument('<type>')
    .addArgument(new Command().createArgument('<verb>', 'what to do').choices(verbs))
    .description('whether a token may do something to an RRset, and which rule says so')
    .action(async (id: string, zone: string, name: string, type: string, verb: Verb) => {
      const token = await withStorage(config(), async (storage) => await storage.token(id));
      if (token === null) throw new CommandFailed(`There is no token ${id}.`);
      const where = [absoluteName(zone), absoluteName(name), type.toUpperCase()] as const;
      const found = explainRight(token.rights, ...where, verb);
      print(globals().json, found, () => {
        const rule = found.rule === null ? 'no rule' : `rule ${JSON.stringify(found.rule)}`;
        return `${found.allowed ? 'allowed' : 'denied'}: ${found.reason}, ${rule}`;
      });
    });
}

function checkedNetworks(networks: readonly string[]): readonly string[] {
  const wrong = networks.filter((text) => readNetwork(text) === null);
  if (wrong.length > 0) throw new CommandFailed(`--from: no address or network: ${wrong.join(', ')}`);
  return networks;
}

function shown({ hash: _secret, ...token }: StoredToken): Omit<StoredToken, 'hash'> {
  return token;
}

function stateOf({ revokedAt, expiresAt }: StoredToken): string {
  if (revokedAt !== null) return `revoked ${localTime(revokedAt)}`;
  if (expiresAt === null) return 'in use';
  return expiresAt <= Date.now() ? 'expired' : `until ${localTime(expiresAt)}`;
}

function usedText({ lastUsed }: StoredToken): string {
  return lastUsed === null ? 'never' : `${localTime(lastUsed.at)} from ${lastUsed.from}`;
}

function days(text: string): number {
  if (/^[1-9]\d{0,4}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('a number of days is wanted.');
}
