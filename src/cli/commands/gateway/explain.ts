import { Command } from 'commander';
import { absoluteName } from '../../../net/gateway/wire.ts';
import { verbs, type Verb } from '../../../gateway/rights/rule.ts';
import { print } from '../../output.ts';
import { withOperator } from './with-operator.ts';
import type { GatewayGlobals } from './with-storage.ts';

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
      const set = { name: absoluteName(name), type: type.toUpperCase() };
      const found = await withOperator(config(), async (work) =>
        work.explain(id, absoluteName(zone), set, verb),
      );
      print(globals().json, found, () => {
        const rule = found.rule === null ? 'no rule' : `rule ${JSON.stringify(found.rule)}`;
        return `${found.allowed ? 'allowed' : 'denied'}: ${found.reason}, ${rule}`;
      });
    });
}
