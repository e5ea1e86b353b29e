/** One parameter of a form, not decoded yet. */
export type Pair = readonly [name: string, value: string];

/** Maximum number of parts in a form. */
const mostParts = 5_000;

/**
 * Splits a form into its parts (RFC 7578; RFC 2046 section 5.1.1).
 * @param body with one character for each octet
 * @returns name and value of each part, also with one character for each octet. `isWhole`: whether the body
 *   follows the RFCs exactly; if not, another parser may find other parameters
 */
export function readMultipart(body: string, boundary: string) {
  const pieces = `\r\n${body}`.split(`\r\n--${boundary}`, mostParts + 1);
  if (pieces.length > mostParts) return { pairs: [], isWhole: false };
  const isEnded = pieces.at(-1)?.startsWith('--') === true;
  const parts = pieces.slice(1, isEnded ? -1 : undefined).map(readPart);
  const pairs = parts.filter((part) => part !== null);
  // Parsers that accept a line feed alone as a line end find more boundaries.
  const boundaries = `\n${body}`.split(`\n--${boundary}`, mostParts + 1).length;
  const isWhole = isEnded && boundaries === pieces.length && pairs.length === parts.length;
  return { pairs, isWhole };
}

/** Parses one part. Its name may be quoted or a plain word. Null: it has no name, or several. */
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
