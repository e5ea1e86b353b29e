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
   * At or below a delegation, a DNAME or another zone that the server has: only what a referral shows is seen, or nothing (RFC 1034
   * section 4.3.2). `cut` is the owner of the NS or DNAME, or the apex of the other zone.
   */
  | { readonly kind: 'hidden'; readonly cut: DnsName; readonly records: readonly CentralRecord[] };

/** Reads the answer to a query about `name` as a statement about the zone's data (RFC 1034 section 4.3.2, RFC 2308 section 2). */
export function seenIn(answer: DnsMessage, zone: DnsName, name: DnsName): Seen {
  if (answer.rcode !== rcodes.NOERROR && answer.rcode !== rcodes.NXDOMAIN) return { kind: 'no-zone' };
  if (!answer.flags.aa) return seenInReferral(answer, zone, name);
  const dname = answer.answers.find((record) => record.type === 'DNAME' && record.name !== name);
  if (dname !== undefined && isWithin(name, dname.name))
    return { kind: 'hidden', cut: dname.name, records: [] };
  const child = childOver(answer, zone, name);
  if (child !== null) return { kind: 'hidden', cut: child, records: [] };
  const records = dataAt(answer.answers, name);
  if (answer.answers.length > 0) return { kind: 'records', records };
  // A denial names the zone that it speaks for: another one means that ours is not here.
  return deniedBy(answer) === zone ? { kind: 'records', records: [] } : { kind: 'no-zone' };
}

/**
 * The apex of another zone of the server, below the apex of ours, that an answer is out of: it denies in its own name, or has what only an
 * apex has. Null: nothing shows one.
 */
export function childOver(answer: DnsMessage, zone: DnsName, name: DnsName): DnsName | null {
  const apex =
    deniedBy(answer) ??
    answer.answers.find((record) => record.name === name && (record.type === 'SOA' || record.type === 'NS'))
      ?.name;
  if (!answer.flags.aa || apex === undefined || apex === zone) return null;
  return isWithin(apex, zone) && isWithin(name, apex) ? apex : null;
}

/** The zone in whose name an answer denies something (RFC 2308 section 2); null: it denies nothing. */
export function deniedBy({ answers, authority }: DnsMessage): DnsName | null {
  return answers.length > 0 ? null : (authority.find(({ type }) => type === 'SOA')?.name ?? null);
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
