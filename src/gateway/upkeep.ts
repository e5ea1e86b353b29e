import { setInterval } from 'node:timers';
import type { Log } from '../core/log.ts';
import type { DatabaseGuard } from './audit/database-guard.ts';
import type { Storage } from './storage/storage.ts';
import type { ClaimSettler } from './work/settle-claims.ts';
import { leaseTime } from './work/zone-turns.ts';

/** How often old changes are deleted, milliseconds. */
const pruneEvery = 3_600_000;

/** How often the last entry of the audit is exported, milliseconds. */
const exportEvery = 60_000;

export interface UpkeepParts {
  readonly storage: Storage;
  readonly claims: ClaimSettler;
  readonly guard: Pick<DatabaseGuard, 'doubt' | 'export'>;
  readonly log: Log;
  /** How long a request may take, milliseconds. */
  readonly timeout: number;
  /** How long changes are kept, milliseconds. */
  readonly keepChanges: number;
  /** How long addresses of clients are kept, milliseconds. */
  readonly keepAddresses: number;
}

/** What {@link settle} needs. */
type SettledParts = Pick<UpkeepParts, 'storage' | 'claims' | 'log'> & {
  readonly guard: Pick<DatabaseGuard, 'doubt'>;
};

/**
 * Ends what a stopped gateway has left unfinished: changes without an outcome, and claims. In a storage for
 * one gateway, no lease shows that a change is under way, so nothing may be written before this has ended.
 * @throws {StorageError}
 */
export async function settle(parts: SettledParts): Promise<void> {
  const { storage, log } = parts;
  for (const { zone, key } of await storage.interruptChanges()) log(2, 'change.interrupted', { zone, key });
  await settleClaims(parts, !storage.isShared);
}

/**
 * Does the part of {@link settle} that is safe while requests are answered. With a storage that gateways
 * share, that is all of it: another gateway may have stopped.
 * @throws {StorageError}
 */
export async function settleAgain(parts: SettledParts): Promise<void> {
  if (parts.storage.isShared) await settle(parts);
  else await settleClaims(parts, false);
}

async function settleClaims({ guard, claims, log }: SettledParts, isStart: boolean): Promise<void> {
  const doubt = await guard.doubt();
  // A database in doubt may be an older copy. The claims that it has may have ended since.
  if (doubt !== null) {
    log(1, 'database.in-doubt', { doubt });
    return;
  }
  await claims.settle(isStart);
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
  // Another gateway may stop at any time, and leave changes without an outcome.
  const settled = logged('settle.failed', async () => {
    await settleAgain(parts);
  });
  timers.push(setInterval(settled, leaseTime(timeout)));
  prune();
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}
