import type { DnsName } from '../dns/name.ts';
import { classes } from '../dns/wire/codes.ts';
import type { WireRecord } from '../dns/wire/records.ts';

/**
 * Update: deletes every record of this name and type; with `ANY` all of the name (RFC 2136 section 2.5.2,
 * 2.5.3).
 */
export function deleteRrset(name: DnsName, type: string): WireRecord {
  return { name, type, class: classes.ANY, ttl: 0, rdata: null };
}
