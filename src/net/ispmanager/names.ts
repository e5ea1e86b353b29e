import { zoneName, type DnsName } from '../../dns/name.ts';
import { validOr } from '../../dns/problem.ts';

/**
 * A zone's name as the panel's parameters `elid`, `plid` and `name` have it: in punycode, without the final
 * dot (docs/protocol.md#zones-4).
 */
export function zoneParameter(zone: DnsName): string {
  return zone.slice(0, -1);
}

/** The zone that a text of the panel names; `null` if the text is no name. */
export function zoneOf(text: string): DnsName | null {
  return validOr(() => zoneName(text.trim()), null);
}
