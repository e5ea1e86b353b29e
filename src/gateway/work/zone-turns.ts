import { outage } from '../../centrals/errors.ts';
import { Slots } from '../../centrals/slots.ts';
import type { Log } from '../../core/log.ts';
import type { DnsName } from '../../dns/name.ts';
import { StorageError, type Storage, type ZoneLease } from '../storage/storage.ts';
import type { RequestClock } from './time-limit.ts';

/** How long to wait between two tries to take a zone that another gateway holds, milliseconds. */
const pause = { least: 10, most: 40 } as const;

/**
 * How long the lease of a zone is, milliseconds. A request gives up long before its end. So nothing that it
 * has sent arrives while the next holder works.
 * @param timeout how long a request may take, milliseconds
 */
export function leaseTime(timeout: number): number {
  return 2 * timeout + 2_000;
}

export interface ZoneTurnsParts {
  readonly storage: Storage;
  readonly log: Log;
  readonly clock: RequestClock;
  /** How long a request may take, milliseconds. */
  readonly timeout: number;
  /** A random number from 0 to 1; absent: `Math.random`. */
  readonly random?: () => number;
}

/** Lets writes of one zone run one after the other, also if several gateways share the storage. */
export class ZoneTurns {
  readonly #parts: ZoneTurnsParts;
  readonly #here = new Slots();

  constructor(parts: ZoneTurnsParts) {
    this.#parts = parts;
  }

  /**
   * Waits for the zone, then does the work, and leaves the zone.
   * @throws {CentralError} `central.unreachable` if the signal aborts during the wait
   * @throws {StorageError}
   */
  async take<T>(zone: DnsName, signal: AbortSignal, work: (lease: ZoneLease) => Promise<T>): Promise<T> {
    return await this.#here.take(zone, signal, async () => {
      const lease = await this.#lease(zone, signal);
      try {
        return await work(lease);
      } finally {
        await this.leave(lease);
      }
    });
  }

  /** Takes the zone at once. @returns `busy`: this gateway or another works on it. @throws {StorageError} */
  async tryTake(zone: DnsName): Promise<ZoneLease | 'busy'> {
    return await this.#parts.storage.takeZone(zone, leaseTime(this.#parts.timeout));
  }

  async leave(lease: ZoneLease): Promise<void> {
    const { storage, log } = this.#parts;
    try {
      await storage.leaveZone(lease);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      // The work is done, and the lease ends by itself, so the error does no harm.
      log(2, 'lease.not-ended', { zone: lease.zone, text: error.message });
    }
  }

  async #lease(zone: DnsName, signal: AbortSignal): Promise<ZoneLease> {
    for (;;) {
      const lease = await this.tryTake(zone);
      if (lease !== 'busy') return lease;
      // The random time gives each of several waiting gateways a chance.
      const { least, most } = pause;
      const { clock, random = Math.random } = this.#parts;
      await clock.sleep(least + random() * (most - least));
      if (signal.aborted) throw outage('central.unreachable', { text: 'no answer in time' });
    }
  }
}
