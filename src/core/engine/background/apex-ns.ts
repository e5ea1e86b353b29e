import type { DnsName } from '../../../dns/name.ts';
import type { ResourceRecord } from '../../../dns/record.ts';
import type { CreateOperation } from '../../operation.ts';
import { plain } from '../knowledge/compare-rule.ts';
import type { Runtime } from '../runtime.ts';
import { emptySeed } from '../before/zone-edits.ts';

/** The NS records of the zone's own name. */
export function apexNs(zone: DnsName, records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  return records.filter(({ name, type }) => type === 'NS' && name === zone);
}

/**
 * Returns the create operation with the name servers that the zone has in the panel. The create call itself
 * may have named none: for example, the panel makes a zone together with a web site.
 * @param panel records of the zone in the panel
 */
export function withNameServers(
  operation: CreateOperation,
  panel: readonly ResourceRecord[],
): CreateOperation {
  const nameServers = apexNs(operation.zone, panel).map(({ rdata }) => rdata);
  if (nameServers.length === 0) return operation;
  return { ...operation, seed: { ...(operation.seed ?? emptySeed), nameServers } };
}

/**
 * The apex NS records to add to a zone that we created and that has none. A central that creates a zone
 * together with its records adds no NS records itself. A zone must have NS records at its apex (RFC 2181
 * section 6.1). If the zone has NS records already, they belong to the central.
 * @param present records of the zone at the central
 */
export function lackingApexNs(
  { ports }: Runtime,
  { zone, created }: CreateOperation,
  panel: readonly ResourceRecord[],
  present: readonly ResourceRecord[],
): readonly ResourceRecord[] {
  if (!created || !ports.central.traits.createsWithContent) return [];
  return apexNs(zone, present).length > 0 ? [] : apexNs(zone, panel).map(plain);
}
