import type { CallContext, Central } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { Storage, ZoneOwner } from '../storage/storage.ts';

/** How the owners of zones differ from what the name server has. */
export interface OwnersCompared {
  /** Zones of the gateway at the name server that nobody owns. Empty if it cannot list its zones. */
  readonly unowned: readonly DnsName[];
  /** Zones that somebody owns and the name server lacks. */
  readonly missing: readonly ZoneOwner[];
  /** Names that are only claimed. */
  readonly claims: readonly ZoneOwner[];
}

/** Compares the owners of zones with the name server. @throws {CentralError} @throws {StorageError} */
export async function compareOwners(
  storage: Storage,
  backend: Central,
  ctx: CallContext,
): Promise<OwnersCompared> {
  const all = await storage.allZones();
  const owned = all.filter(({ isPending }) => !isPending);
  const there = new Set(
    await backend.listZones(
      owned.map(({ zone }) => zone),
      ctx,
    ),
  );
  const known = new Set(all.map(({ zone }) => zone));
  return {
    unowned: [...there].filter((zone) => !known.has(zone)).sort(),
    missing: owned.filter(({ zone }) => !there.has(zone)),
    claims: all.filter(({ isPending }) => isPending),
  };
}
