import type { DnsName } from '../../../dns/name.ts';
import type { ResourceRecord } from '../../../dns/record.ts';
import type { CreateOperation } from '../../operation.ts';
import { plain } from '../knowledge/compare-rule.ts';
import type { Runtime } from '../runtime.ts';
import { emptySeed } from '../before/zone-edits.ts';

function apexNs(zone: DnsName, records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  return records.filter(({ name, type }) => type === 'NS' && name === zone);
}

/**
 * A create that names the name servers which the panel's own zone has. The `before` of a create may not name
 * any, and a zone that comes with a site has no `before`.
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
 * Apex NS records to add to a zone of our making that has none. The central puts nothing into a zone by
 * itself, and a zone without NS is no delegation's target (RFC 1035 section 5.2). Where it has some, they are
 * the central's affair.
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
