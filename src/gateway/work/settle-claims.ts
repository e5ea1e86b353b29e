import { CentralError, type CallContext } from '../../core/central.ts';
import type { Log } from '../../core/log.ts';
import type { DnsName } from '../../dns/name.ts';
import { ApiRefusal } from '../api-refusal.ts';
import type { Storage, ZoneLease, ZoneOwner } from '../storage/storage.ts';
import type { Backends } from './backends.ts';
import { timeLimit, withinTime, type RequestClock } from './time-limit.ts';
import { zoneStateAt, type MadeState } from './zone-state.ts';
import { leaseTime, type ZoneTurns } from './zone-turns.ts';

export interface ClaimSettlerParts {
  readonly storage: Storage;
  readonly backends: Backends;
  readonly turns: ZoneTurns;
  readonly log: Log;
  /** How long a request may take, milliseconds. */
  readonly timeout: number;
  readonly clock: RequestClock;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
}

/** What a name server had of a zone, and since when. */
interface Seen {
  readonly state: MadeState;
  /** When the zone was claimed, or its create was repeated last, wall clock in milliseconds. */
  readonly claimedAt: number;
  /** Monotonic clock, milliseconds. */
  readonly since: number;
}

/** Ends claims whose create has no known outcome. */
export class ClaimSettler {
  readonly #parts: ClaimSettlerParts;
  /** What the name servers had in the last call, for claims that it has not ended. */
  #seen: ReadonlyMap<DnsName, Seen> = new Map();

  constructor(parts: ClaimSettlerParts) {
    this.#parts = parts;
  }

  /**
   * Finds out which of the zones were created. If the name server has one, its customer gets it. A name that
   * the name server lacks becomes free. A zone without SOA record is removed, because PowerDNS was killed
   * while it made the zone. Both happen only if a later call shows the same, after any create has ended.
   * @param isStart whether this process has just started. Then one read without the zone is enough
   * @throws {StorageError}
   */
  async settle(isStart: boolean): Promise<void> {
    const { storage, log } = this.#parts;
    const seen = new Map<DnsName, Seen>();
    for (const claim of await storage.pendingClaims()) {
      const { zone } = claim;
      try {
        const found = await this.#settleOne(claim, isStart);
        if (found !== null) seen.set(zone, found);
      } catch (error) {
        // The name server may be down. The claim stays until a later call, or until the create is repeated.
        if (!(error instanceof CentralError || error instanceof ApiRefusal)) throw error;
        log(2, 'claim.not-settled', { zone, code: error.code });
      }
    }
    this.#seen = seen;
  }

  /** @returns null: the claim has ended, else what the name server has */
  async #settleOne({ zone }: ZoneOwner, isStart: boolean): Promise<Seen | null> {
    const { turns, clock, wall, timeout } = this.#parts;
    const settle = async (lease: ZoneLease): Promise<Seen | null> => {
      const demandTime = timeLimit(wall, () => clock.now(), timeout);
      return await withinTime(clock, timeout, async (signal) =>
        this.#settleHeld(lease, isStart, { ctx: { signal, operation: '-' }, demandTime }),
      );
    };
    return await withinTime(clock, timeout, async (signal) => turns.take(zone, signal, settle));
  }

  async #settleHeld(
    lease: ZoneLease,
    isStart: boolean,
    { ctx, demandTime }: { readonly ctx: CallContext; readonly demandTime: () => void },
  ): Promise<Seen | null> {
    const { storage, backends, timeout, clock } = this.#parts;
    const { zone } = lease;
    const claim = await storage.zone(zone);
    if (claim?.isPending !== true) return null;
    const backend = backends.named(claim.backend);
    const state = await zoneStateAt(backend, zone, ctx);
    const seen = this.#seen.get(zone);
    const { createdAt: claimedAt } = claim;
    const isSame = seen?.state === state && seen.claimedAt === claimedAt;
    const since = isSame ? seen.since : clock.now();
    const isProven = clock.now() - since >= leaseTime(timeout);
    if (state === 'half-made' && isProven) {
      // While the machine slept, another gateway may have got the zone and made it whole.
      demandTime();
      await backend.deleteZone(zone, ctx);
    }
    if (state !== 'whole' && !isProven && !(isStart && state === 'missing'))
      return { state, claimedAt, since };
    await this.#end(claim, state, lease);
    return null;
  }

  async #end({ zone, customer }: ZoneOwner, state: MadeState, lease: ZoneLease): Promise<void> {
    const { storage } = this.#parts;
    const detail = { isThere: state === 'whole', state };
    const audit = { what: 'zone.settled', customer, token: '', from: '', zone, detail };
    if (state === 'whole') await storage.confirmClaim(zone, customer, audit, lease);
    else await storage.dropClaim(zone, customer, audit, lease);
  }
}
