import type { CallContext } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ListPart, ZoneOwner } from '../storage/storage.ts';
import type { Backends } from './backends.ts';

/** Number of zones that are read from the storage at once, if the token may see few of them. */
const readAtOnce = 1_000;

interface ZonesPorts {
  /** Reads a part of the customer's zones, in the order of names. */
  readonly list: (part: ListPart) => Promise<readonly ZoneOwner[]>;
  readonly isVisible: (owner: ZoneOwner) => boolean;
  readonly backends: Backends;
  readonly ctx: CallContext;
}

/**
 * The first zones after a name that the token may see and that the name server has. Asks the name server only
 * about as many zones as are still wanted.
 * @throws {CentralError} @throws {StorageError}
 */
export async function zonesInPart(
  { after, most }: ListPart,
  { list, isVisible, backends, ctx }: ZonesPorts,
): Promise<readonly DnsName[]> {
  const found: DnsName[] = [];
  const size = Math.max(most, readAtOnce);
  for (let from = after; ;) {
    const own = await list({ after: from, most: size });
    const visible = own.filter(isVisible);
    while (visible.length > 0 && found.length < most) {
      const asked = visible.splice(0, most - found.length);
      const there = await backends.there(asked, ctx);
      found.push(...asked.map(({ zone }) => zone).filter((zone) => there.has(zone)));
    }
    from = own.at(-1)?.zone ?? null;
    if (own.length < size || from === null || found.length >= most) return found;
  }
}
