import type { DnsName } from '../dns/name.ts';
import { classes } from '../dns/wire/codes.ts';
import type { WireRecord } from '../dns/wire/records.ts';

/**
 * Makes an update record that deletes all records with a name and type. Type `ANY`: all records with the name
 * (RFC 2136 sections 2.5.2 and 2.5.3).
 */
export function deleteRrset(name: DnsName, type: string): WireRecord {
  return { name, type, class: classes.ANY, ttl: 0, rdata: null };
}
