import { labelOctets, labels, labelText, parseName, type DnsName, type Origin } from '../name.ts';
import { collect, DnsDataError, problem, type Problem } from '../problem.ts';
import type { Token } from './text.ts';

/** The format of one field of a record type, as text and on the wire. */
export interface FieldKind {
  /**
   * Converts the words of the field to canonical text. There are at least `least` words. Adds problems to
   * `context.problems`.
   */
  readonly parse: (words: readonly Token[], context: FieldContext) => string;
  readonly encode: (canonical: string) => Uint8Array;
  /**
   * Reads the field at the start of the octets.
   * @returns `text`: canonical text; `used`: the number of octets that the field takes
   * @throws {DnsDataError} when the octets are not such a field
   */
  readonly decode: (octets: Uint8Array) => { text: string; used: number };
  /**
   * Minimum and maximum number of words in the field; absent: 1. Only the last field of a type may have no
   * word.
   */
  readonly least?: number;
  readonly most?: number;
  /** Whether the field is free text. Forms show such text without quotes and escapes. */
  readonly textual?: boolean;
}

export interface FieldContext {
  readonly type: string;
  readonly field: string;
  readonly origin: Origin | undefined;
  readonly problems: Problem[];
}

/** Adds a problem of the field. @returns an empty text, to be used as the field's value */
export function addProblem(context: FieldContext, code: string, value: string): string {
  context.problems.push(problem(code, { type: context.type, field: context.field, value }));
  return '';
}

/**
 * Makes the `parse` function of a field whose words are never quoted. Several words are joined before `read`
 * gets them.
 */
export function bare(read: (text: string, context: FieldContext) => string): FieldKind['parse'] {
  return (words, context) => {
    const text = words.length === 1 ? (words[0]?.text ?? '') : words.map((word) => word.text).join('');
    return words.some((word) => word.quoted)
      ? addProblem(context, 'rdata.quoted', text)
      : read(text, context);
  };
}

/**
 * Makes a `parse` function like {@link bare}, for a field that needs no other information than its text.
 * @param code code of the problem that is added if `read` returns null
 */
export function bareWord(code: string, read: (text: string) => string | null): FieldKind['parse'] {
  return bare((text, context) => read(text) ?? addProblem(context, code, text));
}

/** Makes a `decode` function for a field with a fixed number of octets. */
export function fixedSize(size: number, textOf: (octets: Buffer) => string): FieldKind['decode'] {
  return (octets) => {
    need(octets, size);
    return { text: textOf(Buffer.from(octets.subarray(0, size))), used: size };
  };
}

/** Makes a `decode` function for a field of at most 255 octets that a length octet precedes. */
export function lengthPrefixed(textOf: (octets: Buffer) => string): FieldKind['decode'] {
  return (octets) => {
    const found = Buffer.from(lengthOf(octets));
    return { text: textOf(found), used: 1 + found.length };
  };
}

/** Puts a length octet before the octets, which must be at most 255. */
export function lengthFirst(octets: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([octets.length]), octets]);
}

/** Returns the octets after a length octet, as many as it says. @throws {DnsDataError} */
export function lengthOf(octets: Uint8Array): Uint8Array {
  need(octets, 1);
  const length = octets[0] ?? 0;
  need(octets, 1 + length);
  return octets.subarray(1, 1 + length);
}

/** Checks that there are at least `length` octets. @throws {DnsDataError} `wire.too-short` */
export function need(octets: Uint8Array, length: number): void {
  if (octets.length < length) throw new DnsDataError([problem('wire.too-short', {})]);
}

/**
 * Throws the error for octets that are not a valid field of this kind.
 * @throws {DnsDataError} `wire.bad-field`
 */
export function throwDamaged(field: string): never {
  throw new DnsDataError([problem('wire.bad-field', { field })]);
}

/** A domain name. Every field that contains a name uses this kind, and no other field does. */
export const nameField: FieldKind = {
  parse: bare((text, { origin, problems }) => collect(problems, () => parseName(text, origin)) ?? ''),
  encode: (text) => nameOctets(text as DnsName),
  decode: decodeName,
};

/** A name in wire form without compression (RFC 1035 section 3.1). */
export function nameOctets(text: DnsName): Uint8Array {
  const parts = labels(text).flatMap((label) => {
    const octets = labelOctets(label);
    return [Buffer.from([octets.length]), octets];
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** Maximum length of a name in wire form, in octets (RFC 1035 section 2.3.4). */
const mostNameOctets = 255;

/**
 * Reads an uncompressed name at the start of the octets.
 * @returns `text`: canonical text; `used`: the number of octets read
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
