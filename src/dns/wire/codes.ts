import { metaTypes } from '../rdata/type-numbers.ts';
import { typeOfNumber } from '../rdata/types.ts';

/** Numbers of classes (RFC 1035 section 3.2.4, RFC 2136 sections 2.2.4 and 2.4). */
export const classes = { IN: 1, NONE: 254, ANY: 255 } as const;

/** Response codes (RFC 1035 section 4.1.1, RFC 2136 section 2.2, RFC 6891 section 9). */
export const rcodes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  BADVERS: 16,
} as const;

const rcodeNames = new Map<number, string>(Object.entries(rcodes).map(([name, code]) => [code, name]));

/**
 * The name of a response code: `NOERROR` for 0 and so on; `RCODEnnn` for a number that is not listed above.
 */
export function rcodeName(rcode: number): string {
  return rcodeNames.get(rcode) ?? `RCODE${rcode}`;
}

const metaNames = new Map([...metaTypes].map(([type, number]) => [number, type]));

/** The canonical name of the type with this number. Includes types that occur only in queries and updates. */
export function typeName(number: number): string {
  return metaNames.get(number) ?? typeOfNumber(number);
}
