import type { DnsName } from '../../dns/name.ts';
import type { DatabaseGuard } from '../audit/database-guard.ts';
import type { Storage, StoredChange, ZoneLease } from '../storage/storage.ts';
import { auditOf, type Caller } from './caller.ts';
import { changeOf, withdrawal } from './stored-change.ts';
import { acceptedBefore, leaseLost } from './write-refusals.ts';

interface EndKeyPorts {
  readonly storage: Storage;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
  readonly guard: Pick<DatabaseGuard, 'mayLackKeys'>;
}

/**
 * Stores a key as withdrawn, unless a change has used it.
 * @param lease null: only the key is decided about, and nothing can be said of the zone
 * @returns null: a change has used it
 * @throws {ApiRefusal} the lease was lost @throws {StorageError}
 */
export async function endKey(
  { storage, wall, guard }: EndKeyPorts,
  caller: Caller,
  zone: DnsName,
  key: string,
  lease: ZoneLease | null,
): Promise<StoredChange | null> {
  const { fingerprint, outcome } = withdrawal(guard.mayLackKeys());
  const facts = { fingerprint, before: [], acceptedAt: wall() };
  const none = changeOf(caller, zone, { key, remove: [], add: [] }, facts);
  const audit = auditOf(caller, 'change.withdrawn', zone, { key });
  if (acceptedBefore(await storage.acceptChange(none, audit, lease)) !== null) return null;
  if (!(await storage.endChange(none, outcome, audit, lease))) throw leaseLost();
  return { ...none, outcome };
}
