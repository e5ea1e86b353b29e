import { Command } from 'commander';
import { CommandFailed } from '../../../app/command-failed.ts';
import { absoluteName } from '../../../net/gateway/wire.ts';
import { explainRight } from '../../../gateway/rights/decide.ts';
import { verbs, type Verb } from '../../../gateway/rights/rule.ts';
import { print } from '../../output.ts';
import { withStorage, type GatewayGlobals } from './with-storage.ts';

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
