import { problem, type Problem } from '../problem.ts';

/** One word of master-file text: quoted strings are told apart, because `"10"` is text and `10` may be a number. */
export interface Token {
  /** Without the quotes; escapes are still in it. */
  readonly text: string;
  readonly quoted: boolean;
}

/**
 * Cuts rdata text into words (RFC 1035 section 5.1). Parentheses and comments must be gone already.
 * @param problems gets `rdata.unbalanced-quote` when a quoted string does not end
 */
export function tokens(text: string, problems: Problem[]): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (/\s/u.test(char)) {
      at += 1;
      continue;
    }
    const quoted = char === '"';
    const end = quoted ? quotedEnd(text, at + 1) : bareEnd(text, at);
    if (quoted && end >= text.length) problems.push(problem('rdata.unbalanced-quote', { text }));
    found.push({ text: text.slice(quoted ? at + 1 : at, end), quoted });
    at = quoted ? end + 1 : end;
  }
  return found;
}

function quotedEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text.charAt(at) === '\\') at += 1;
    else if (text.charAt(at) === '"') return at;
  }
  return text.length;
}

function bareEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text.charAt(at) === '\\') at += 1;
    else if (/[\s"]/u.test(text.charAt(at))) return at;
  }
  return text.length;
}

/** Octets of a character-string as written: `\DDD` is an octet, `\X` is X, anything beyond ASCII is UTF-8. */
export function unescape(text: string, problems: Problem[]): Buffer {
  const parts: Buffer[] = [];
  for (const [piece, escape] of text.matchAll(/\\(\d{3}|\d{1,2}|[^\d]|$)|[^\\]+/gsu)) {
    if (escape === undefined) parts.push(Buffer.from(piece, 'utf8'));
    else if (/^\d{3}$/.test(escape) && Number(escape) <= 255) parts.push(Buffer.from([Number(escape)]));
    else if (escape === '' || /^\d/.test(escape)) problems.push(problem('rdata.bad-escape', { text }));
    else parts.push(Buffer.from(escape, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** The canonical quoted string of some octets, of any length. */
export function quote(octets: Uint8Array): string {
  let text = '"';
  for (const octet of octets) {
    if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else if (octet < 0x20 || octet > 0x7e) text += `\\${String(octet).padStart(3, '0')}`;
    else text += String.fromCharCode(octet);
  }
  return `${text}"`;
}
