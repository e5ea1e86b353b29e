/**
 * Characters that move a cursor, turn the reading direction or are invisible. Texts of domainsync contain
 * none.
 */
const breaks = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
const invisible = /[\p{Cf}\p{Cs}]/gu;
/** All characters above except the line break. */
const unsafe = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\p{Cf}\p{Cs}]/gu;

/**
 * Turns an outside text (an answer, a certificate, a library's message) into one line without control
 * characters. Also removes invisible characters and those that turn the reading direction (UAX #9).
 */
export function plainText(text: string): string {
  return text.replaceAll(breaks, ' ').replaceAll(invisible, '');
}

/** Applies {@link plainText} to every value. */
export function plainParams(params: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, plainText(value)]));
}

/**
 * Makes a text safe for a terminal, and keeps line breaks. Other characters that {@link plainText} removes
 * become `\u{1b}` and the like.
 */
export function terminalText(text: string): string {
  return text.replaceAll(unsafe, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * Like `JSON.stringify`, but escapes the characters that {@link plainText} removes (RFC 8259 section 7).
 * @param indent as for `JSON.stringify`
 */
export function safeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replaceAll(unsafe, (one) =>
    // A character outside the basic plane needs two escapes.
    [...Array(one.length).keys()]
      .map((at) => `\\u${one.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
