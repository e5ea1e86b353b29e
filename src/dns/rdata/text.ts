import { problem, type Problem } from '../problem.ts';

/**
 * One word of master-file text. It remembers whether it was in quotes, because `"10"` is a text, but `10` may
 * be a number.
 */
export interface Token {
  /** The word without quotes. Its escapes are not resolved yet. */
  readonly text: string;
  readonly quoted: boolean;
  /** Whether the word follows another word without white space, as in `alpn="h2"` (RFC 9460 section 2.1). */
  readonly glued?: boolean;
}

/**
 * In a master file, only ASCII white space separates words. Any other character, such as a no-break space, is
 * data.
 */
function isSpace(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\r' || char === '\n';
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charAt(at))) at += 1;
  return at;
}

/**
 * The index of the closing quotation mark of a quoted string, or the length of the text if there is none.
 * @param from index after the opening quotation mark
 */
export function endOfQuoted(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}

function endOfBare(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at += text[at] === '\\' ? 2 : 1) {
    const char = text.charAt(at);
    if (char === '"' || isSpace(char)) break;
  }
  return Math.min(at, text.length);
}

/**
 * Splits rdata text into words (RFC 1035 section 5.1). The time is proportional to the length of the text.
 * The caller must have removed parentheses and comments.
 * @param problems gets `rdata.unbalanced-quote` when a quoted string does not end
 */
export function tokens(text: string, problems: Problem[]): Token[] {
  const found: Token[] = [];
  for (let at = 0; ;) {
    const from = afterSpace(text, at);
    if (from >= text.length) return found;
    const glued = from === at && found.length > 0 ? { glued: true } : {};
    const quoted = text[from] === '"';
    const end = quoted ? endOfQuoted(text, from + 1) : endOfBare(text, from);
    if (quoted && end === text.length) problems.push(problem('rdata.unbalanced-quote', { text }));
    found.push({ text: text.slice(quoted ? from + 1 : from, end), quoted, ...glued });
    at = quoted ? end + 1 : end;
  }
}

/**
 * The octets that a character-string in text stands for. `\DDD` is one octet, `\X` is the character X, and
 * other characters are UTF-8.
 */
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

/** Printable ASCII without quotation mark and backslash. Such text needs no escape. */
const plain = /^[ !#-[\]-~]*$/;

/** Writes octets as a canonical quoted string of any length. */
export function quote(octets: Uint8Array): string {
  const latin = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');
  if (plain.test(latin)) return `"${latin}"`;
  let text = '"';
  for (const octet of octets) text += octetTexts[octet];
  return `${text}"`;
}

/** How each octet is written in a quoted string; the index is the octet. */
const octetTexts: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  if (octet === 0x22 || octet === 0x5c) return `\\${String.fromCharCode(octet)}`;
  return octet < 0x20 || octet > 0x7e ? `\\${String(octet).padStart(3, '0')}` : String.fromCharCode(octet);
});
