import { isWithin, zoneName, type DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import type { PlanRequest } from '../../core/zone-plan.ts';
import { CommandFailed } from '../command-failed.ts';
import { inWords } from '../problems.ts';

/** A zone, or the records of one name in it. */
export interface NamedZone {
  readonly zone: DnsName;
  readonly only?: NonNullable<PlanRequest['only']>;
}

/**
 * Finds what an operator named: each word is a zone, or a name that lies in a zone.
 * @param words names in Unicode or punycode; null: all zones
 * @param known all zones that the panel or the ledger has
 * @param type only records of this type; null: all types
 * @throws {CommandFailed} with everything that is wrong with the names
 */
export function findNamed(
  words: readonly string[] | null,
  known: readonly DnsName[],
  type: string | null,
): readonly NamedZone[] {
  if (words === null) return known.map((zone) => ({ zone }));
  const zones = new Set(known);
  const found: NamedZone[] = [];
  const wrong: string[] = [];
  for (const word of new Set(words)) {
    const named = parsed(word, zones, wrong);
    if (named === null) continue;
    const zone = nearest(named, known);
    if (zone === null)
      wrong.push(`No zone of the name ${word}, or above it, is known; see "domainsync zones".`);
    else found.push(zone === named && type === null ? { zone } : { zone, only: { name: named, type } });
  }
  if (wrong.length > 0) throw new CommandFailed(wrong.join('\n'));
  return found;
}

function parsed(word: string, zones: ReadonlySet<DnsName>, wrong: string[]): DnsName | null {
  try {
    return zoneName(word, zones);
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    wrong.push(inWords(error.problems));
    return null;
  }
}

/** Of these zones, the closest one that contains the name; null: none contains it. */
function nearest(name: DnsName, known: readonly DnsName[]): DnsName | null {
  return known.reduce<DnsName | null>(
    (best, zone) => (isWithin(name, zone) && (best === null || zone.length > best.length) ? zone : best),
    null,
  );
}
