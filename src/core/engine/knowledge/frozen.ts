import type { DnsName } from '../../../dns/name.ts';
import { JournalError, type JournalReader } from '../../journal.ts';

/**
 * Whether the zone's ledger is damaged. Then edits of the zone are refused until a new baseline is taken.
 * @throws {JournalError}
 */
export async function isFrozen(journal: Pick<JournalReader, 'rows'>, zone: DnsName): Promise<boolean> {
  try {
    await journal.rows(zone, []);
    return false;
  } catch (error) {
    if (error instanceof JournalError && error.code === 'journal.zone-damaged') return true;
    throw error;
  }
}

/**
 * Whether the zone has ledger rows. Also true if the zone's ledger is damaged, because it may have rows.
 * @throws {JournalError}
 */
export async function mayHaveRows(journal: Pick<JournalReader, 'rows'>, zone: DnsName): Promise<boolean> {
  return (await isFrozen(journal, zone)) || (await journal.rows(zone)).length > 0;
}
