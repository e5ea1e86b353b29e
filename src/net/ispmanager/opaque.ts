import { ownerName, type RowFields } from './rows.ts';
import type { Origin } from '../../dns/name.ts';
import { canonicalType, genericText } from '../../dns/rdata/rdata.ts';
import type { ResourceRecord } from '../../dns/record.ts';

/**
 * Makes a record from a row whose value cannot be understood. The record has the name and the type of the
 * row. Its data are the text of the row in the form of RFC 3597. No edit can contain such a record, so it is
 * never changed. If both sides have the same row, both get the same record.
 * @throws {DnsDataError} if name or type cannot be read
 */
export function opaqueRecord(row: RowFields, zone: Origin): ResourceRecord {
  const words = [row.prio, row.wght, row.port, row.addr].map((word) => word?.trim() ?? '').join(' ');
  const rdata = genericText(Buffer.from(words, 'utf8'));
  return { name: ownerName(row.name ?? '', zone), type: canonicalType(row.type ?? ''), ttl: null, rdata };
}
