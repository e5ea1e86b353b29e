import { bareWord, fixedSize, type FieldKind } from './fields.ts';
import { own } from '../own.ts';
import { numbered } from './type-numbers.ts';

function unsigned(bits: 8 | 16 | 32, spelled: (text: string) => string = (text) => text): FieldKind {
  const size = bits / 8;
  return {
    parse: bareWord('rdata.bad-number', (text) => {
      const digits = spelled(text);
      return /^\d{1,10}$/.test(digits) && Number(digits) < 2 ** bits ? String(Number(digits)) : null;
    }),
    encode: (text) => {
      const octets = Buffer.alloc(size);
      octets.writeUIntBE(Number(text), 0, size);
      return octets;
    },
    decode: fixedSize(size, (octets) => String(octets.readUIntBE(0, size))),
  };
}

export const u8 = unsigned(8);
export const u16 = unsigned(16);
export const u32 = unsigned(32);

/** A number of seconds, for the timers of SOA. It may be written with units, such as `1h30m`. */
export const seconds = unsigned(32, (text) => String(readSeconds(text) ?? text));

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** Parses a time such as `3600`, `1h`, `1h30m` or `2W`. @returns seconds; `null`: the text is not a time */
export function readSeconds(text: string): number | null {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  if (!/^(?:\d{1,10}[smhdw])+$/i.test(text)) return null;
  let total = 0;
  for (const [, digits = '', unit = ''] of text.matchAll(/(\d+)([smhdw])/gi)) {
    total += Number(digits) * (own(unitSeconds, unit.toLowerCase()) ?? 1);
  }
  return total;
}

/** A number that may also be written by name; canonical text is the number. */
function named(bits: 8 | 16, table: string): FieldKind {
  const names = numbered(table);
  return unsigned(bits, (text) => String(names.get(text.toUpperCase()) ?? text));
}

const algorithms = `
  RSAMD5 1, DH 2, DSA 3, RSASHA1 5, NSEC3DSA 6, DSA-NSEC3-SHA1 6, NSEC3RSASHA1 7,
  RSASHA1-NSEC3-SHA1 7, RSASHA256 8, RSASHA512 10, ECCGOST 12, ECC-GOST 12, ECDSAP256SHA256 13,
  ECDSA256 13, ECDSAP384SHA384 14, ECDSA384 14, ED25519 15, ED448 16, INDIRECT 252, PRIVATEDNS 253,
  PRIVATEOID 254
`;

/**
 * DNSSEC algorithm. The mnemonics of IANA's "DNS Security Algorithm Numbers" are accepted; canonical text is
 * the number.
 */
export const algorithm = named(8, algorithms);

/** Digest type of DS (IANA "DS RR Type Digest Algorithms"); canonical text is the number. */
export const digestType = named(8, 'SHA-1 1, SHA1 1, SHA-256 2, SHA256 2, GOST 3, SHA-384 4, SHA384 4');

/**
 * Protocol of DNSKEY: always 3 (RFC 4034 section 2.1.2). The names of earlier protocol numbers are accepted
 * too (RFC 2535 section 3.1.3).
 */
export const protocol = named(8, 'NONE 0, TLS 1, EMAIL 2, DNSSEC 3, IPSEC 4, ALL 255');

/** Type of a certificate (RFC 4398 section 2.1); canonical text is the number. */
export const certificateType = named(
  16,
  'PKIX 1, SPKI 2, PGP 3, IPKIX 4, ISPKI 5, IPGP 6, ACPKIX 7, IACPKIX 8, URI 253, OID 254',
);

/**
 * The time of a signature: `YYYYMMDDHHmmSS` in UTC, or seconds since 1970 (RFC 4034 section 3.2). Canonical
 * text is the seconds as a 32-bit number. This number wraps around, so the date that it means depends on the
 * present time.
 */
export const time = unsigned(32, (text) => {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text) ?? [];
  if (year === undefined) return text;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  const milliseconds = Date.parse(iso);
  const real = new Date(milliseconds || 0).toISOString().slice(0, 19) === iso.slice(0, 19);
  return real ? String((milliseconds / 1000) % 2 ** 32) : text;
});
