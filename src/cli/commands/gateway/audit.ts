import { Command, InvalidArgumentError } from 'commander';
import { displayName } from '../../../dns/name.ts';
import { absoluteName } from '../../../net/gateway/wire.ts';
import { localTime, print, table } from '../../output.ts';
import { withStorage, type GatewayGlobals } from './with-storage.ts';

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
