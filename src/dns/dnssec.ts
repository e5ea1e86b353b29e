import { createHash } from 'node:crypto';
import type { DnsName } from './name.ts';
import { nameOctets } from './rdata/fields.ts';
import { rdataFromWire, wireRdata } from './rdata/rdata.ts';
import { typeOfNumber } from './rdata/types.ts';
import type { ResourceRecord } from './record.ts';

/** Returns both spellings of each type: the mnemonic and `TYPEnnn`. */
function spellings(numbers: Readonly<Record<string, number>>): ReadonlySet<string> {
  return new Set(Object.entries(numbers).flatMap(([type, number]) => [type, `TYPE${number}`]));
}

/**
 * Types of records that only a signing server makes, at any name of a zone (RFC 4034, RFC 5155). BIND stores
 * the progress of its signing in records of `TYPE65534`.
 */
export const signerTypes: ReadonlySet<string> = new Set([
  ...spellings({ RRSIG: 46, NSEC: 47, DNSKEY: 48, NSEC3: 50, NSEC3PARAM: 51 }),
  'TYPE65534',
]);

/**
 * Types of records at the apex with which a signing server informs the parent zone (RFC 7344 section 4.1).
 */
export const parentTypes: ReadonlySet<string> = spellings({ CDS: 59, CDNSKEY: 60 });

/** The types DNSKEY and CDS in canonical spelling. */
export const [dnskeyType, cdsType] = [typeOfNumber(48), typeOfNumber(59)];

/**
 * Whether the record is made by the server that signs the zone. Such a record has no meaning in another zone.
 * At other names than the apex, a CDS or CDNSKEY may be a signal for another zone (RFC 9615 section 2), so it
 * is ordinary data. A DS is ordinary data too, because it describes a child zone.
 */
export function isSigners(zone: DnsName, { name, type }: Pick<ResourceRecord, 'name' | 'type'>): boolean {
  return signerTypes.has(type) || (name === zone && parentTypes.has(type));
}

/**
 * Makes the DS data for a zone's parent from the zone's DNSKEY records, in master-file form with a SHA-256
 * digest (RFC 4509). Each key with the SEP bit gets one DS. If no key has this bit, every key gets one (RFC
 * 4034 section 2.1.1). Revoked keys (RFC 5011 section 2.1) and keys that may not sign zones get none.
 * @param keys DNSKEY records of the apex with canonical rdata
 */
export function dsOfKeys(zone: DnsName, keys: readonly Pick<ResourceRecord, 'rdata'>[]): readonly string[] {
  const usable = keys
    .map(({ rdata }) => wireRdata(dnskeyType, rdata))
    .filter((octets) => octets.length > 4 && isSet(octets, zoneKey) && !isSet(octets, revoked));
  const entry = usable.filter((octets) => isSet(octets, secureEntryPoint));
  return (entry.length > 0 ? entry : usable).map((octets) => dsOf(zone, octets));
}

/** Flags of a DNSKEY (RFC 4034 section 2.1.1, RFC 5011 section 7). */
const zoneKey = 0x01_00;
const revoked = 0x00_80;
const secureEntryPoint = 0x00_01;

function isSet(key: Uint8Array, flag: number): boolean {
  return (Buffer.from(key).readUInt16BE(0) & flag) !== 0;
}

/** Makes the DS data of one key, in master-file form. @param key rdata of the DNSKEY in wire form */
function dsOf(zone: DnsName, key: Uint8Array): string {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(keyTag(key), 0);
  head.writeUInt8(key[3] ?? 0, 2);
  head.writeUInt8(sha256, 3);
  const digest = createHash('sha256').update(nameOctets(zone)).update(key).digest();
  return rdataFromWire('DS', Buffer.concat([head, digest]));
}

/** Number of the digest type SHA-256 (RFC 4509 section 5). */
const sha256 = 2;

/**
 * The key tag of a DNSKEY (RFC 4034 appendix B). Algorithm 1 would need another formula, but must not be used
 * any more (RFC 8624 section 3.1).
 */
function keyTag(key: Uint8Array): number {
  let sum = 0;
  for (const [at, octet] of key.entries()) sum += at % 2 === 0 ? octet << 8 : octet;
  return (sum + (sum >>> 16)) & 0xff_ff;
}

/** Converts CDS data to the equal DS data. Both have the same format (RFC 7344 section 3.1). */
export function dsOfCds(records: readonly Pick<ResourceRecord, 'rdata'>[]): readonly string[] {
  return records.map(({ rdata }) => rdataFromWire('DS', wireRdata(cdsType, rdata)));
}
