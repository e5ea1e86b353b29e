/**
 * The chain of hashes of the audit. An address is hashed apart, with a random salt, so that it can be erased
 * and the chain still be checked.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { AuditFacts, AuditHead, AuditLink } from './storage.ts';

/** The head of a chain that has no entry yet. */
export const noHead: AuditHead = { number: 0, hash: '0'.repeat(64) };

/** Makes the next entry of the audit. @param before hash of the entry before it. @param at wall clock */
export function nextLink(
  before: string,
  at: number,
  facts: AuditFacts,
): Omit<AuditLink, 'number' | 'gateway'> {
  const { what, customer, token, from: client, zone, detail } = facts;
  const body = JSON.stringify({ what, customer, token, zone, detail });
  const salt = randomBytes(16).toString('hex');
  const clientHash = hashOf(`${salt}\n${client}`);
  return { at, body, client, salt, clientHash, hash: linkHash(before, { at, body, clientHash }) };
}

/** Whether an entry is the one that was stored after the entry with the hash `before`. */
export function isLinked(before: string, link: AuditLink): boolean {
  const { client, salt, clientHash, hash } = link;
  const isErased = client === null && salt === null;
  const isClient = isErased || hashOf(`${salt}\n${client}`) === clientHash;
  return isClient && linkHash(before, link) === hash;
}

/** Release 0.2.0 stored the address in the body, without a hash of its own. */
function linkHash(
  before: string,
  { at, body, clientHash }: Pick<AuditLink, 'at' | 'body' | 'clientHash'>,
): string {
  return hashOf(`${before}\n${at}\n${body}${clientHash === null ? '' : `\n${clientHash}`}`);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
