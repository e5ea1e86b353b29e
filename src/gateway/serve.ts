import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setInterval } from 'node:timers';
import { centralModule } from '../centrals/registry.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { CentralError, type Central } from '../core/central.ts';
import { ApiServer } from './api/server.ts';
import { StatusServer } from './api/status-server.ts';
import { ApiRefusal } from './api-refusal.ts';
import { DatabaseGuard } from './audit/database-guard.ts';
import { HeadsFile } from './audit/heads-file.ts';
import { GatewayMetrics, measuredCentral } from './metrics.ts';
import { OperatorWork } from './operator/work.ts';
import type { GatewaySettings } from './settings.ts';
import { openSqlite } from './storage/sqlite-database.ts';
import { StorageError, type Storage, type StorageCounts } from './storage/storage.ts';
import { Gateway } from './work/gateway.ts';
import { leaseTime } from './work/zone-turns.ts';

/** Monotonic clock, milliseconds. */
const now = (): number => performance.now();

/** How often old changes are deleted, milliseconds. */
const pruneEvery = 3_600_000;

/** How often the last entry of the audit is exported, milliseconds. */
const exportEvery = 60_000;

export interface RunningGateway {
  readonly port: number;
  /** The port of health checks and metrics; null: there is none. */
  readonly statusPort: number | null;
  /** Ends once all requests that run are answered. */
  close(): Promise<void>;
}

/**
 * Opens the database of a gateway. Several processes may have it open: gateways (with SQLite only one), and
 * commands of the operator.
 * @throws {StorageError}
 */
export async function openStorage(
  { state, storage }: Pick<GatewaySettings, 'state' | 'storage'>,
  log: Log = () => undefined,
): Promise<Storage> {
  if (storage.kind === 'sqlite') {
    mkdirSync(state, { recursive: true, mode: 0o700 });
    return openSqlite(join(state, 'gateway.db'), { wall: Date.now, gateway: '' });
  }
  // Only who uses PostgreSQL loads its client.
  const { openPostgres } = await import('./storage/postgres.ts');
  return await openPostgres(storage.server, { wall: Date.now, gateway: storage.name }, log);
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
  const storage = await openStorage(settings, log);
  const lock = storage.isShared ? null : lockFolder(settings);
  // Only panels are searched for and remembered.
  const memory = { get: () => null, put: () => undefined };
  const { kind } = settings.backend;
  const metrics = new GatewayMetrics();
  const central = await centralModule(kind).open(settings.backend, { clock, log, memory });
  const backend = measuredCentral(kind, central, metrics, now);
  const { timeout } = settings.backend;
  const { quarantine, keepChanges, keepAddresses, names } = settings;
  const heads = new HeadsFile(settings.auditHeads);
  const guard = await DatabaseGuard.open({ storage, heads, log, wall: Date.now });
  const gateway = new Gateway({ storage, backend, log, wall: Date.now, timeout, quarantine, names, guard });
  const settle = async (): Promise<void> => {
    for (const { zone, key } of await storage.interruptChanges()) log(2, 'change.interrupted', { zone, key });
    const doubt = await guard.doubt();
    // What such a database says of claims may be over since.
    if (doubt !== null) log(1, 'database.in-doubt', { doubt });
    else
      await gateway.settleClaims().catch((error: unknown) => {
        // The name server may be down. The claims stay, and the create is asked for again.
        if (!(error instanceof ApiRefusal)) throw error;
        log(2, 'claims.not-settled', { code: error.code });
      });
  };
  await settle();
  const operator = new OperatorWork(storage, Date.now);
  const { limits, certificate, statusListen } = settings;
  const parts = { gateway, operator, storage, log, wall: Date.now, now, limits, metrics };
  const server = new ApiServer(parts, certificate);
  const port = await server.listen(settings.listen.host, settings.listen.port);
  const status = new StatusServer({
    now,
    trouble: async () => await troubleOf(storage, backend, timeout),
    metrics: async () => metrics.text(await countsOf(storage, log), server.connections, Date.now()),
  });
  const statusPort = statusListen && (await status.listen(statusListen.host, statusListen.port));
  const logged = (event: string, work: () => Promise<void>) => (): void => {
    work().catch((error: unknown) => {
      log(1, event, { text: String(error) });
    });
  };
  const prune = logged('prune.failed', async () => {
    await storage.pruneChanges(Date.now() - keepChanges);
    const old = { before: Date.now() - keepAddresses, client: null, customer: null };
    await storage.eraseAddresses(old, null);
  });
  await guard.export();
  const timers = [
    setInterval(prune, pruneEvery),
    setInterval(
      logged('audit.not-exported', async () => guard.export()),
      exportEvery,
    ),
  ];
  // Another gateway may end at any time, and leave changes and claims.
  if (storage.isShared) timers.push(setInterval(logged('settle.failed', settle), leaseTime(timeout)));
  prune();
  return {
    port,
    statusPort,
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      if (statusListen !== null) await status.close();
      await server.close();
      await guard.export().catch((error: unknown) => {
        log(1, 'audit.not-exported', { text: String(error) });
      });
      await backend.close();
      await storage.close();
      lock?.close();
    },
  };
}

/** What does not work; null: the storage and the name server answer. */
async function troubleOf(storage: Storage, backend: Central, timeout: number): Promise<string | null> {
  try {
    await storage.counts();
    await backend.check({ signal: AbortSignal.timeout(timeout), operation: '-' });
    return null;
  } catch (error) {
    if (error instanceof StorageError) return `storage: ${error.code}`;
    if (error instanceof CentralError) return `name server: ${error.code}`;
    throw error;
  }
}

/** The numbers of the storage for the metrics; null: they cannot be read. */
async function countsOf(storage: Storage, log: Log): Promise<StorageCounts | null> {
  try {
    return await storage.counts();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log(2, 'counts.failed', { text: error.message });
    return null;
  }
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
