import { createHash } from 'node:crypto';
import { displayName, type DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { rrsetId, type Change } from '../../dns/zone.ts';
import { ApiRefusal } from '../api-refusal.ts';
import type { ChangeOutcome, StoredChange } from '../storage/storage.ts';
import type { Caller } from './caller.ts';

/** The outcome of a change that was withdrawn before it was accepted. */
const withdrawn: ChangeOutcome = {
  kind: 'failed',
  code: 'central.unreachable',
  params: { text: 'withdrawn' },
  state: 'untouched',
  retry: 'later',
};

/** Stored for a withdrawn key in place of the hash: nothing of the change was or will be written. */
export const withdrawnMark = '';

/** As {@link withdrawnMark}, if the database may lack keys: the change may have been carried out before. */
const unsureMark = 'unsure';

/**
 * What is stored of a withdrawal for a key that the database does not have.
 * @param isUnsure whether the database may lack keys
 */
export function withdrawal(isUnsure: boolean): Readonly<{ fingerprint: string; outcome: ChangeOutcome }> {
  if (isUnsure) return { fingerprint: unsureMark, outcome: { kind: 'interrupted' } };
  return { fingerprint: withdrawnMark, outcome: withdrawn };
}

/** A change as it is stored before it is written. */
export function changeOf(
  { customer, token, from }: Caller,
  zone: DnsName,
  { key, remove, add }: Pick<StoredChange, 'key' | 'remove' | 'add'>,
  facts: Pick<StoredChange, 'fingerprint' | 'before' | 'acceptedAt'>,
): StoredChange {
  return { customer: customer.id, token: token.id, key, from, zone, remove, add, outcome: null, ...facts };
}

/** The records of those RRsets that the change touches. */
export function recordsBefore(
  { remove, add }: Change,
  present: readonly ResourceRecord[],
): readonly ResourceRecord[] {
  const sets = new Set([...remove, ...add].map(rrsetId));
  const records = present.filter((record) => sets.has(rrsetId(record)));
  return records.map(({ name, type, ttl, rdata }) => ({ name, type, ttl, rdata }));
}

/**
 * The change that has used the key before, if it is the same request.
 * @throws {ApiRefusal} if the key was used for another request
 */
export function sameRequest(earlier: StoredChange, zone: DnsName, fingerprint: string): StoredChange {
  // A withdrawn key is taken with any request, which then gets the withdrawal's outcome.
  const marks = [withdrawnMark, unsureMark, fingerprint];
  const isSame = marks.includes(earlier.fingerprint);
  if (!isSame || earlier.zone !== zone) throw new ApiRefusal(422, 'gateway.key-reused');
  // A withdrawn change was never written, even if the gateway was killed before it stored this outcome.
  if (earlier.fingerprint === withdrawnMark) return { ...earlier, outcome: withdrawn };
  // The caller has the zone's turn, so nobody will store an outcome any more: its commit has failed.
  return earlier.outcome === null ? { ...earlier, outcome: { kind: 'interrupted' } } : earlier;
}

/**
 * The change that has used a withdrawn key, with its outcome.
 * @param earlier null: it was deleted a moment ago, because it is older than history
 * @throws {ApiRefusal} if it was in another zone
 */
export function usedBefore(earlier: StoredChange | null, zone: DnsName): StoredChange {
  if (earlier === null)
    throw new ApiRefusal(503, 'central.unreachable', { state: 'unknown', retry: 'later' });
  return sameRequest(earlier, zone, earlier.fingerprint);
}

/** The refusal with the outcome of a change that was not, or perhaps not, carried out. */
export function outcomeRefusal({ outcome, zone }: StoredChange): ApiRefusal {
  if (outcome?.kind === 'failed') {
    const { code, params, state, retry } = outcome;
    return new ApiRefusal(code === 'central.unreachable' ? 503 : 422, code, { params, state, retry });
  }
  const params = { text: `interrupted: ${displayName(zone)}` };
  return new ApiRefusal(503, 'central.unreachable', { params, state: 'unknown', retry: 'later' });
}

/** The hash by which a repetition of a change is recognised. */
export function fingerprintOf(zone: DnsName, { remove, add }: Pick<StoredChange, 'remove' | 'add'>): string {
  return createHash('sha256')
    .update(JSON.stringify([zone, remove, add]))
    .digest('hex');
}
