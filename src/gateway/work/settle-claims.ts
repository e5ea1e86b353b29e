import type { ZoneLease, ZoneOwner } from '../storage/storage.ts';
import type { Backends } from './backends.ts';
import { withinTime } from './time-limit.ts';
import { ZoneTurns, type ZoneTurnsParts } from './zone-turns.ts';

/**
 * Ends claims that a stopped gateway has left. If the name server has the zone, it was created, else it was
 * not. In a storage for one gateway no lease protects a create under way. There this is to be called before
 * the gateway listens.
 * @throws {CentralError} @throws {StorageError} @throws {ApiRefusal}
 */
export async function settleClaims(parts: ZoneTurnsParts & { readonly backends: Backends }): Promise<void> {
  const { storage, timeout, clock } = parts;
  const zones = new ZoneTurns(parts);
  const held: { readonly claim: ZoneOwner; readonly lease: ZoneLease }[] = [];
  try {
    for (const { zone } of await storage.pendingClaims()) {
      const lease = await zones.tryTake(zone);
      if (lease === 'busy') continue;
      const claim = await storage.zone(zone);
      if (claim?.isPending === true) held.push({ claim, lease });
      else await zones.leave(lease);
    }
    if (held.length === 0) return;
    const asked = held.map(({ claim }) => claim);
    const there = await withinTime(clock, timeout, async (signal) =>
      parts.backends.listed(asked, { signal, operation: '-' }),
    );
    for (const { claim, lease } of held) {
      const { zone, customer } = claim;
      const isThere = there.has(zone);
      const audit = { what: 'zone.settled', customer, token: '', from: '', zone, detail: { isThere } };
      if (isThere) await storage.confirmClaim(zone, customer, audit, lease);
      else await storage.dropClaim(zone, customer, audit, lease);
    }
  } finally {
    for (const { lease } of held) await zones.leave(lease);
  }
}
