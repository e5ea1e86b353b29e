import { zoneName, type DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';

/** A zone in `elid`, `plid` and `name`: punycode, without the final dot (docs/protocol.md#zones-4). */
export function zoneParameter(zone: DnsName): string {
  return zone.slice(0, -1);
}

/** The zone that a panel's spelling means; `null` for what is no name. */
export function zoneOf(text: string): DnsName | null {
  try {
    return zoneName(text.trim());
  } catch (error) {
    if (error instanceof DnsDataError) return null;
    throw error;
  }
}
