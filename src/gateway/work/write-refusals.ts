/** Refusals of writes for reasons that the storage gives. */
import type { DnsName } from '../../dns/name.ts';
import { ApiRefusal } from '../api-refusal.ts';
import { StorageError, type Claim, type LimitReached, type StoredChange } from '../storage/storage.ts';
import { overLimit } from './limits.ts';
import { foreignZone } from './zone-names.ts';

/** The refusal of a write while the database is in doubt. */
export function inDoubt(state: ApiRefusal['state']): ApiRefusal {
  const params = { text: 'the gateway only reads until the provider has confirmed its database' };
  return new ApiRefusal(503, 'central.unreachable', { params, state, retry: 'later' });
}

/** @throws {ApiRefusal} if the customer does not get the zone */
export function demandClaim(claim: Claim, zone: DnsName): void {
  if (typeof claim !== 'object') return;
  if ('limit' in claim) throw overLimit(claim.limit);
  throw foreignZone(zone);
}

/** @throws {ApiRefusal} if the change exceeds a limit. @returns the stored change, if there is one already */
export function acceptedBefore(answer: StoredChange | LimitReached | null): StoredChange | null {
  if (answer === null || !('limit' in answer)) return answer;
  throw overLimit(answer.limit);
}

/** The refusal of a code that is void, wrong or for another zone. */
export function noSuchCode(): ApiRefusal {
  return new ApiRefusal(404, 'central.missing', { params: { text: 'transfer code' } });
}

/** The refusal of a write whose lease was lost before its end. Another gateway may have written meanwhile. */
export function leaseLost(): ApiRefusal {
  const facts = { params: { text: 'storage.lease-lost' }, state: 'unknown', retry: 'later' } as const;
  return new ApiRefusal(503, 'central.unreachable', facts);
}

/** If the storage fails after a write at the name server, the client hears that something may be changed. */
export async function afterWrite<T>(stored: Promise<T>): Promise<T> {
  try {
    return await stored;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const facts = { params: { text: error.code }, state: 'unknown', retry: 'later', cause: error } as const;
    throw new ApiRefusal(503, 'central.unreachable', facts);
  }
}
