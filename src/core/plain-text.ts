/**
 * What a text may do to the one who reads it: move a cursor, turn the reading direction, hide. In no text of
 * ours.
 */
const breaks = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
const invisible = /[\p{Cf}\p{Cs}]/gu;
/** All of these but the line break. */
const unsafe = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\p{Cf}\p{Cs}]/gu;

/**
 * A text from outside (an answer, a certificate, a library's message) as words for users: one line, without
 * control characters (ESC and C1 among them). Characters that turn the direction of reading (UAX #9) or are
 * invisible are left out.
 */
export function plainText(text: string): string {
  return text.replaceAll(breaks, ' ').replaceAll(invisible, '');
}

/** The same of every value. */
export function plainParams(params: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, plainText(value)]));
}

/**
 * A text for a terminal: line breaks stay, everything else that {@link plainText} takes away is shown as
 * `\u{1b}`.
 */
export function terminalText(text: string): string {
  return text.replaceAll(unsafe, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * JSON that shows no such character either, with the same meaning (RFC 8259 section 7). @param indent as of
 * `JSON.stringify`
 */
export function safeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replaceAll(unsafe, (one) =>
    // Two escapes for a character outside the basic plane.
    [...Array(one.length).keys()]
      .map((at) => `\\u${one.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
