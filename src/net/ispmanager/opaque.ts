import { Buffer } from 'node:buffer';
import { ownerName, type RowFields } from './rows.ts';
import type { Origin } from '../../dns/name.ts';
import { canonicalType } from '../../dns/rdata/rdata.ts';
import type { ResourceRecord } from '../../dns/record.ts';

/**
 * A record that stands for a row whose value cannot be understood. It has the row's name and type; its data
 * are the row's own words in the form of RFC 3597. It equals no record of an edit, so nobody touches it; and
 * the same row on both sides gives the same record.
 * @throws {DnsDataError} when not even name and type can be read
 */
export function opaqueRecord(row: RowFields, zone: Origin): ResourceRecord {
  const words = [row.prio, row.wght, row.port, row.addr].map((word) => word?.trim() ?? '').join(' ');
  const octets = Buffer.from(words, 'utf8');
  const rdata = `\\# ${octets.length} ${octets.toString('hex')}`;
  return { name: ownerName(row.name ?? '', zone), type: canonicalType(row.type ?? ''), ttl: null, rdata };
}
