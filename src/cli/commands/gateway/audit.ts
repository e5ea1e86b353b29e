import { Command, InvalidArgumentError } from 'commander';
import { CommandFailed } from '../../../app/command-failed.ts';
import { displayName } from '../../../dns/name.ts';
import type { AuditCheck } from '../../../gateway/audit/verify.ts';
import type { AuditEntry } from '../../../gateway/storage/storage.ts';
import { absoluteName } from '../../../net/gateway/wire.ts';
import { localTime, print, table } from '../../output.ts';
import { withOperator } from './with-operator.ts';
import type { GatewayGlobals } from './with-storage.ts';

/** Number of entries of the audit that are read at once. */
const mostEntries = 1_000;

/** `domainsync gateway audit` */
export function auditCommand(own: GatewayGlobals): Command {
  const { globals, config } = own;
  return new Command('audit')
    .option('--after <number>', 'only entries after this one', entryNumber, 0)
    .option('--verify', 'check that no entry was changed or removed, and compare with the exported heads')
    .description('what was done, by whom and from where, oldest first; at most 1,000 entries at once')
    .addCommand(eraseCommand(own))
    .action(async ({ after, verify }: { after: number; verify?: true }) => {
      if (verify === true) {
        await verifyAudit(own);
        return;
      }
      const { entries, isEnd } = await withOperator(config(), async (work) => work.audit(after, mostEntries));
      print(globals().json, entries, () => {
        const columns = ['number', 'time', 'what', 'customer', 'token', 'from', 'zone'];
        const more = isEnd ? '' : `\n\nThere are more: --after ${entries.at(-1)?.number ?? after}`;
        return `${table(columns, entries.map(auditRow))}${more}`;
      });
    });
}

function auditRow(one: AuditEntry): string[] {
  return [
    String(one.number),
    localTime(one.at),
    one.what,
    one.customer,
    one.token,
    one.isErased ? '(erased)' : one.from,
    one.zone === '' ? '' : displayName(absoluteName(one.zone)),
  ];
}

/** @throws {CommandFailed} if an entry was changed or removed */
async function verifyAudit({ globals, config }: GatewayGlobals): Promise<void> {
  const checked = await withOperator(config(), async (work) => work.checkAudit());
  const { entries, heads, broken, missing } = checked;
  if (broken.length > 0 || missing.length > 0) throw new CommandFailed(faultsText(checked));
  print(
    globals().json,
    checked,
    () => `${entries} entries follow from each other; ${heads} exported heads agree.`,
  );
}

function faultsText({ broken, missing }: AuditCheck): string {
  const lines = [
    ...(broken.length === 0
      ? []
      : [`Entries that were changed, or follow a removed one: ${broken.join(', ')}.`]),
    ...(missing.length === 0
      ? []
      : [`Exported entries that the audit lacks or has otherwise: ${missing.join(', ')}.`]),
  ];
  return lines.join('\n');
}

function eraseCommand({ globals, config }: GatewayGlobals): Command {
  return new Command('erase-person')
    .argument('<address>', 'the address, or the user of the command line, as the audit shows it')
    .option('--customer <id>', 'only in entries about this customer')
    .description('erase an address from audit, changes and tokens; the entries themselves stay')
    .action(async (client: string, { customer = null }: { customer?: string | null }) => {
      const erased = await withOperator(config(), async (work, by) =>
        work.eraseAddresses(by, client, customer),
      );
      print(globals().json, { erased }, () => `Erased in ${erased} entries of the audit.`);
    });
}

function entryNumber(text: string): number {
  if (/^\d{1,15}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('the number of an entry is wanted.');
}
