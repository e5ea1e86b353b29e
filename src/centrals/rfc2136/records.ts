import type { CentralRecord } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { DnsMessage } from '../../dns/wire/message.ts';
import { readZoneAnswer, type DataRecord, type ZoneAnswer } from '../../dns/wire/zone-answer.ts';

/** What a name server has at a name, as one of its answers shows it. */
export type HeldAtName = ZoneAnswer<CentralRecord>;

/** Reads one answer about `name`; see {@link readZoneAnswer}. */
export function heldAt(answer: DnsMessage, zone: DnsName, name: DnsName): HeldAtName {
  const read = readZoneAnswer(answer, zone, name);
  return read.kind === 'no-zone' ? read : { ...read, records: read.records.map(centralRecord) };
}

/**
 * Makes a record from the server's data. Its handle is empty if the canonical text gives exactly the server's
 * rdata octets. Otherwise the handle is those octets in hexadecimal.
 */
export function centralRecord({ name, type, ttl, rdata, octets }: DataRecord): CentralRecord {
  const handle = octets === undefined ? '' : Buffer.from(octets).toString('hex');
  return { name, type, ttl, rdata, handle };
}

/**
 * `octets`: the rdata of a record as the server stores it; absent if the canonical text gives the same
 * octets.
 */
export function heldOctets({ handle }: CentralRecord): { readonly octets?: Uint8Array } {
  return handle === '' ? {} : { octets: Buffer.from(handle, 'hex') };
}
