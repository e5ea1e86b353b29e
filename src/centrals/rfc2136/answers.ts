import { signerTypes } from '../../dns/dnssec.ts';
import { isWithin, type DnsName } from '../../dns/name.ts';
import type { CentralRecord } from '../../core/central.ts';
import { classes, rcodes } from '../../dns/wire/codes.ts';
import type { DnsMessage } from '../../dns/wire/message.ts';
import type { WireRecord } from '../../dns/wire/records.ts';

/** What one answer says of a name in a zone. */
export type Seen =
  /** The server does not serve this zone (any more). */
  | { readonly kind: 'no-zone' }
  /** Records at the name; perhaps made up from a wildcard. */
  | { readonly kind: 'records'; readonly records: readonly CentralRecord[] }
  /**
   * At or below a delegation or a DNAME: only what a referral shows is seen (RFC 1034 section 4.3.2). `cut` is the owner of
   * the NS or DNAME, or the apex of a zone below that the server has too.
   */
  | { readonly kind: 'hidden'; readonly cut: DnsName; readonly records: readonly CentralRecord[] };

/** Reads the answer to a query about `name` as a statement about the zone's data (RFC 1034 section 4.3.2, RFC 2308 section 2). */
export function seenIn(answer: DnsMessage, zone: DnsName, name: DnsName): Seen {
  if (answer.rcode !== rcodes.NOERROR && answer.rcode !== rcodes.NXDOMAIN) return { kind: 'no-zone' };
  if (!answer.flags.aa) return seenInReferral(answer, zone, name);
  const dname = answer.answers.find((record) => record.type === 'DNAME' && record.name !== name);
  if (dname !== undefined && isWithin(name, dname.name))
    return { kind: 'hidden', cut: dname.name, records: [] };
  const records = dataAt(answer.answers, name);
  if (answer.answers.length > 0) return { kind: 'records', records };
  // A denial names the zone that it speaks for: one below ours hides what ours has there, any other means that ours is not here.
  const soa = answer.authority.find(({ type }) => type === 'SOA')?.name;
  if (soa === zone) return { kind: 'records', records: [] };
  const isBelow = soa !== undefined && isWithin(soa, zone) && isWithin(name, soa);
  return isBelow ? { kind: 'hidden', cut: soa, records: [] } : { kind: 'no-zone' };
}

function seenInReferral(answer: DnsMessage, zone: DnsName, name: DnsName): Seen {
  const cut = answer.authority.find(({ type }) => type === 'NS')?.name;
  if (cut === undefined || cut === zone || !isWithin(cut, zone) || !isWithin(name, cut))
    return { kind: 'no-zone' };
  const shown = name === cut ? [...answer.authority, ...answer.additional] : answer.additional;
  return { kind: 'hidden', cut, records: dataAt(shown, name) };
}

function dataAt(records: readonly WireRecord[], name: DnsName): readonly CentralRecord[] {
  return records.flatMap((record) =>
    record.name === name && record.class === classes.IN ? centralRecord(record) : [],
  );
}

/** Its handle is the rdata as the server has it, hexadecimal, where that is not what the canonical text would give. */
export function centralRecord({ name, type, ttl, rdata, octets }: WireRecord): readonly CentralRecord[] {
  if (rdata === null || signerTypes.has(type)) return [];
  const handle = octets === undefined ? '' : Buffer.from(octets).toString('hex');
  return [{ name, type, ttl, rdata, handle }];
}

/** The rdata octets a record is known by at the server; see {@link centralRecord}. */
export function heldOctets({ handle }: CentralRecord): { readonly octets?: Uint8Array } {
  return handle === '' ? {} : { octets: Buffer.from(handle, 'hex') };
}
