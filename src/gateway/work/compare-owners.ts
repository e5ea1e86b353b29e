import type { CallContext, Central } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { Storage, ZoneOwner } from '../storage/storage.ts';

/** How the owners of zones differ from what the name server has. */
export interface OwnersCompared {
  /** Zones that the name server has for the gateway and nobody owns. Empty if it cannot list its zones. */
  readonly unowned: readonly DnsName[];
  /** Zones that somebody owns and the name server lacks. */
  readonly missing: readonly ZoneOwner[];
  /** Names that are only claimed. */
  readonly claims: readonly ZoneOwner[];
}

/**
 * Compares the owners of zones with the name servers.
 * @param centrals by name. If the name server of a zone is not among them, the zone counts as missing
 * @throws {CentralError} @throws {StorageError}
 */
export async function compareOwners(
  storage: Storage,
  centrals: ReadonlyMap<string, Central>,
  ctx: CallContext,
): Promise<OwnersCompared> {
  const all = await storage.allZones();
  const owned = all.filter(({ isPending }) => !isPending);
  const known = new Set(all.map(({ zone }) => zone));
  const unowned: DnsName[] = [];
  const found = new Set<ZoneOwner>();
  for (const [name, central] of centrals) {
    const own = owned.filter(({ backend }) => backend === name);
    const there = new Set(
      await central.listZones(
        own.map(({ zone }) => zone),
        ctx,
      ),
    );
    for (const owner of own) if (there.has(owner.zone)) found.add(owner);
    unowned.push(...[...there].filter((zone) => !known.has(zone)));
  }
  return {
    unowned: unowned.sort(),
    missing: owned.filter((owner) => !found.has(owner)),
    claims: all.filter(({ isPending }) => isPending),
  };
}
