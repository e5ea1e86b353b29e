import { isSigners } from '../../dns/dnssec.ts';
import { problem, type Problem } from '../../dns/problem.ts';
import { zoneProblems, type Change } from '../../dns/zone.ts';

/**
 * Finds what a name server would refuse, without asking it: records that only a signing server makes, and
 * data that clash with each other.
 */
export function auditChange({ zone, add }: Change): readonly Problem[] {
  const made = add.filter((record) => isSigners(zone, record));
  return [
    ...made.map(({ name, type }) => problem('central.type-unsupported', { name, type })),
    ...zoneProblems(zone, add),
  ];
}
