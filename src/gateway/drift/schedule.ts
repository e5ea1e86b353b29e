import { CentralError } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { DnsName } from '../../dns/name.ts';
import { ApiRefusal } from '../api-refusal.ts';
import type { DatabaseGuard } from '../audit/database-guard.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { type DriftStorage, StorageError } from '../storage/storage.ts';
import type { DriftChecker } from './checker.ts';

/** How many names of zones are read from the database at once. */
const atOnce = 20;
/** How long to wait if no zone has to be checked, milliseconds. */
const idle = 10_000;
/** After how long a zone is checked again if its name server could not be asked, milliseconds. */
const afterOutage = 900_000;
/** After how long a zone is checked again that was changed during the check, milliseconds. */
const afterChange = 60_000;
/** After how long a zone is checked again if its check has failed at the database, milliseconds. */
const afterStorageFailure = 60_000;
/** The pause after a check is so many times as long as the check, so that customers notice little. */
const pauses = 9;
/** Shortest pause, milliseconds. */
const shortest = 20;

export interface DriftScheduleParts {
  readonly checker: Pick<DriftChecker, 'check'>;
  readonly storage: { readonly drift: Pick<DriftStorage, 'due' | 'postpone'> };
  readonly guard: Pick<DatabaseGuard, 'doubt'>;
  readonly metrics: Pick<GatewayMetrics, 'driftCheck'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Checks zones for drift when their checks are due, one after the other.
 * @returns ends it; resolves once no check runs
 */
export function startDriftChecks(parts: DriftScheduleParts): () => Promise<void> {
  const stop = new AbortController();
  const done = run(parts, stop.signal);
  return async () => {
    stop.abort();
    await done;
  };
}

async function run(parts: DriftScheduleParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const zones = await dueZones(parts);
    for (const zone of zones) {
      const began = parts.clock.now();
      const hasNextTime = await checkOne(parts, zone, signal);
      const rest = Math.max(shortest, pauses * (parts.clock.now() - began));
      // A database that does not even store the next time would be asked many times a second.
      await pause(parts, hasNextTime ? rest : Math.max(idle, rest), signal);
      if (signal.aborted) return;
    }
    if (zones.length === 0) await pause(parts, idle, signal);
  }
}

/** @returns none while the database may be an older copy: our own writes would look like drift */
async function dueZones({ storage, guard, clock, log }: DriftScheduleParts): Promise<readonly DnsName[]> {
  try {
    return (await guard.doubt()) === null ? await storage.drift.due(clock.wall(), atOnce) : [];
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log(2, 'drift.not-checked', { text: error.message });
    return [];
  }
}

/** @returns false: the zone is still due, because the database does not store when it is checked again */
async function checkOne(parts: DriftScheduleParts, zone: DnsName, signal: AbortSignal): Promise<boolean> {
  const { checker, metrics, log } = parts;
  try {
    const result = await checker.check(zone, true, signal);
    metrics.driftCheck(result);
    return result === 'later' ? await postponed(parts, zone, afterChange) : true;
  } catch (error) {
    if (signal.aborted) return true;
    metrics.driftCheck('failed');
    if (error instanceof StorageError) {
      log(2, 'drift.not-checked', { zone, text: error.message });
      return await postponed(parts, zone, afterStorageFailure);
    }
    if (!(error instanceof CentralError || error instanceof ApiRefusal)) throw error;
    log(4, 'drift.not-checked', { zone, code: error.code });
    return await postponed(parts, zone, afterOutage);
  }
}

/** @returns false: the database does not store it */
async function postponed(
  { storage, clock, log }: DriftScheduleParts,
  zone: DnsName,
  ms: number,
): Promise<boolean> {
  try {
    await storage.drift.postpone(zone, clock.wall() + ms);
    return true;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log(2, 'drift.not-checked', { zone, text: error.message });
    return false;
  }
}

async function pause({ clock }: DriftScheduleParts, ms: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(ms, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
