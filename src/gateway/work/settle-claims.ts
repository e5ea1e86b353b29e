import type { Storage, ZoneLease, ZoneOwner } from '../storage/storage.ts';
import type { Backends } from './backends.ts';
import { ZoneTurns, type ZoneTurnsParts } from './zone-turns.ts';

/**
 * Decides about claims that a gateway has left: a zone that the name server has was created, any other was
 * not. Without a shared storage, to be called before the gateway listens.
 * @throws {CentralError} @throws {StorageError} @throws {ApiRefusal} the settings lack a name server
 */
export async function settleClaims(parts: ZoneTurnsParts & { readonly backends: Backends }): Promise<void> {
  const { storage, backends, timeout } = parts;
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
    for (const [name, own] of Map.groupBy(held, ({ claim }) => claim.backend)) {
      const ctx = { signal: AbortSignal.timeout(timeout), operation: '-' };
      const asked = own.map(({ claim }) => claim.zone);
      const there = new Set(await backends.named(name).listZones(asked, ctx));
      for (const { claim, lease } of own) await end(storage, claim, there.has(claim.zone), lease);
    }
  } finally {
    for (const { lease } of held) await zones.leave(lease);
  }
}

async function end(
  storage: Storage,
  { zone, customer }: ZoneOwner,
  isThere: boolean,
  lease: ZoneLease,
): Promise<void> {
  const audit = { what: 'zone.settled', customer, token: '', from: '', zone, detail: { isThere } };
  if (isThere) await storage.confirmClaim(zone, customer, audit, lease);
  else await storage.dropClaim(zone, customer, audit, lease);
}
