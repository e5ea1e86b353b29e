/** Verifies signatures that minisign made (jedisct1.github.io/minisign, "Signature format"). Pure. */
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';

export interface PublicSigningKey {
  readonly id: Buffer;
  readonly key: KeyObject;
  /** The key as text, in the one line in which minisign prints it. */
  readonly line: string;
}

/**
 * The DER form of an Ed25519 public key begins with these octets; the 32 octets of the key follow (RFC 8410,
 * section 4).
 */
const derPrefix = Buffer.from('302a300506032b6570032100', 'hex');

const algorithmOctets = 2;
const idOctets = 8;
const keyOctets = 32;
const signatureOctets = 64;

/**
 * Parses a public key, either the text of minisign's key file or only its line with the key.
 * @returns `null`: the text holds no key
 */
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
 * Verifies minisign's two signatures: that of the data, and that of the trusted comment.
 * @param signature text of the file `.minisig`
 * @returns the trusted comment; `null`: this key did not sign this data
 */
export function verifiedComment(data: Buffer, signature: string, by: PublicSigningKey): string | null {
  const [, first = '', comment = '', second = ''] = signature.split('\n');
  const octets = exactBase64(first, algorithmOctets + idOctets + signatureOctets);
  const whole = exactBase64(second, signatureOctets);
  const words = /^trusted comment: (.*)$/u.exec(comment)?.[1];
  if (octets === null || whole === null || words === undefined) return null;
  // `ED`: not the data is signed but its hash. Minisign makes such signatures since version 0.8.
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
