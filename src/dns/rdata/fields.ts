import { labelOctets, labels, labelText, parseName, type DnsName, type Origin } from '../name.ts';
import { DnsDataError, problem, type Problem } from '../problem.ts';
import type { Token } from './text.ts';

/** What one field of a record type is; this is all that the rest of the library needs of it. */
export interface FieldKind {
  /**
   * From the words of the field, at least `least` of them, to canonical text; complaints go to `problems`.
   */
  readonly parse: (words: readonly Token[], context: FieldContext) => string;
  readonly encode: (canonical: string) => Uint8Array;
  /**
   * Canonical text and the number of octets used.
   * @throws {DnsDataError} when the octets are no such field
   */
  readonly decode: (octets: Uint8Array, last: boolean) => { text: string; used: number };
  /**
   * Fewest and most words of the field; one where not said. A field that may be without words must be the
   * last.
   */
  readonly least?: number;
  readonly most?: number;
  /** Whether it is free text, which forms show without quotes and escapes. */
  readonly textual?: boolean;
}

export interface FieldContext {
  readonly type: string;
  readonly field: string;
  readonly origin: Origin | undefined;
  readonly problems: Problem[];
}

/** Adds a problem of the field and gives the empty text that stands in for its value. */
export function addProblem(context: FieldContext, code: string, value: string): string {
  context.problems.push(problem(code, { type: context.type, field: context.field, value }));
  return '';
}

/** The parse of a kind of one or more words that are never quoted; several are joined. */
export function bare(read: (text: string, context: FieldContext) => string): FieldKind['parse'] {
  return (words, context) => {
    const text = words.length === 1 ? (words[0]?.text ?? '') : words.map((word) => word.text).join('');
    return words.some((word) => word.quoted)
      ? addProblem(context, 'rdata.quoted', text)
      : read(text, context);
  };
}

/** @throws {DnsDataError} `wire.too-short` */
export function need(octets: Uint8Array, length: number): void {
  if (octets.length < length) throw new DnsDataError([problem('wire.too-short', {})]);
}

/** @throws {DnsDataError} `wire.bad-field`: octets that are no such field */
export function throwDamaged(field: string): never {
  throw new DnsDataError([problem('wire.bad-field', { field })]);
}

/** A domain name; every field of a record type that is one, and only those, is of this kind. */
export const nameField: FieldKind = {
  parse: bare((text, context) => {
    try {
      return parseName(text, context.origin);
    } catch (error) {
      if (!(error instanceof DnsDataError)) throw error;
      context.problems.push(...error.problems);
      return '';
    }
  }),
  encode: (text) => nameOctets(text as DnsName),
  decode: decodeName,
};

/** Wire form without compression (RFC 1035 section 3.1). */
export function nameOctets(text: DnsName): Uint8Array {
  const parts = labels(text).flatMap((label) => {
    const octets = labelOctets(label);
    return [Buffer.from([octets.length]), octets];
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** Longest name in octets (RFC 1035 section 2.3.4). */
const mostNameOctets = 255;

/**
 * A name at the beginning of the octets, without compression, as canonical text.
 * @throws {DnsDataError}
 */
export function decodeName(octets: Uint8Array): { text: string; used: number } {
  let at = 0;
  let text = '';
  for (;;) {
    need(octets, at + 1);
    const length = octets[at] ?? 0;
    at += 1;
    if (length > 63 || at + length > mostNameOctets) throw new DnsDataError([problem('wire.bad-name', {})]);
    if (length === 0) return { text: text === '' ? '.' : text, used: at };
    need(octets, at + length);
    text += `${labelText(octets.subarray(at, at + length))}.`;
    at += length;
  }
}
