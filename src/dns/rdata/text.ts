import { problem, type Problem } from '../problem.ts';

/** One word of master-file text: quoted strings are told apart, because `"10"` is text and `10` may be a number. */
export interface Token {
  /** Without the quotes; escapes are still in it. */
  readonly text: string;
  readonly quoted: boolean;
  /** Whether it follows the word before it without white space, as in `alpn="h2"` (RFC 9460 section 2.1). */
  readonly glued?: boolean;
}

/** White space of a master file is ASCII only; anything else, a no-break space too, is an octet of data. */
const words = /([ \t\r\n]*)(?:"((?:[^"\\]|\\.?)*)("?)|((?:[^ \t\r\n"\\]|\\.?)+))/gsu;

/**
 * Cuts rdata text into words (RFC 1035 section 5.1). Parentheses and comments must be gone already.
 * @param problems gets `rdata.unbalanced-quote` when a quoted string does not end
 */
export function tokens(text: string, problems: Problem[]): Token[] {
  const found: Token[] = [];
  for (const [, space, quoted, end, bare] of text.matchAll(words)) {
    const glued = space === '' && found.length > 0;
    if (quoted !== undefined && end === '') problems.push(problem('rdata.unbalanced-quote', { text }));
    found.push({
      text: quoted ?? bare ?? '',
      quoted: quoted !== undefined,
      ...(glued ? { glued } : {}),
    });
  }
  return found;
}

/** The first word of a text that begins with one, as it is written, and the rest after its white space. */
export function firstWord(text: string): { word: string; rest: string } {
  const word = /^(?:[^ \t\r\n"\\]|\\.?)+/su.exec(text)?.[0] ?? '';
  return { word, rest: text.slice(word.length).replace(/^[ \t\r\n]+/, '') };
}

/** Octets of a character-string as written: `\DDD` is an octet, `\X` is X, anything beyond ASCII is UTF-8. */
export function unescape(text: string, problems: Problem[]): Buffer {
  if (!text.includes('\\')) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  for (const [piece, escape] of text.matchAll(/\\(\d{3}|\d{1,2}|[^\d]|$)|[^\\]+/gsu)) {
    if (escape === undefined) parts.push(Buffer.from(piece, 'utf8'));
    else if (/^\d{3}$/.test(escape) && Number(escape) <= 255) parts.push(Buffer.from([Number(escape)]));
    else if (escape === '' || /^\d/.test(escape)) problems.push(problem('rdata.bad-escape', { text }));
    else parts.push(Buffer.from(escape, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** Printable ASCII without quotation mark and backslash, so that nothing in it needs an escape. */
const plain = /^[ !#-[\]-~]*$/;

/** The canonical quoted string of some octets, of any length. */
export function quote(octets: Uint8Array): string {
  const latin = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');
  if (plain.test(latin)) return `"${latin}"`;
  let text = '"';
  for (const octet of octets) {
    if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else if (octet < 0x20 || octet > 0x7e) text += `\\${String(octet).padStart(3, '0')}`;
    else text += String.fromCharCode(octet);
  }
  return `${text}"`;
}
