import { isExpectedAt, type Expectation } from '../../core/central.ts';
import { isWithin, type DnsName } from '../../dns/name.ts';
import { problem } from '../../dns/problem.ts';
import { otherTtl, recordId, type ResourceRecord } from '../../dns/record.ts';
import { toWire } from '../../net/gateway/wire.ts';
import { ApiRefusal } from '../api-refusal.ts';
import type { Storage } from '../storage/storage.ts';
import { mayRead, type Rights } from '../rights/decide.ts';

/** @throws {ApiRefusal} if a name of the expectation is not in the zone */
export function demandNamesIn(zone: DnsName, { names }: Expectation): void {
  const outside = [...names].filter((name) => !isWithin(name, zone));
  if (outside.length === 0) return;
  const problems = outside.map((name) => problem('name.out-of-zone', { name, zone }));
  throw new ApiRefusal(422, 'central.invalid-value', { problems });
}

/** How long after a client has found other records a zone is checked for drift, milliseconds. */
const beforeCheck = 60_000;

/**
 * As {@link demandExpected}. If the zone has other records, somebody else may have changed them. So it is
 * soon checked for drift.
 */
export async function demandAsExpected(
  { storage, wall }: { readonly storage: Pick<Storage, 'drift'>; readonly wall: () => number },
  ...asked: Parameters<typeof demandExpected>
): Promise<void> {
  try {
    demandExpected(...asked);
  } catch (error) {
    await storage.drift.checkBy(asked[1], wall() + beforeCheck);
    throw error;
  }
}

/**
 * Refuses a change if the zone has other records than the client expects. Only records that the token may
 * read count. So the answer shows what a read with this token would show, and no more.
 * @param present at least all records at the names of the expectation
 * @throws {ApiRefusal} 412 with the records that are there
 */
function demandExpected(
  rights: Rights,
  zone: DnsName,
  expected: Expectation,
  present: readonly ResourceRecord[],
): void {
  const found = present.filter(
    (record) => isExpectedAt(expected, zone, record) && mayRead(rights, zone, record),
  );
  if (areSame(expected.records, found)) return;
  throw new ApiRefusal(412, 'gateway.found-otherwise', { retry: 'later', found: found.map(toWire) });
}

function areSame(expected: readonly ResourceRecord[], found: readonly ResourceRecord[]): boolean {
  const wanted = new Map(expected.map((record) => [recordId(record), record]));
  const there = new Map(found.map((record) => [recordId(record), record]));
  if (wanted.size !== there.size) return false;
  return [...wanted].every(([id, record]) => {
    const held = there.get(id);
    return held !== undefined && !otherTtl(record, held);
  });
}
