import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setInterval } from 'node:timers';
import { centralModule } from '../centrals/registry.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { ApiServer } from './api/server.ts';
import { ApiRefusal } from './api-refusal.ts';
import type { GatewaySettings } from './settings.ts';
import { SqliteStorage } from './storage/sqlite.ts';
import { StorageError, type Storage } from './storage/storage.ts';
import { Gateway } from './work/gateway.ts';

/** How often old changes are deleted, milliseconds. */
const pruneEvery = 3_600_000;

export interface RunningGateway {
  readonly port: number;
  /** Ends once all requests that run are answered. */
  close(): Promise<void>;
}

/**
 * Opens the database of a gateway. Several processes may have it open: one gateway, and commands of the
 * operator.
 * @throws {StorageError}
 */
export function openStorage({ state }: Pick<GatewaySettings, 'state'>): Storage {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  return SqliteStorage.open(join(state, 'gateway.db'), Date.now);
}

/**
 * Starts a gateway: opens the storage, marks changes that an earlier process left without an outcome, and
 * listens.
 * @throws {StorageError} `storage.in-use`: another gateway uses the folder
 * @throws {SettingsRefused} the settings of the name server cannot be used
 */
export async function startGateway(
  settings: GatewaySettings,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<RunningGateway> {
  const storage = openStorage(settings);
  const lock = lockFolder(settings);
  // Only panels are searched for and remembered.
  const memory = { get: () => null, put: () => undefined };
  const backend = await centralModule(settings.backend.kind).open(settings.backend, { clock, log, memory });
  const { timeout } = settings.backend;
  const { quarantine, keepChanges, names } = settings;
  const gateway = new Gateway({ storage, backend, wall: Date.now, timeout, quarantine, names });
  for (const { zone, key } of await storage.interruptChanges(Date.now()))
    log(2, 'change.interrupted', { zone, key });
  await gateway.settleClaims().catch((error: unknown) => {
    // The name server may be down. The claims stay, and the create is asked for again.
    if (!(error instanceof ApiRefusal)) throw error;
    log(2, 'claims.not-settled', { code: error.code });
  });
  const server = new ApiServer({ gateway, storage, log, wall: Date.now }, settings.certificate);
  const port = await server.listen(settings.listen.host, settings.listen.port);
  const prune = (): void => {
    storage.pruneChanges(Date.now() - keepChanges).catch((error: unknown) => {
      log(1, 'prune.failed', { text: String(error) });
    });
  };
  const pruning = setInterval(prune, pruneEvery);
  prune();
  return {
    port,
    close: async () => {
      clearInterval(pruning);
      await server.close();
      await backend.close();
      await storage.close();
      lock.close();
    },
  };
}

/** Keeps a second gateway out of the folder. The system releases the lock when the process ends. */
function lockFolder({ state }: GatewaySettings): DatabaseSync {
  const lock = new DatabaseSync(join(state, 'gateway.lock'), { timeout: 0 });
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw new StorageError('storage.in-use', error);
  }
}
