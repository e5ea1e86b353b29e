import { signerTypes } from '../dnssec.ts';
import { isWithin, type DnsName } from '../name.ts';
import { classes, rcodes } from './codes.ts';
import type { DnsMessage } from './message.ts';
import type { WireRecord } from './records.ts';

/** A record with readable data. Its type is not one of those that only signing servers make. */
export type DataRecord = WireRecord & { readonly rdata: string };

/** What one answer shows about a name in a zone. */
export type ZoneAnswer<R> =
  /** The server does not serve this zone, or no longer serves it. */
  | { readonly kind: 'no-zone' }
  /** Records at the name. They may come from a wildcard. */
  | { readonly kind: 'records'; readonly records: readonly R[] }
  /**
   * The name lies at or below a delegation, a DNAME or the apex of a child zone on the same server. The
   * answer then shows at most what a referral shows (RFC 1034 section 4.3.2). `cut`: owner of the NS or
   * DNAME, or apex of the child zone.
   */
  | { readonly kind: 'hidden'; readonly cut: DnsName; readonly records: readonly R[] };

/**
 * Finds out what the answer to a query for `name` shows about the zone's data (RFC 1034 section 4.3.2, RFC
 * 2308 section 2).
 */
export function readZoneAnswer(answer: DnsMessage, zone: DnsName, name: DnsName): ZoneAnswer<DataRecord> {
  if (answer.rcode !== rcodes.NOERROR && answer.rcode !== rcodes.NXDOMAIN) return { kind: 'no-zone' };
  if (!answer.flags.aa) return readReferral(answer, zone, name);
  const dname = answer.answers.find((record) => record.type === 'DNAME' && record.name !== name);
  if (dname !== undefined && isWithin(name, dname.name))
    return { kind: 'hidden', cut: dname.name, records: [] };
  const child = childZoneOver(answer, zone, name);
  if (child !== null) return { kind: 'hidden', cut: child, records: [] };
  const records = dataAt(answer.answers, name);
  if (answer.answers.length > 0) return { kind: 'records', records };
  // A negative answer contains the SOA of a zone. If this is another zone, the server does not have our zone.
  return deniedBy(answer) === zone ? { kind: 'records', records: [] } : { kind: 'no-zone' };
}

/**
 * Finds out whether an authoritative answer for `name` comes from a child zone on the same server. Such an
 * answer contains the SOA of the child zone, or NS records at `name`. An authoritative answer has NS records
 * only at the apex of a zone.
 * @returns the apex of the child zone; null: the answer shows none, or is not authoritative
 */
export function childZoneOver(
  { flags, answers, authority }: DnsMessage,
  zone: DnsName,
  name: DnsName,
): DnsName | null {
  if (!flags.aa) return null;
  const shown = [...answers, ...authority].filter(({ type }) => type === 'SOA');
  const apexes = [...shown, ...answers.filter((record) => record.type === 'NS' && record.name === name)];
  const child = apexes.find(
    (record) => record.name !== zone && isWithin(record.name, zone) && isWithin(name, record.name),
  );
  return child?.name ?? null;
}

/** The zone whose SOA a negative answer contains (RFC 2308 section 2); null: the answer is not negative. */
export function deniedBy({ answers, authority }: DnsMessage): DnsName | null {
  return answers.length > 0 ? null : (authority.find(({ type }) => type === 'SOA')?.name ?? null);
}

/** Reads an answer that is not authoritative. It may be a referral to a zone below ours. */
function readReferral(answer: DnsMessage, zone: DnsName, name: DnsName): ZoneAnswer<DataRecord> {
  const cut = answer.authority.find(({ type }) => type === 'NS')?.name;
  if (cut === undefined || cut === zone || !isWithin(cut, zone) || !isWithin(name, cut))
    return { kind: 'no-zone' };
  const shown = name === cut ? [...answer.authority, ...answer.additional] : answer.additional;
  return { kind: 'hidden', cut, records: dataAt(shown, name) };
}

function dataAt(records: readonly WireRecord[], name: DnsName): readonly DataRecord[] {
  return records.filter(
    (record): record is DataRecord => record.name === name && record.class === classes.IN && isData(record),
  );
}

/**
 * Whether the record has readable data and a type that is not one of those that only signing servers make.
 */
export function isData(record: WireRecord): record is DataRecord {
  return record.rdata !== null && !signerTypes.has(record.type);
}
