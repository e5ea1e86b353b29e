import { isSigners } from '../../dns/dnssec.ts';
import type { DnsName } from '../../dns/name.ts';
import { problem, type Problem } from '../../dns/problem.ts';
import { formatRecord, type ResourceRecord } from '../../dns/record.ts';
import { zoneProblems, type Change } from '../../dns/zone.ts';
import { takesOwner } from './names.ts';

/** Types that are never written: the server itself maintains the SOA, and the others are no zone data. */
const notOurs: ReadonlySet<string> = new Set(['SOA', 'ANY', 'AXFR', 'IXFR', 'OPT', 'TKEY', 'TSIG']);

/**
 * Finds everything in a change that the API would refuse, and records that only the server itself may write.
 */
export function auditChange(change: Change): readonly Problem[] {
  return [
    ...change.add.flatMap((record) => recordProblems(change.zone, record)),
    ...zoneProblems(change.zone, change.add),
  ];
}

function recordProblems(zone: DnsName, record: ResourceRecord): readonly Problem[] {
  const { name, type } = record;
  if (notOurs.has(type) || isSigners(zone, record))
    return [problem('central.type-unsupported', { name, type })];
  return takesOwner(name) ? [] : [problem('central.value-unsupported', { record: formatRecord(record) })];
}
