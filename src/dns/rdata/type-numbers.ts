/** Parses a table of names and their numbers, such as `A 1, NS 2`. */
export function numbered(table: string): ReadonlyMap<string, number> {
  const rows = table.matchAll(/(\S+) (\d+)/gu);
  return new Map([...rows].map(([, name = '', number]) => [name, Number(number)]));
}

/**
 * Obsolete or rare types that have a mnemonic (IANA "Resource Record (RR) TYPEs") but no row in the table of
 * types. Their canonical spelling is `TYPEnnn`, and their data have the form of RFC 3597.
 */
export const rareTypes = numbered(`
  MD 3, MF 4, NULL 10, WKS 11, X25 19, ISDN 20, NSAP 22, NSAP-PTR 23, SIG 24, KEY 25, GPOS 27,
  NXT 30, EID 31, NIMLOC 32, ATMA 34, A6 38, SINK 40, APL 42, NINFO 56, RKEY 57, TALINK 58,
  UINFO 100, UID 101, GID 102, UNSPEC 103, NID 104, L32 105, L64 106, LP 107, NXNAME 128, DOA 259,
  AVC 258, AMTRELAY 260, RESINFO 261, WALLET 262, CLA 263, IPN 264, TA 32768, DLV 32769
`);

/** Types that occur only in queries or on the wire, never in a zone (RFC 6895 section 3.1). */
export const metaTypes = numbered(`
  OPT 41, TKEY 249, TSIG 250, IXFR 251, AXFR 252, MAILB 253, MAILA 254, ANY 255
`);
