import type { DnsName } from '../../../dns/name.ts';
import { conflictSinceFact, type JournalReader } from '../../journal.ts';
import { filledFact } from '../background/fill-zone.ts';
import { forgotten } from '../before/signed-delete.ts';
import { baselineFact } from '../before/unknown-zone.ts';
import type { Transaction } from '../parts/store.ts';
import { excludedRows } from './excluded-rows.ts';

/**
 * Prepares to forget what the ledger says about zones, so that the first comparison of all zones is made
 * anew. Records that an administrator excluded stay excluded.
 * @returns a function that forgets the zones within a transaction
 * @throws {JournalError}
 */
export async function forgettingZones(
  journal: JournalReader,
  zones: readonly DnsName[],
): Promise<(tx: Transaction) => void> {
  const excluded = await excludedRows(journal, zones);
  const facts = zones.map((zone) => ({ ...forgotten(zone), [`${conflictSinceFact}${zone}`]: null }));
  return (tx) => {
    for (const change of excluded) tx.rows(change);
    tx.with({
      dropZones: zones,
      facts: Object.assign({ [baselineFact]: null, [filledFact]: null }, ...facts),
    });
  };
}
