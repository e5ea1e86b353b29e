import { DnsDataError, problem } from '../problem.ts';
import { eui48, eui64, ipv4, ipv6 } from './fields-address.ts';
import { base64, hash, hex, salt } from './fields-binary.ts';
import { gateway, hostIdentity } from './fields-key.ts';
import { location } from './fields-location.ts';
import {
  algorithm,
  certificateType,
  digestType,
  protocol,
  seconds,
  time,
  u16,
  u32,
  u8,
} from './fields-number.ts';
import { serviceParameters } from './fields-service.ts';
import { characterString, openText, quotedText, substitution, tag, text } from './fields-text.ts';
import { typeField, typeSet } from './fields-types.ts';
import { nameField, type FieldKind } from './fields.ts';
import { metaTypes, rareTypes } from './type-numbers.ts';
import { own } from '../own.ts';

export interface RecordType {
  /** IANA number of the type. */
  readonly number: number;
  readonly fields: readonly { readonly name: string; readonly kind: FieldKind }[];
  /** Whether an owner name can have only one record of this type. */
  readonly single: boolean;
  /**
   * Checks whether the fields fit each other.
   * @param fields canonical text of the fields, in the order of the table
   * @returns the name of a field that does not fit the others; `null`: all fields fit
   */
  readonly wrong: (fields: readonly string[]) => string | null;
}

type Particulars = Partial<Pick<RecordType, 'single' | 'wrong'>>;

function row(
  number: number,
  fields: Readonly<Record<string, FieldKind>>,
  { single = false, wrong = () => null }: Particulars = {},
): RecordType {
  return {
    number,
    single,
    wrong,
    fields: Object.entries(fields).map(([key, kind]) => ({ name: key, kind })),
  };
}

/**
 * Makes a check of the digest's length. The last field is the digest, and the field before it is the digest
 * type.
 * @param lengths number of octets by digest type; digests of other types may have any length
 */
function digestLengths(lengths: Readonly<Record<string, number>>): Particulars {
  return {
    wrong: (fields) => {
      const [type = '', digest = ''] = fields.slice(-2);
      const length = own(lengths, type);
      return length !== undefined && digest.length !== length * 2 ? 'digest' : null;
    },
  };
}

/** Digest lengths of DS (RFC 3658, RFC 4509, RFC 5933, RFC 6605). */
const dsDigests = digestLengths({ 1: 20, 2: 32, 3: 32, 4: 48 });

/** Fingerprint lengths of SSHFP (RFC 4255 section 3.1.2, RFC 6594). */
const fingerprints = digestLengths({ 1: 20, 2: 32 });

/**
 * Digest lengths of ZONEMD (RFC 8976 section 2.2). With an unknown hash algorithm, a digest has at least 12
 * octets.
 */
const zoneDigests: Particulars = {
  wrong: (fields) => {
    const digest = fields.at(-1) ?? '';
    return digest.length < 24 ? 'digest' : (digestLengths({ 1: 48, 2: 64 }).wrong?.(fields) ?? null);
  },
};

const typeNames = { numberOf: numberOfType, nameOf: typeOfNumber };
const types = typeSet(typeNames);

/** Checks that the set of types in NSEC is not empty (RFC 4034 section 4.1.2). */
const someTypes: Particulars = { wrong: (fields) => (fields.at(-1) === '' ? 'types' : null) };

const zoneTimes = { refresh: seconds, retry: seconds, expire: seconds, minimum: seconds };
const keyFields = { flags: u16, protocol, algorithm, key: base64 };
const digestFields = { keyTag: u16, algorithm, digestType, digest: hex };
const tlsFields = { usage: u8, selector: u8, matching: u8, data: hex };
const serviceFields = { priority: u16, target: nameField, parameters: serviceParameters };

/**
 * The table of record types. Data of a type without a row are passed through in the form of RFC 3597. In
 * canonical text, algorithms, protocols and similar values are numbers, not mnemonics.
 */
export const recordTypes: ReadonlyMap<string, RecordType> = new Map([
  ['A', row(1, { address: ipv4 })],
  ['NS', row(2, { host: nameField })],
  ['CNAME', row(5, { target: nameField }, { single: true })],
  ['SOA', row(6, { primary: nameField, mailbox: nameField, serial: u32, ...zoneTimes }, { single: true })],
  ['MB', row(7, { host: nameField })],
  ['MG', row(8, { mailbox: nameField })],
  ['MR', row(9, { mailbox: nameField })],
  ['PTR', row(12, { host: nameField })],
  ['HINFO', row(13, { cpu: characterString, system: characterString })],
  ['MINFO', row(14, { mailbox: nameField, errors: nameField })],
  ['MX', row(15, { preference: u16, host: nameField })],
  ['TXT', row(16, { text })],
  ['RP', row(17, { mailbox: nameField, text: nameField })],
  ['AFSDB', row(18, { subtype: u16, host: nameField })],
  ['RT', row(21, { preference: u16, host: nameField })],
  ['PX', row(26, { preference: u16, internet: nameField, x400: nameField })],
  ['AAAA', row(28, { address: ipv6 })],
  ['LOC', row(29, { location })],
  ['SRV', row(33, { priority: u16, weight: u16, port: u16, target: nameField })],
  [
    'NAPTR',
    row(35, {
      order: u16,
      preference: u16,
      flags: characterString,
      services: characterString,
      regexp: substitution,
      replacement: nameField,
    }),
  ],
  ['KX', row(36, { preference: u16, host: nameField })],
  ['CERT', row(37, { certificateType, keyTag: u16, algorithm, certificate: base64 })],
  ['DNAME', row(39, { target: nameField }, { single: true })],
  ['DS', row(43, digestFields, dsDigests)],
  ['SSHFP', row(44, { algorithm: u8, fingerprintType: u8, fingerprint: hex }, fingerprints)],
  ['IPSECKEY', row(45, { precedence: u8, gateway, key: base64 })],
  [
    'RRSIG',
    row(46, {
      covered: typeField(typeNames),
      algorithm,
      labels: u8,
      originalTtl: u32,
      expiration: time,
      inception: time,
      keyTag: u16,
      signer: nameField,
      signature: base64,
    }),
  ],
  ['NSEC', row(47, { next: nameField, types }, someTypes)],
  ['DNSKEY', row(48, keyFields)],
  ['DHCID', row(49, { data: base64 })],
  ['NSEC3', row(50, { hashAlgorithm: u8, flags: u8, iterations: u16, salt, next: hash, types })],
  ['NSEC3PARAM', row(51, { hashAlgorithm: u8, flags: u8, iterations: u16, salt })],
  ['TLSA', row(52, tlsFields)],
  ['SMIMEA', row(53, tlsFields)],
  ['HIP', row(55, { hostIdentity })],
  ['CDS', row(59, digestFields, dsDigests)],
  ['CDNSKEY', row(60, keyFields)],
  ['OPENPGPKEY', row(61, { key: base64 })],
  ['CSYNC', row(62, { serial: u32, flags: u16, types })],
  ['ZONEMD', row(63, { serial: u32, scheme: u8, hashAlgorithm: u8, digest: hex }, zoneDigests)],
  ['SVCB', row(64, serviceFields)],
  ['HTTPS', row(65, serviceFields)],
  ['SPF', row(99, { text })],
  ['EUI48', row(108, { address: eui48 })],
  ['EUI64', row(109, { address: eui64 })],
  ['URI', row(256, { priority: u16, weight: u16, target: quotedText })],
  ['CAA', row(257, { flags: u8, tag, value: openText })],
]);

const byNumber: ReadonlyMap<number, string> = new Map(
  [...recordTypes].map(([type, { number }]) => [number, type]),
);

/**
 * The name of a type by its number: `A` for 1 and so on. A number without a row in the table becomes
 * `TYPEnnn` (RFC 3597 section 5).
 */
export function typeOfNumber(number: number): string {
  return byNumber.get(number) ?? `TYPE${number}`;
}

/**
 * The IANA number of a type in any spelling: `TYPEnnn`, or a mnemonic. Accepts mnemonics of types without a
 * row, and of types that occur only in queries (`AXFR`, `ANY`).
 * @throws {DnsDataError} `type.unknown`
 */
export function numberOfType(type: string): number {
  const upper = type.toUpperCase();
  const generic = /^TYPE(\d{1,5})$/.exec(upper)?.[1];
  const number =
    generic === undefined
      ? (recordTypes.get(upper)?.number ?? rareTypes.get(upper) ?? metaTypes.get(upper))
      : Number(generic);
  if (number === undefined || number > 65_535) throw new DnsDataError([problem('type.unknown', { type })]);
  return number;
}
