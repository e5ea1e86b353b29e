import { CentralError, type Central } from '../core/central.ts';
import type { Log } from '../core/log.ts';
import type { ApiServer } from './api/server.ts';
import { StatusServer } from './api/status-server.ts';
import type { GatewayMetrics } from './metrics.ts';
import { StorageError, type Storage, type StorageCounts } from './storage/storage.ts';

/** What monitoring tells about. */
export interface Monitored {
  readonly storage: Storage;
  /** The name servers. */
  readonly centrals: readonly Central[];
  /** How long a check of a name server may take, milliseconds. */
  readonly timeout: number;
  readonly metrics: GatewayMetrics;
  readonly server: Pick<ApiServer, 'connections'>;
  readonly log: Log;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
}

/** Makes the listener for health checks and metrics of a gateway. It does not listen yet. */
export function monitoring(monitored: Monitored): StatusServer {
  const { metrics, server, wall, now } = monitored;
  return new StatusServer({
    now,
    trouble: async () => await troubleOf(monitored),
    metrics: async () => metrics.text(await countsOf(monitored), server.connections, wall()),
  });
}

/** What does not work; null: the storage and all name servers answer. */
async function troubleOf({ storage, centrals, timeout }: Monitored): Promise<string | null> {
  try {
    await storage.counts();
    for (const central of centrals)
      await central.check({ signal: AbortSignal.timeout(timeout), operation: '-' });
    return null;
  } catch (error) {
    if (error instanceof StorageError) return `storage: ${error.code}`;
    if (error instanceof CentralError) return `name server: ${error.code}`;
    throw error;
  }
}

/** The numbers of the storage for the metrics; null: they cannot be read. */
async function countsOf({ storage, log }: Monitored): Promise<StorageCounts | null> {
  try {
    return await storage.counts();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log(2, 'counts.failed', { text: error.message });
    return null;
  }
}
