import { isWithin, namesAbove, wildcardsOver, type DnsName } from '../../../dns/name.ts';
import type { CallContext } from '../../central.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Whether our account's zone above a new zone answers for names in the new one. It does if it has a record at
 * the new zone's name, at a name below it, or a wildcard over it. An empty new zone would take these answers
 * away.
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
  // The central cannot list the zone's names, and some may be neither in the panel nor in the ledger.
  if (!runtime.ports.central.traits.wholeZones) return true;
  const wildcards = new Set(wildcardsOver(zone, above));
  const records = (await readCentralZone(runtime, above, [], ctx)) ?? [];
  return records.some(({ name }) => isWithin(name, zone) || wildcards.has(name));
}
