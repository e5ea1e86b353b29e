/**
 * Reads the SHA-256 fingerprint of a certificate as 64 lower-case hex digits; `null` if it is none. Common
 * spellings are `AB:CD:..`, `ab cd ..` and plain hex, also after `sha256:` or `SHA256 Fingerprint=`.
 */
export function readFingerprint(text: string): string | null {
  const digits = text
    .trim()
    .replace(/^sha-?256(?:\s+fingerprint)?\s*[:=]\s*/iu, '')
    .replaceAll(/[\s:]/gu, '')
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? digits : null;
}

/** Writes 64 hex digits in upper case with colons, as users compare them. */
export function showFingerprint(digits: string): string {
  return (digits.toUpperCase().match(/../g) ?? []).join(':');
}
