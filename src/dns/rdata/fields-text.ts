import { bare, addProblem, throwDamaged, need, type FieldContext, type FieldKind } from './fields.ts';
import { quote, unescape, type Token } from './text.ts';

/**
 * A letters-and-digits word of at most 255 octets with a length octet, lower case (CAA tag, RFC 8659 section
 * 4.1).
 */
export const tag: FieldKind = {
  parse: bare((text, context) =>
    tagText.test(text) ? text.toLowerCase() : addProblem(context, 'rdata.bad-tag', text),
  ),
  encode: (text) => lengthFirst(Buffer.from(text, 'latin1')),
  decode: (octets) => {
    const text = Buffer.from(lengthOf(octets)).toString('latin1');
    if (!tagText.test(text)) throwDamaged('tag');
    return { text: text.toLowerCase(), used: 1 + text.length };
  },
};

const tagText = /^[a-z0-9]{1,255}$/iu;

/**
 * Character-strings that form one text (RFC 1035 section 3.3.14, RFC 7208 section 3.3): `"a" "b"` and `"ab"`
 * are the same data here, one canonical quoted string, cut at 255 octets when it is written.
 */
export const text: FieldKind = {
  most: Infinity,
  textual: true,
  parse: (words, { problems }) => quote(Buffer.concat(words.map((word) => unescape(word.text, problems)))),
  encode: (canonical) => Buffer.concat(chunks(canonicalOctets(canonical)).map(lengthFirst)),
  decode: (octets) => {
    const parts: Uint8Array[] = [];
    let at = 0;
    do {
      const part = lengthOf(octets.subarray(at));
      parts.push(part);
      at += 1 + part.length;
    } while (at < octets.length);
    return { text: quote(Buffer.concat(parts)), used: at };
  },
};

/** One character-string of at most 255 octets (RFC 1035 section 3.3); canonical is quoted. */
export const characterString: FieldKind = {
  textual: true,
  parse: (words, context) => {
    const octets = wordOctets(words, context);
    return octets.length > 255
      ? addProblem(context, 'rdata.string-too-long', String(octets.length))
      : quote(octets);
  },
  encode: (canonical) => lengthFirst(canonicalOctets(canonical)),
  decode: (octets) => {
    const part = lengthOf(octets);
    return { text: quote(part), used: 1 + part.length };
  },
};

/**
 * The substitution of NAPTR: empty, or an expression and its replacement between three equal delimiters that
 * are neither digit, backslash nor the flag `i` (RFC 3402 section 3.2). Of the expression only the groups are
 * checked, to which the replacement refers; it is not compiled, because its dialect is not ours.
 */
export const substitution: FieldKind = {
  ...characterString,
  parse: (words, context) => {
    const canonical = characterString.parse(words, context);
    if (canonical === '' || isSubstitution(canonicalOctets(canonical))) return canonical;
    return addProblem(context, 'rdata.bad-regexp', words[0]?.text ?? '');
  },
  decode: (octets) => {
    const found = characterString.decode(octets, false);
    return isSubstitution(canonicalOctets(found.text)) ? found : throwDamaged('regexp');
  },
};

function isSubstitution(octets: Buffer): boolean {
  const written = octets.toString('latin1');
  if (written === '') return true;
  const parts = /^([^\d\\i\0])((?:(?!\1)[^\\\0]|\\[^\0])+)\1((?:(?!\1)[^\\\0]|\\[^0\0])*)\1i?$/su.exec(
    written,
  );
  if (parts === null) return false;
  const [, , expression = '', replacement = ''] = parts;
  const groups = groupsOf(expression);
  const used = [...replacement.matchAll(/\\(.)/gsu)].map(([, char]) => Number(char));
  return groups !== null && used.every((group) => Number.isNaN(group) || group <= groups);
}

/** How many groups an extended regular expression has; `null` when its parentheses do not match. */
function groupsOf(expression: string): number | null {
  let open = 0;
  let groups = 0;
  for (const [piece] of expression.matchAll(/\\.|\[\^?\]?[^\]]*\]|./gsu)) {
    if (piece === '(') [open, groups] = [open + 1, groups + 1];
    if (piece === ')') open -= 1;
    if (open < 0) return null;
  }
  return open === 0 ? groups : null;
}

/**
 * A quoted string without a length octet that fills the rest of the rdata (CAA value, RFC 8659 section 4.1).
 */
export const openText: FieldKind = {
  textual: true,
  parse: (words, context) => quote(wordOctets(words, context)),
  encode: canonicalOctets,
  decode: (octets) => ({ text: quote(octets), used: octets.length }),
};

/** The same, quoted in every spelling: the target of URI (RFC 7553 section 4.4). */
export const quotedText: FieldKind = {
  ...openText,
  parse: (words, context) =>
    words[0]?.quoted === true
      ? openText.parse(words, context)
      : addProblem(context, 'rdata.unquoted', words[0]?.text ?? ''),
};

function wordOctets(words: readonly Token[], context: FieldContext): Buffer {
  return unescape(words[0]?.text ?? '', context.problems);
}

/** Octets of a canonical quoted string. */
export function canonicalOctets(canonical: string): Buffer {
  return unescape(canonical.slice(1, -1), []);
}

/** At most 255 octets each; an empty text is one empty string. */
export function chunks(octets: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < octets.length; at += 255) parts.push(octets.subarray(at, at + 255));
  return parts.length === 0 ? [Buffer.alloc(0)] : parts;
}

/** At most 255 octets with their length before them. */
export function lengthFirst(octets: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([octets.length]), octets]);
}

/**
 * The octets that a length octet announces.
 * @throws {DnsDataError}
 */
export function lengthOf(octets: Uint8Array): Uint8Array {
  need(octets, 1);
  const length = octets[0] ?? 0;
  need(octets, 1 + length);
  return octets.subarray(1, 1 + length);
}
