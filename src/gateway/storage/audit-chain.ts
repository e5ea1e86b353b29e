import { createHash } from 'node:crypto';

/** The hash before the first entry of a gateway's audit. */
export const noHash = '0'.repeat(64);

/**
 * The hash of an entry of the audit.
 * @param before hash of the same gateway's entry before it
 * @param body the entry's facts as stored
 */
export function chained(before: string, at: number, body: string): string {
  return createHash('sha256').update(`${before}\n${at}\n${body}`).digest('hex');
}
