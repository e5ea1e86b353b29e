import type { DnsName } from '../../../dns/name.ts';
import { conflictSinceFact, type Batch, type JournalReader } from '../../journal.ts';
import { filledFact } from '../background/fill-zone.ts';
import { signedDeleteFacts } from '../before/signed-delete.ts';
import { baselineDueFact, baselineFact } from '../before/unknown-zone.ts';
import { otherWriterFact } from '../comparison/other-writers.ts';
import type { Transaction } from '../parts/store.ts';
import { excludedRows } from './excluded-rows.ts';
import { followDueFact } from './follow-due.ts';

/** What to commit so that nothing the journal knows of a zone affects a later zone of that name. */
export function withoutZone(zone: DnsName): Required<Pick<Batch, 'dropZones' | 'facts'>> {
  const facts = [
    ...signedDeleteFacts(zone),
    otherWriterFact(zone),
    baselineDueFact(zone),
    followDueFact(zone),
    `${conflictSinceFact}${zone}`,
  ];
  return { dropZones: [zone], facts: Object.fromEntries(facts.map((name) => [name, null])) };
}

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
  const facts = zones.map((zone) => withoutZone(zone).facts);
  return (tx) => {
    for (const change of excluded) tx.rows(change);
    tx.with({
      dropZones: zones,
      facts: Object.assign({ [baselineFact]: null, [filledFact]: null }, ...facts),
    });
  };
}
