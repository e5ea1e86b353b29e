/**
 * A SHA-256 certificate fingerprint as 64 lower-case hex digits; `null` if it is not one. It may be in any
 * common spelling: `AB:CD:..`, `ab cd ..`, plain hex, with `sha256:` or `SHA256 Fingerprint=` before it.
 */
export function readFingerprint(text: string): string | null {
  const digits = text
    .trim()
    .replace(/^sha-?256(?:\s+fingerprint)?\s*[:=]\s*/iu, '')
    .replaceAll(/[\s:]/gu, '')
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? digits : null;
}

/** 64 hex digits as people compare them: upper case, colons. */
export function showFingerprint(digits: string): string {
  return (digits.toUpperCase().match(/../g) ?? []).join(':');
}
