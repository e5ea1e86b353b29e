import { problem, type Problem } from '../../dns/problem.ts';
import { formatRecord, type ResourceRecord } from '../../dns/record.ts';
import { zoneProblems, type Change } from '../../dns/zone.ts';
import { takesOwner } from './names.ts';

/** SOA is the server's own; the others it makes itself when it signs, or they are no data. */
const notOurs: ReadonlySet<string> = new Set([
  'SOA',
  'RRSIG',
  'NSEC',
  'NSEC3',
  'NSEC3PARAM',
  'ANY',
  'AXFR',
  'IXFR',
  'OPT',
  'TKEY',
  'TSIG',
]);

/** Everything the API would refuse in the records a change adds, and what is not ours to write. */
export function auditChange(change: Change): readonly Problem[] {
  return [...change.add.flatMap(recordProblems), ...zoneProblems(change.zone, change.add)];
}

function recordProblems(record: ResourceRecord): readonly Problem[] {
  const { name, type } = record;
  if (notOurs.has(type)) return [problem('central.type-unsupported', { name, type })];
  return takesOwner(name) ? [] : [problem('central.value-unsupported', { record: formatRecord(record) })];
}
