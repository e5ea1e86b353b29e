/**
 * Inputs with which a decoder once made a mistake, as `npm run -s fuzz` found and shortened them. The tests
 * decode them again.
 */
export interface FuzzCase {
  readonly target: string;
  /** The mistake that the decoder made with the input. */
  readonly fault: string;
  readonly input: string;
}

export const fuzzCases: readonly FuzzCase[] = [
  {
    target: 'rdata',
    fault: 'a tag of CAA with U+017F was taken for one with an s, and written as another octet',
    input: 'CAA 8 ſ"\\""',
  },
  {
    target: 'ini',
    fault: 'a BOM was lost; of two, the second one then no longer hid the first section',
    input: JSON.stringify({ text: '\ufeff\ufeff[r]\no=', section: 'r', option: 'a' }),
  },
];
