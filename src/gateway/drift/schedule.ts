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
      await checkOne(parts, zone, signal);
      await pause(parts, Math.max(shortest, pauses * (parts.clock.now() - began)), signal);
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

async function checkOne(parts: DriftScheduleParts, zone: DnsName, signal: AbortSignal): Promise<void> {
  const { checker, storage, metrics, clock, log } = parts;
  try {
    const result = await checker.check(zone, true, signal);
    metrics.driftCheck(result);
    if (result === 'later') await storage.drift.postpone(zone, clock.wall() + afterChange);
  } catch (error) {
    if (signal.aborted) return;
    metrics.driftCheck('failed');
    if (error instanceof StorageError) log(2, 'drift.not-checked', { zone, text: error.message });
    else if (error instanceof CentralError || error instanceof ApiRefusal) {
      log(4, 'drift.not-checked', { zone, code: error.code });
      await postponed(parts, zone);
    } else throw error;
  }
}

async function postponed({ storage, clock, log }: DriftScheduleParts, zone: DnsName): Promise<void> {
  try {
    await storage.drift.postpone(zone, clock.wall() + afterOutage);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    log(2, 'drift.not-checked', { zone, text: error.message });
  }
}

async function pause({ clock }: DriftScheduleParts, ms: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(ms, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
