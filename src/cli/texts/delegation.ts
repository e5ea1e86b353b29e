import { displayName, type DnsName } from '../../dns/name.ts';
import { counted } from '../../core/describe.ts';
import type { CentralPlan } from '../../app/control/protocol.ts';
import type { Delegation } from '../../app/plan/delegation.ts';

/** Most name servers that are named in a text. */
const mostNamed = 4;

/**
 * Warns if a plan's zone is delegated elsewhere, not at all, or if the resolver answered with an error. Null:
 * there is nothing to warn of. Other reasons why a delegation is unknown affect many zones, so only the
 * totals mention them.
 */
export function delegationText({ delegation }: CentralPlan): string | null {
  switch (delegation?.kind) {
    case 'elsewhere':
      return `delegated to ${serversText(delegation.to)}, not here`;
    case 'partly':
      return `delegated not only here, but to ${serversText(delegation.to)} as well`;
    case 'none':
      return 'not delegated in public to anybody';
    case 'failed':
      return `not known where it is delegated to: the resolver returned ${delegation.text}`;
    case 'here':
    case 'unanswered':
    case 'incomparable':
    case undefined:
      return null;
  }
}

function serversText(names: readonly DnsName[]): string {
  const more = names.length - mostNamed;
  const named = names.slice(0, mostNamed).map((name) => displayName(name));
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/**
 * Counts the zones of plans by where the public DNS delegates them: to the central, to others or to nobody.
 * Zones whose delegation was not looked up are not counted.
 */
export function delegationTotals(
  plans: readonly CentralPlan[],
): Readonly<Partial<Record<Delegation['kind'], number>>> {
  const counts: Partial<Record<Delegation['kind'], number>> = {};
  for (const { delegation } of plans)
    if (delegation !== undefined) counts[delegation.kind] = (counts[delegation.kind] ?? 0) + 1;
  return counts;
}

/**
 * Says in the summary which zones are not delegated to the central alone, or that this is not known. Empty:
 * all are delegated to the central alone.
 */
export function delegationTotalsTexts({
  elsewhere = 0,
  partly = 0,
  none = 0,
  failed = 0,
  unanswered = 0,
  incomparable = 0,
}: ReturnType<typeof delegationTotals>): readonly string[] {
  const parts: readonly (readonly [count: number, text: string])[] = [
    [elsewhere, 'delegated elsewhere'],
    [partly, 'delegated not only here'],
    [none, 'not delegated'],
    [failed, 'whose delegation is not known'],
    [unanswered, 'whose delegation is not known (no resolver answered)'],
    [
      incomparable,
      'whose delegation is not known (name the name servers of the central in the option nameservers)',
    ],
  ];
  return parts.flatMap(([count, text]) => (count === 0 ? [] : [`${counted(count, 'zone')} ${text}`]));
}
