import { problem, type Problem } from '../../dns/problem.ts';
import { formatRecord, type ResourceRecord } from '../../dns/record.ts';
import { zoneProblems, type Change } from '../../dns/zone.ts';
import type { DnsName } from '../../dns/name.ts';
import type { CentralDialect } from './dialect.ts';

/**
 * Finds everything in a change that this panel would refuse or could not store unchanged. Examples are types
 * without a form, octets that are no text, and names outside the zone. Also finds records that cannot stand
 * beside each other.
 */
export function auditChange(change: Change, dialect: CentralDialect): readonly Problem[] {
  const held = change.add.flatMap((record) => holdProblems(record, change.zone, dialect));
  return [...held, ...zoneProblems(change.zone, change.add)];
}

function holdProblems(record: ResourceRecord, zone: DnsName, dialect: CentralDialect): readonly Problem[] {
  const { name, type } = record;
  if (!dialect.recordTypes.has(type)) return [problem('central.type-unsupported', { name, type })];
  if (dialect.holds(record, zone)) return [];
  return [problem('central.value-unsupported', { record: formatRecord(record) })];
}
