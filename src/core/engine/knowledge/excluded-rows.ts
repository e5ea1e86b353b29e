import type { DnsName } from '../../../dns/name.ts';
import type { JournalReader, RowChange } from '../../journal.ts';
import { isFrozen } from './frozen.ts';

/**
 * Finds the rows that an administrator excluded. They are kept when the ledger is forgotten, as excluded
 * zones are. Zones with a damaged ledger are left out, because their rows cannot be trusted.
 * @throws {JournalError}
 */
export async function excludedRows(journal: JournalReader, zones: readonly DnsName[]): Promise<RowChange[]> {
  if (((await journal.counts()).rows['excluded'] ?? 0) === 0) return [];
  const changes: RowChange[] = [];
  for (const zone of zones) {
    if (await isFrozen(journal, zone)) continue;
    const put = (await journal.rows(zone)).filter(({ state }) => state === 'excluded');
    if (put.length > 0) changes.push({ zone, put });
  }
  return changes;
}
