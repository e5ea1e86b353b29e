import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { isCentralsOwn } from '../../../core/engine/knowledge/compare-rule.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Judgement } from './judgement.ts';

type Records = ReadonlyMap<string, ResourceRecord> | undefined;

/** The records of both sides when the serials of a zone were last read. */
export interface HeldThen {
  readonly panel: Records;
  readonly central: Records;
}

/**
 * Checks a zone that a comparison skipped because of its serials. Both sides must have exactly the records of
 * the ledger.
 */
export function checkLeftOut(
  zone: DnsName,
  { panel, central }: HeldThen,
  witness: JournalWitness,
  judgement: Judgement,
): void {
  const entry = witness.zones.get(zone);
  if (panel === undefined || central === undefined || entry?.state !== 'synced') {
    judgement.violate('serials.changed', `${zone} was left out, and one side does not have it`);
    return;
  }
  const rows = new Map([...witness.rows(zone)].map((row) => [recordId(row.record), row]));
  for (const [id, record] of [...panel, ...central]) {
    if (!isCentralsOwn(zone, record) && !rows.has(id))
      judgement.violate('serials.changed', `${zone} was left out, and ${id} has come`);
  }
  for (const [id, { state, onPanel, onCentral }] of rows) {
    if (state === 'conflict' || panel.has(id) !== onPanel || central.has(id) !== onCentral)
      judgement.violate('serials.changed', `${zone} was left out, and ${id} has changed`);
  }
}
