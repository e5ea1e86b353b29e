import { displayName, namesAbove, type DnsName } from '../../dns/name.ts';
import type { CallContext, ZoneSeed } from '../../core/central.ts';
import { ApiRefusal } from '../api-refusal.ts';
import { zoneNameProblem, type NameRules } from '../names/zone-names.ts';
import type { Storage } from '../storage/storage.ts';
import type { Backends } from './backends.ts';

/** The refusal of a zone that belongs to somebody else. It does not tell whose it is. */
export function foreignZone(zone: DnsName): ApiRefusal {
  return new ApiRefusal(409, 'zone.foreign', { params: { zone } });
}

/** The refusal of a zone that only the provider can make, whether he has made it or not. */
export function notAssigned(zone: DnsName): ApiRefusal {
  return new ApiRefusal(422, 'zone.create-there-first', { params: { zone: displayName(zone) } });
}

/** Refuses names of which no customer may make a zone. @throws {ApiRefusal} */
export function demandZoneName(rules: NameRules, zone: DnsName): void {
  const found = zoneNameProblem(rules, zone);
  if (found !== null) throw new ApiRefusal(422, 'central.invalid-value', { problems: [found] });
}

/**
 * Refuses a zone below one that the name server has and that nobody owns: that zone is the provider's.
 * @throws {ApiRefusal} `zone.foreign` @throws {CentralError} @throws {StorageError}
 */
export async function demandNoUnownedAbove(
  { storage, backends }: { readonly storage: Storage; readonly backends: Backends },
  zone: DnsName,
  seed: ZoneSeed,
  ctx: CallContext,
): Promise<void> {
  for (const above of namesAbove(zone)) {
    const owner = await storage.zone(above);
    if (owner !== null && owner.leftAt === null && !owner.isPending) continue;
    if (await backends.haveZone(above, seed, null, ctx)) throw foreignZone(zone);
  }
}
