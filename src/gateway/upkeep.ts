import { setInterval } from 'node:timers';
import { CentralError } from '../core/central.ts';
import type { Log } from '../core/log.ts';
import type { DatabaseGuard } from './audit/database-guard.ts';
import { ApiRefusal } from './api-refusal.ts';
import type { Storage } from './storage/storage.ts';
import type { Backends } from './work/backends.ts';
import { settleClaims } from './work/settle-claims.ts';
import { leaseTime } from './work/zone-turns.ts';

/** How often old changes are deleted, milliseconds. */
const pruneEvery = 3_600_000;

/** How often the last entry of the audit is exported, milliseconds. */
const exportEvery = 60_000;

export interface UpkeepParts {
  readonly storage: Storage;
  readonly backends: Backends;
  readonly guard: DatabaseGuard;
  readonly log: Log;
  /** How long a request may take, milliseconds. */
  readonly timeout: number;
  /** How long changes are kept, milliseconds. */
  readonly keepChanges: number;
  /** How long addresses of clients are kept, milliseconds. */
  readonly keepAddresses: number;
}

/**
 * Ends what a stopped gateway has left unfinished: changes without an outcome, and claims.
 * @throws {StorageError}
 */
export async function settle(parts: UpkeepParts): Promise<void> {
  const { storage, guard, log } = parts;
  for (const { zone, key } of await storage.interruptChanges()) log(2, 'change.interrupted', { zone, key });
  const doubt = await guard.doubt();
  // A database in doubt may be an older copy. The claims that it has may have ended since.
  if (doubt !== null) {
    log(1, 'database.in-doubt', { doubt });
    return;
  }
  await settleClaims(parts).catch((error: unknown) => {
    // The name server may be down. The claims stay until a later try, or until the create is repeated.
    if (!(error instanceof CentralError || error instanceof ApiRefusal)) throw error;
    log(2, 'claims.not-settled', { code: error.code });
  });
}

/** Does what a gateway does from time to time. @returns ends it */
export function startUpkeep(parts: UpkeepParts): () => void {
  const { storage, guard, log, timeout, keepChanges, keepAddresses } = parts;
  const logged = (event: string, work: () => Promise<void>) => (): void => {
    work().catch((error: unknown) => {
      log(1, event, { text: String(error) });
    });
  };
  const prune = logged('prune.failed', async () => {
    await storage.pruneChanges(Date.now() - keepChanges);
    await storage.pruneLeases();
    const old = { before: Date.now() - keepAddresses, client: null, customer: null };
    await storage.eraseAddresses(old, null);
  });
  const exported = logged('audit.not-exported', async () => {
    await guard.export();
  });
  const timers = [setInterval(prune, pruneEvery), setInterval(exported, exportEvery)];
  const settled = logged('settle.failed', async () => {
    await settle(parts);
  });
  // Another gateway may stop at any time, and leave changes without an outcome, and claims.
  if (storage.isShared) timers.push(setInterval(settled, leaseTime(timeout)));
  prune();
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}
