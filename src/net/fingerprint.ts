/**
 * Parses the SHA-256 fingerprint of a certificate; `null`: the text is not a fingerprint. Accepts `AB:CD:..`,
 * `ab cd ..` and plain hex, also after `sha256:` or `SHA256 Fingerprint=`.
 * @returns 64 hex digits in lower case
 */
export function readFingerprint(text: string): string | null {
  const digits = text
    .trim()
    .replace(/^sha-?256(?:\s+fingerprint)?\s*[:=]\s*/iu, '')
    .replaceAll(/[\s:]/gu, '')
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? digits : null;
}

/** Formats 64 hex digits in upper case with colons, so that users can compare them. */
export function showFingerprint(digits: string): string {
  return (digits.toUpperCase().match(/../g) ?? []).join(':');
}
