import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Central } from '../core/central.ts';
import type { AlarmClock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { ApiServer } from './api/server.ts';
import type { StatusServer } from './api/status-server.ts';
import { DriftChecker } from './drift/checker.ts';
import { startDriftChecks } from './drift/schedule.ts';
import { ZoneSerials } from './drift/serials.ts';
import { DatabaseGuard } from './audit/database-guard.ts';
import { HeadsFile } from './audit/heads-file.ts';
import { GatewayMetrics, measuredCentral } from './metrics.ts';
import { monitoring } from './monitoring.ts';
import { OperatorWork } from './operator/work.ts';
import { openBackends, requestTime } from './open-backends.ts';
import type { GatewaySettings } from './settings.ts';
import { openSqlite } from './storage/sqlite-database.ts';
import { StorageError, type Storage } from './storage/storage.ts';
import { Backends } from './work/backends.ts';
import { settle, startUpkeep } from './upkeep.ts';
import { Gateway } from './work/gateway.ts';
import { ClaimSettler } from './work/settle-claims.ts';

/** Monotonic clock, milliseconds. */
const now = (): number => performance.now();

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
  // The client for PostgreSQL is loaded only by a gateway that uses it.
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
  { clock, log }: { readonly clock: AlarmClock; readonly log: Log },
): Promise<RunningGateway> {
  mkdirSync(settings.state, { recursive: true, mode: 0o700 });
  const storage = await openStorage(settings, log);
  const lock = storage.isShared ? null : lockFolder(settings);
  const metrics = new GatewayMetrics();
  const centrals = await openMeasured(settings, { clock, log }, metrics);
  const backends = new Backends(centrals, storage);
  const timeout = requestTime(settings);
  const { quarantine, keepChanges, keepAddresses, names } = settings;
  const heads = new HeadsFile(settings.auditHeads);
  const guard = await DatabaseGuard.open({ storage, heads, log, wall: Date.now });
  const common = { storage, backends, log, clock, timeout };
  const gateway = new Gateway({ ...common, wall: Date.now, quarantine, names, guard });
  const { turns } = gateway;
  const claims = new ClaimSettler({ ...common, turns, wall: Date.now });
  const upkeep = { storage, claims, guard, log, timeout, keepChanges, keepAddresses };
  await settle(upkeep);
  const named = [...centrals.keys()].filter((name) => name !== '');
  const operator = new OperatorWork({ storage, wall: Date.now, backends: () => named, heads });
  const { limits, proxies, certificate } = settings;
  const every = settings.driftEvery;
  const serials = new ZoneSerials(backends, Date.now);
  const checking = { storage, backends, serials, guard, turns, log, wall: Date.now, timeout, every };
  const drift = new DriftChecker(checking);
  const parts = { gateway, operator, drift, storage, log, wall: Date.now, now, limits, proxies, metrics };
  const server = new ApiServer(parts, certificate);
  const status = monitoring({ ...parts, centrals: [...centrals.values()], timeout, server });
  const { port, statusPort } = await listen(server, status, settings);
  await guard.export();
  const endUpkeep = startUpkeep(upkeep);
  const schedule = { checker: drift, storage, guard, metrics, clock, log };
  const endDrift = every === 0 ? null : startDriftChecks(schedule);
  return {
    port,
    statusPort,
    close: async () => {
      endUpkeep();
      await endDrift?.();
      if (statusPort !== null) await status.close();
      await server.close();
      await guard.export().catch((error: unknown) => {
        log(1, 'audit.not-exported', { text: String(error) });
      });
      await backends.close();
      await storage.close();
      lock?.close();
    },
  };
}

/** Makes the centrals of all name servers, by name. Their calls are measured. @throws {SettingsRefused} */
async function openMeasured(
  settings: GatewaySettings,
  ports: { readonly clock: AlarmClock; readonly log: Log },
  metrics: GatewayMetrics,
): Promise<ReadonlyMap<string, Central>> {
  const opened = await openBackends(settings, ports);
  const nameOf = (name: string): string => (name === '' ? settings.backend.kind : name);
  return new Map(
    [...opened].map(([name, central]) => [name, measuredCentral(nameOf(name), central, metrics, now)]),
  );
}

/** Listens at all addresses, or at none. @returns the ports */
async function listen(
  server: ApiServer,
  status: StatusServer,
  { listen: api, statusListen }: GatewaySettings,
): Promise<Pick<RunningGateway, 'port' | 'statusPort'>> {
  const port = await server.listen(api.host, api.port);
  if (statusListen === null) return { port, statusPort: null };
  try {
    return { port, statusPort: await status.listen(statusListen.host, statusListen.port) };
  } catch (error) {
    await server.close();
    throw error;
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
