import type { Central } from '../../core/central.ts';
import type { ZoneLease, ZoneOwner } from '../storage/storage.ts';
import { ZoneTurns, type ZoneTurnsParts } from './zone-turns.ts';

/**
 * Decides about claims that a gateway has left: a zone that the name server has was created, any other was
 * not. Without a shared storage, to be called before the gateway listens.
 * @throws {CentralError} @throws {StorageError}
 */
export async function settleClaims(parts: ZoneTurnsParts & { readonly backend: Central }): Promise<void> {
  const { storage, backend, timeout } = parts;
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
    const asked = held.map(({ claim }) => claim.zone);
    const there = await backend.listZones(asked, {
      signal: AbortSignal.timeout(timeout),
      operation: '-',
    });
    for (const { claim, lease } of held) {
      const { zone, customer } = claim;
      const isThere = there.includes(zone);
      const audit = { what: 'zone.settled', customer, token: '', from: '', zone, detail: { isThere } };
      if (isThere) await storage.confirmClaim(zone, customer, audit, lease);
      else await storage.dropClaim(zone, customer, audit, lease);
    }
  } finally {
    for (const { lease } of held) await zones.leave(lease);
  }
}
