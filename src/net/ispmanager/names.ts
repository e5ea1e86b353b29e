import { zoneName, type DnsName } from '../../dns/name.ts';
import { validOr } from '../../dns/problem.ts';

/**
 * The name of a zone for the panel's parameters `elid`, `plid` and `name`: in punycode, without the final dot
 * (docs/protocol.md#zones-4).
 */
export function zoneParameter(zone: DnsName): string {
  return zone.slice(0, -1);
}

/** Parses the name of a zone that the panel sent; `null`: the text is not a name. */
export function zoneOf(text: string): DnsName | null {
  return validOr(() => zoneName(text.trim()), null);
}
