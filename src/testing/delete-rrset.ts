import type { DnsName } from '../dns/name.ts';
import { classes } from '../dns/wire/codes.ts';
import type { WireRecord } from '../dns/wire/records.ts';

/**
 * An update record that deletes all records of a name and type; type `ANY`: all records of the name (RFC 2136
 * sections 2.5.2 and 2.5.3).
 */
export function deleteRrset(name: DnsName, type: string): WireRecord {
  return { name, type, class: classes.ANY, ttl: 0, rdata: null };
}
