import { isWithin, labels, parentName, wildcardsOver, type DnsName } from '../../../dns/name.ts';
import type { CallContext } from '../../central.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import type { Runtime } from '../runtime.ts';

/** Names a name lies in, the nearest first, without the root and the top-level domain. */
export function namesAbove(name: DnsName): DnsName[] {
  const found: DnsName[] = [];
  for (let above = parentName(name); labels(above).length > 1; above = parentName(above)) found.push(above);
  return found;
}

/**
 * Whether a zone of ours at the central answers names of a zone that is not there yet. It holds the name, one
 * below it, or a wildcard over it. An empty zone there would take these answers away.
 * @param listed zones of the account
 * @throws {CentralError | JournalError}
 */
export async function isAnsweredAbove(
  runtime: Runtime,
  zone: DnsName,
  listed: readonly DnsName[],
  ctx: CallContext,
): Promise<boolean> {
  const above = namesAbove(zone).find((name) => listed.includes(name));
  if (above === undefined) return false;
  // Names that neither panel nor ledger know may be there.
  if (!runtime.ports.central.traits.wholeZones) return true;
  const wildcards = new Set(wildcardsOver(zone, above));
  const records = (await readCentralZone(runtime, above, [], ctx)) ?? [];
  return records.some(({ name }) => isWithin(name, zone) || wildcards.has(name));
}
