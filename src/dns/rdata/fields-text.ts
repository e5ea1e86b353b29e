import {
  addProblem,
  bareWord,
  lengthFirst,
  lengthOf,
  lengthPrefixed,
  throwDamaged,
  type FieldContext,
  type FieldKind,
} from './fields.ts';
import { quote, unescape, type Token } from './text.ts';

/**
 * Tag of CAA (RFC 8659 section 4.1): 1 to 255 letters and digits, in lower case. On the wire, a length octet
 * precedes it.
 */
export const tag: FieldKind = {
  parse: bareWord('rdata.bad-tag', (text) => (tagText.test(text) ? text.toLowerCase() : null)),
  encode: (text) => lengthFirst(Buffer.from(text, 'latin1')),
  decode: lengthPrefixed((octets) => {
    const written = octets.toString('latin1');
    return tagText.test(written) ? written.toLowerCase() : throwDamaged('tag');
  }),
};

// The flag `u` is not used: with it, `ſ` (U+017F) would count as an `s`.
const tagText = /^[a-z0-9]{1,255}$/i;

/**
 * Character-strings that together form one text (RFC 1035 section 3.3.14, RFC 7208 section 3.3). `"a" "b"`
 * and `"ab"` are the same data. Canonical text is one quoted string. On the wire, the text is cut into
 * strings of at most 255 octets.
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

/** One character-string of at most 255 octets (RFC 1035 section 3.3); canonical text is quoted. */
export const characterString: FieldKind = {
  textual: true,
  parse: (words, context) => {
    const octets = wordOctets(words, context);
    return octets.length > 255
      ? addProblem(context, 'rdata.string-too-long', String(octets.length))
      : quote(octets);
  },
  encode: (canonical) => lengthFirst(canonicalOctets(canonical)),
  decode: lengthPrefixed(quote),
};

/**
 * The substitution of NAPTR (RFC 3402 section 3.2). It is empty, or has an expression and its replacement
 * between three equal delimiters. The delimiter is not a digit, not a backslash and not `i`, which is a flag.
 * The groups to which the replacement refers must exist in the expression. The expression is not compiled,
 * because its syntax is not that of JavaScript.
 */
export const substitution: FieldKind = {
  ...characterString,
  parse: (words, context) => {
    const canonical = characterString.parse(words, context);
    if (canonical === '' || isSubstitution(canonicalOctets(canonical))) return canonical;
    return addProblem(context, 'rdata.bad-regexp', words[0]?.text ?? '');
  },
  decode: (octets) => {
    const found = characterString.decode(octets);
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

/** Counts the groups in a POSIX extended regular expression; `null`: its parentheses are not balanced. */
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
 * Text that fills the rest of the rdata, without a length octet. Canonical text is quoted (CAA value, RFC
 * 8659 section 4.1).
 */
export const openText: FieldKind = {
  textual: true,
  parse: (words, context) => quote(wordOctets(words, context)),
  encode: canonicalOctets,
  decode: (octets) => ({ text: quote(octets), used: octets.length }),
};

/** Like {@link openText}, but always written in quotes: the target of URI (RFC 7553 section 4.4). */
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

/** The octets that a canonical quoted string stands for. */
export function canonicalOctets(canonical: string): Buffer {
  return unescape(canonical.slice(1, -1), []);
}

/** Cuts octets into strings of at most 255 octets. If there are no octets, returns one empty string. */
export function chunks(octets: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < octets.length; at += 255) parts.push(octets.subarray(at, at + 255));
  return parts.length === 0 ? [Buffer.alloc(0)] : parts;
}
