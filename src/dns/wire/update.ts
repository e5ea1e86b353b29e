import type { DnsName } from '../name.ts';
import type { ResourceRecord } from '../record.ts';
import { classes } from './codes.ts';
import { queryMessage, type DnsMessage } from './message.ts';
import type { WireRecord } from './records.ts';

/** A record without its TTL. `octets`: see {@link WireRecord.octets}. */
type RecordData = Pick<ResourceRecord, 'name' | 'type' | 'rdata'> & { readonly octets?: Uint8Array };

/**
 * Makes an update of one zone, with id 0 (RFC 2136 section 2). If every prerequisite is met, the server
 * carries out all updates in order. Otherwise it carries out none of them.
 */
export function updateMessage(
  zone: DnsName,
  prerequisites: readonly WireRecord[],
  updates: readonly WireRecord[],
): DnsMessage {
  return {
    ...queryMessage(zone, 'SOA'),
    opcode: 'update',
    answers: prerequisites,
    authority: updates,
  };
}

/** Prerequisite: an RRset of this name and type exists, with any data (RFC 2136 section 2.4.1). */
export function rrsetExists(name: DnsName, type: string): WireRecord {
  return { name, type, class: classes.ANY, ttl: 0, rdata: null };
}

/**
 * Prerequisite: an RRset consists of exactly the records for which a message has this prerequisite. Add one
 * for each record of the RRset (RFC 2136 section 2.4.2).
 */
export function rrsetHas(record: RecordData): WireRecord {
  return dataRecord(record, classes.IN, 0);
}

/** Prerequisite: no RRset of this name and type exists (RFC 2136 section 2.4.3). */
export function rrsetAbsent(name: DnsName, type: string): WireRecord {
  return { name, type, class: classes.NONE, ttl: 0, rdata: null };
}

/** Prerequisite: the name owns at least one record (RFC 2136 section 2.4.4). */
export function nameInUse(name: DnsName): WireRecord {
  return rrsetExists(name, 'ANY');
}

/** Prerequisite: the name owns no record (RFC 2136 section 2.4.5). */
export function nameNotInUse(name: DnsName): WireRecord {
  return rrsetAbsent(name, 'ANY');
}

/**
 * Update: adds a record. If the record already exists, its whole RRset gets the new TTL (RFC 2136 sections
 * 2.5.1 and 3.4.2.2).
 */
export function addRecord(record: RecordData, ttl: number): WireRecord {
  return dataRecord(record, classes.IN, ttl);
}

/** Update: deletes one record. Does nothing if the record does not exist (RFC 2136 section 2.5.4). */
export function deleteRecord(record: RecordData): WireRecord {
  return dataRecord(record, classes.NONE, 0);
}

function dataRecord(record: RecordData, recordClass: number, ttl: number): WireRecord {
  const { name, type, rdata, octets } = record;
  return { name, type, class: recordClass, ttl, rdata, ...(octets === undefined ? {} : { octets }) };
}
