import { hex, ipv4, ipv6, name, openText, tag, text, u16, u32, u8, type FieldKind } from './fields.ts';

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
}

export interface RecordType {
  /** IANA number. */
  readonly number: number;
  readonly fields: readonly Field[];
  /** At most one record of the type per owner name. */
  readonly single: boolean;
}

function row(number: number, fields: Readonly<Record<string, FieldKind>>, single = false): RecordType {
  return { number, single, fields: Object.entries(fields).map(([key, kind]) => ({ name: key, kind })) };
}

/** The record types with structure; every other type passes through in the form of RFC 3597. One row is all a type needs. */
export const recordTypes: ReadonlyMap<string, RecordType> = new Map([
  ['A', row(1, { address: ipv4 })],
  ['NS', row(2, { host: name })],
  ['CNAME', row(5, { target: name }, true)],
  [
    'SOA',
    row(
      6,
      { primary: name, mailbox: name, serial: u32, refresh: u32, retry: u32, expire: u32, minimum: u32 },
      true,
    ),
  ],
  ['PTR', row(12, { host: name })],
  ['MX', row(15, { preference: u16, host: name })],
  ['TXT', row(16, { text })],
  ['AAAA', row(28, { address: ipv6 })],
  ['SRV', row(33, { priority: u16, weight: u16, port: u16, target: name })],
  ['DNAME', row(39, { target: name }, true)],
  ['DS', row(43, { keyTag: u16, algorithm: u8, digestType: u8, digest: hex })],
  ['TLSA', row(52, { usage: u8, selector: u8, matching: u8, data: hex })],
  ['SPF', row(99, { text })],
  ['CAA', row(257, { flags: u8, tag, value: openText })],
]);

const byNumber: ReadonlyMap<number, string> = new Map(
  [...recordTypes].map(([type, { number }]) => [number, type]),
);

/** `A` for 1 and so on; `TYPEnnn` for a number without a row (RFC 3597 section 5). */
export function typeOfNumber(number: number): string {
  return byNumber.get(number) ?? `TYPE${number}`;
}
