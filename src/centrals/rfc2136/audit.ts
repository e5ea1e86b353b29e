import { isSigners } from '../../dns/dnssec.ts';
import { problem, validOr, type Problem } from '../../dns/problem.ts';
import { numberOfType } from '../../dns/rdata/types.ts';
import { zoneProblems, type Change } from '../../dns/zone.ts';

/** Numbers of the types `ALIAS` and `LUA` of PowerDNS. BIND and Knot would serve their data as it is. */
const powerdnsTypes: ReadonlySet<number> = new Set([65_401, 65_402]);

/**
 * Finds what a name server would refuse, without asking it: records that only a signing server makes, and
 * data that clash with each other. Also finds types that BIND and Knot do not have.
 */
export function auditChange({ zone, add }: Change): readonly Problem[] {
  const made = add.filter((record) => isSigners(zone, record) || !isServed(record.type));
  return [
    ...made.map(({ name, type }) => problem('central.type-unsupported', { name, type })),
    ...zoneProblems(zone, add),
  ];
}

/** Whether the type has a number, which a message needs, and a meaning at BIND and Knot. */
function isServed(type: string): boolean {
  const number = validOr(() => numberOfType(type), null);
  return number !== null && !powerdnsTypes.has(number);
}
