import type { AuditFacts, Storage } from '../storage/storage.ts';
import type { HeadsFile } from './heads-file.ts';

/**
 * Accepts a database that was put back. Names that are only claimed become free, because the claim may have
 * ended in the lost time. If the name server has such a zone by now, it may be somebody else's. What the
 * gateway knew of zones is forgotten, because the gateway itself may have changed them in the lost time.
 * @param at wall clock, milliseconds
 * @throws {StorageError} @throws {HeadsUnreadable} the acceptance could not be written
 */
export async function acceptDatabase(
  storage: Storage,
  heads: HeadsFile,
  at: number,
  audit: AuditFacts,
): Promise<void> {
  for (const { zone, customer } of await storage.pendingClaims()) {
    const facts = { ...audit, what: 'zone.claim-dropped', customer, zone };
    await storage.dropClaim(zone, customer, facts, null);
  }
  await storage.drift.forgetAll();
  await storage.note(audit);
  heads.append({ at, ...(await storage.newestEntry()), accepted: true });
}
