import { createHash } from 'node:crypto';
import type { ResourceRecord } from '../../dns/record.ts';
import { ApiRefusal } from '../api-refusal.ts';

/** What a client says an RRset has to be, or must not be, for its request to be carried out. */
export interface Precondition {
  /** The RRset has one of these tags; `any`: the RRset exists; null: nothing is said. */
  readonly match: readonly string[] | 'any' | null;
  /** The RRset has none of these tags; `any`: the RRset does not exist; null: nothing is said. */
  readonly noneMatch: readonly string[] | 'any' | null;
}

/**
 * The strong entity tag of an RRset (RFC 9110 section 8.8.3), in quotation marks: a hash of type, TTL and
 * data. The order of the records does not matter.
 * @param records records of one RRset; at least one
 */
export function tagOf(records: readonly ResourceRecord[]): string {
  const data = records.map(({ type, ttl, rdata }) => `${type} ${ttl ?? '-'} ${rdata}`).sort();
  return `"${createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 32)}"`;
}

/** Whether the client has stated no precondition. */
export function isUnconditional({ match, noneMatch }: Precondition): boolean {
  return match === null && noneMatch === null;
}

/**
 * Refuses a request whose precondition does not hold.
 * @param present the records of the RRset; empty: it does not exist
 * @throws {ApiRefusal} 412 `gateway.precondition`
 */
export function demandMatch({ match, noneMatch }: Precondition, present: readonly ResourceRecord[]): void {
  const tag = present.length === 0 ? null : tagOf(present);
  const isMatch = match === null || (match === 'any' ? tag !== null : tag !== null && match.includes(tag));
  const isOther = noneMatch === null || !isNamed(noneMatch, tag);
  if (!isMatch || !isOther) throw new ApiRefusal(412, 'gateway.precondition');
}

/** Whether a client has the RRset already, as its `If-None-Match` says. */
export function isKnown({ noneMatch }: Precondition, tag: string): boolean {
  return noneMatch !== null && isNamed(noneMatch, tag);
}

function isNamed(tags: readonly string[] | 'any', tag: string | null): boolean {
  return tag !== null && (tags === 'any' || tags.includes(tag));
}
