import { Command } from 'commander';
import { systemClock } from '../../../app/wiring/clock.ts';
import { CommandFailed } from '../../../app/command-failed.ts';
import { CentralError } from '../../../core/central.ts';
import { describeProblem } from '../../../core/describe.ts';
import { displayName } from '../../../dns/name.ts';
import { acceptDatabase } from '../../../gateway/audit/accept-database.ts';
import { databaseDoubtOf, type DatabaseDoubt } from '../../../gateway/audit/database-guard.ts';
import { HeadsFile, HeadsUnreadable } from '../../../gateway/audit/heads-file.ts';
import { openBackends, requestTime } from '../../../gateway/open-backends.ts';
import type { GatewaySettings } from '../../../gateway/settings.ts';
import type { Storage } from '../../../gateway/storage/storage.ts';
import { compareOwners, type OwnersCompared } from '../../../gateway/work/compare-owners.ts';
import { localTime, print, table } from '../../output.ts';
import { byOperator, settingsAt, withStorage, type GatewayGlobals } from './with-storage.ts';

const examples = `
Without --yes it only shows what differs. Then check by hand what the lost time may have changed:
  zones without owner         "zone assign" gives them to their customers
  zones that were transferred "zone transfer"; they belong to the owner of before
  tokens that were revoked    "token revoke"; they are accepted again
Exit status: 0 accepted, or there was nothing to accept; 1 failed; 2 --yes is missing.
`;

const doubtTexts: Readonly<Record<DatabaseDoubt, string>> = {
  older: 'It lacks entries of the audit that were exported: an older copy was put back.',
  'no-heads': 'The file with heads of the audit is missing, so nobody knows whether it is complete.',
  'bad-heads': 'The file with heads of the audit cannot be read.',
};

/** `domainsync gateway accept-database` */
export function acceptDatabaseCommand({ globals, config }: GatewayGlobals): Command {
  return new Command('accept-database')
    .description('let a gateway write again whose database was put back')
    .option('--yes', 'confirm that the lists were seen')
    .addHelpText('after', examples)
    .action(async ({ yes }: { yes?: true }, command: Command) => {
      const settings = settingsAt(config());
      const heads = new HeadsFile(settings.auditHeads);
      const found = await withStorage(config(), async (storage) => {
        const doubt = await databaseDoubtOf({ storage, heads });
        const compared = doubt === null ? null : await differences(storage, settings);
        if (doubt !== null && yes === true) await accept(storage, heads);
        return { doubt, until: await lastEntry(storage), ...compared };
      });
      const { doubt } = found;
      if (doubt === null) {
        print(globals().json, found, () => 'There is nothing to accept.');
        return;
      }
      const { unowned = [], missing = [], claims = [] } = found;
      const done = yes === true ? 'Accepted: the gateway writes again.' : '';
      print(globals().json, { ...found, accepted: yes === true }, () =>
        [doubtTexts[doubt], untilText(found.until), listsText({ unowned, missing, claims }), done]
          .filter((text) => text !== '')
          .join('\n\n'),
      );
      if (yes !== true) command.error('error: the gateway only reads; confirm with --yes.');
    });
}

async function differences(storage: Storage, settings: GatewaySettings): Promise<OwnersCompared> {
  try {
    const centrals = await openBackends(settings, { clock: systemClock, log: () => undefined });
    try {
      const ctx = { signal: AbortSignal.timeout(requestTime(settings)), operation: '-' };
      return await compareOwners(storage, centrals, ctx);
    } finally {
      for (const central of centrals.values()) await central.close();
    }
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    throw new CommandFailed(`The name server: ${describeProblem(error, 'en')}`);
  }
}

async function accept(storage: Storage, heads: HeadsFile): Promise<void> {
  try {
    await acceptDatabase(storage, heads, Date.now(), byOperator('database.accepted', {}));
  } catch (error) {
    if (!(error instanceof HeadsUnreadable)) throw error;
    throw new CommandFailed(`The file with heads of the audit cannot be written: ${error.message}`);
  }
}

/** When the last entry of the audit was made, wall clock in milliseconds; null: there is none. */
async function lastEntry(storage: Storage): Promise<number | null> {
  const { number } = await storage.auditHead();
  const [link] = number === 0 ? [] : await storage.auditLinks(number - 1, 1);
  return link?.at ?? null;
}

function untilText(until: number | null): string {
  return until === null ? 'It has no entry of the audit.' : `Its last entry is of ${localTime(until)}.`;
}

function listsText({ unowned, missing, claims }: OwnersCompared): string {
  const rows = [
    ...unowned.map((zone) => [displayName(zone), '', 'at the name server, without an owner']),
    ...missing.map(({ zone, customer }) => [displayName(zone), customer, 'not at the name server']),
    ...claims.map(({ zone, customer }) => [displayName(zone), customer, 'claimed; becomes free']),
  ];
  if (rows.length === 0) return 'The name server has exactly the zones that have owners.';
  return table(['zone', 'customer', 'difference'], rows);
}
