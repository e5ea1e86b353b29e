/** Verifies signatures of minisign (jedisct1.github.io/minisign, "Signature format"). Pure. */
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';

export interface PublicSigningKey {
  readonly id: Buffer;
  readonly key: KeyObject;
  /** The key as minisign writes it, in one line. */
  readonly line: string;
}

/** Octets before the 32 of an Ed25519 key in its DER form (RFC 8410, section 4). */
const derPrefix = Buffer.from('302a300506032b6570032100', 'hex');

const algorithmOctets = 2;
const idOctets = 8;
const keyOctets = 32;
const signatureOctets = 64;

/** Reads a public key, as the file of minisign or as its one line. @returns `null`: it is none */
export function parseSigningKey(text: string): PublicSigningKey | null {
  const line = text
    .split('\n')
    .map((one) => one.trim())
    .find((one) => one !== '' && !one.startsWith('untrusted comment:'));
  const octets = exactBase64(line ?? '', algorithmOctets + idOctets + keyOctets);
  if (line === undefined || octets === null || octets.toString('latin1', 0, algorithmOctets) !== 'Ed')
    return null;
  const der = Buffer.concat([derPrefix, octets.subarray(algorithmOctets + idOctets)]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return { id: octets.subarray(algorithmOctets, algorithmOctets + idOctets), key, line };
}

/**
 * Verifies the signature of some data, and that of its trusted comment.
 * @param signature text of the file `.minisig`
 * @returns the trusted comment; `null`: the signature is not one of this key for this data
 */
export function verifiedComment(data: Buffer, signature: string, by: PublicSigningKey): string | null {
  const [, first = '', comment = '', second = ''] = signature.split('\n');
  const octets = exactBase64(first, algorithmOctets + idOctets + signatureOctets);
  const whole = exactBase64(second, signatureOctets);
  const words = /^trusted comment: (.*)$/u.exec(comment)?.[1];
  if (octets === null || whole === null || words === undefined) return null;
  // `ED`: the signature is one of the hash, which minisign makes since version 0.8.
  if (octets.toString('latin1', 0, algorithmOctets) !== 'ED') return null;
  if (!octets.subarray(algorithmOctets, algorithmOctets + idOctets).equals(by.id)) return null;
  const ours = octets.subarray(algorithmOctets + idOctets);
  const hash = createHash('blake2b512').update(data).digest();
  if (!verify(null, hash, by.key, ours)) return null;
  return verify(null, Buffer.concat([ours, Buffer.from(words)]), by.key, whole) ? words : null;
}

function exactBase64(text: string, length: number): Buffer | null {
  const octets = Buffer.from(text, 'base64');
  return octets.length === length && octets.toString('base64') === text ? octets : null;
}
