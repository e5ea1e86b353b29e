/**
 * Tokens of the gateway: `dsg_` + id (8 characters) + `_` + secret (30) + checksum (6). Beside the two
 * underscores there are only letters and digits, so that no header, URL or shell needs an escape.
 */
import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const prefix = 'dsg_';
const idLength = 8;
/** 30 digits of base 62 are 178 random bits. That is why a fast hash is enough to store a token. */
const secretLength = 30;
/** The largest CRC32 has 6 digits in base 62. */
const checksumLength = 6;
const tokenLength = prefix.length + idLength + 1 + secretLength + checksumLength;

/**
 * The form of a token in any text, published for secret scanners. It has neither anchors nor look-around,
 * so that every scanner takes it, and finds a token behind `%3A` in a URL. {@link readToken} also checks the
 * checksum.
 */
export const tokenPattern = /dsg_[0-9A-Za-z]{8}_[0-9A-Za-z]{36}/u;

/** A token as it is made. The text is shown once and not stored. */
export interface NewToken {
  /** Public id, 8 letters and digits, to find the token by. */
  readonly id: string;
  readonly text: string;
  /** SHA-256 of the text, 64 hexadecimal digits in lower case. */
  readonly hash: string;
}

/** What a token that was sent says about itself: its id and its hash. Neither is proved yet. */
export type SentToken = Pick<NewToken, 'id' | 'hash'>;

/**
 * Makes a token from the system's random source.
 * @param id of a token that gets another text; absent: a new one
 */
export function makeToken(id: string = randomText(idLength)): NewToken {
  const body = `${prefix}${id}_${randomText(secretLength)}`;
  const text = `${body}${checksum(body)}`;
  return { id, text, hash: hashOf(text) };
}

/**
 * Reads a token that somebody sent. Whether it exists is for the caller to find: by the id, then with
 * {@link isSameHash}.
 * @returns null: the text is not a well-formed token, or its checksum is wrong
 */
export function readToken(text: string): SentToken | null {
  if (text.length !== tokenLength || !tokenPattern.test(text)) return null;
  const body = text.slice(0, -checksumLength);
  if (checksum(body) !== text.slice(-checksumLength)) return null;
  return { id: text.slice(prefix.length, prefix.length + idLength), hash: hashOf(text) };
}

/** Compares two hashes in a time that does not depend on where they differ. */
export function isSameHash(one: string, other: string): boolean {
  // Hashed once more, both have the same length, which timingSafeEqual demands.
  return timingSafeEqual(digest(one), digest(other));
}

function randomText(length: number): string {
  // randomInt has no modulo bias.
  return Array.from({ length }, () => digits.charAt(randomInt(digits.length))).join('');
}

/** CRC32 of the text in base 62, filled with zeros on the left. */
function checksum(text: string): string {
  let rest = crc32(text);
  let found = '';
  for (let at = 0; at < checksumLength; at += 1) {
    found = digits.charAt(rest % digits.length) + found;
    rest = Math.floor(rest / digits.length);
  }
  return found;
}

function hashOf(text: string): string {
  return digest(text).toString('hex');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Makes a transfer code with 30 random letters and digits, and the hash that is stored of it. */
export function makeCode(): Pick<NewToken, 'text' | 'hash'> {
  const text = `dst_${randomText(secretLength)}`;
  return { text, hash: hashOf(text) };
}

/** The hash of a code of {@link makeCode}, as it is stored. */
export function codeHash(text: string): string {
  return hashOf(text);
}
