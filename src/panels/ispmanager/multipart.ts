/** One parameter as it was sent. */
export type Pair = readonly [name: string, value: string];

export interface Multipart {
  /** In octets, one character each. */
  readonly pairs: readonly Pair[];
  /** Whether it is just what the RFCs say; else another reader may find other parameters in it. */
  readonly isWhole: boolean;
}

/** Most parts of a form. */
const mostParts = 5_000;

/** A form of several parts (RFC 7578; RFC 2046, section 5.1.1). @param body in octets, one character each */
export function readMultipart(body: string, boundary: string): Multipart {
  const pieces = `\r\n${body}`.split(`\r\n--${boundary}`, mostParts + 1);
  if (pieces.length > mostParts) return { pairs: [], isWhole: false };
  const isEnded = pieces.at(-1)?.startsWith('--') === true;
  const parts = pieces.slice(1, isEnded ? -1 : undefined).map(readPart);
  const pairs = parts.filter((part) => part !== null);
  // Readers that take a line feed alone for a line end see more boundaries.
  const boundaries = `\n${body}`.split(`\n--${boundary}`, mostParts + 1).length;
  const isWhole = isEnded && boundaries === pieces.length && pairs.length === parts.length;
  return { pairs, isWhole };
}

/** One name in quotes or as a plain word. Null: none, or several. */
function readPart(part: string): Pair | null {
  const gap = part.indexOf('\r\n\r\n');
  if (gap < 0) return null;
  const head = part.slice(0, gap);
  const names = [...head.matchAll(/(?<!\w)name(\*?)\s*=\s*(?:"([^"\\]*)"|([\w.-]+))?/gi)];
  const [, star, quoted, word] = names[0] ?? [];
  const name = quoted ?? word;
  if (names.length !== 1 || star !== '' || name === undefined) return null;
  return [name, part.slice(gap + 4)];
}
