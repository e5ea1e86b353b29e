import { isWithin, namesAbove, wildcardsOver, type DnsName } from '../../../dns/name.ts';
import type { CallContext } from '../../central.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Whether our account's zone above a new zone already answers queries for names in the new one. That is so if
 * it has a record at the new zone's name or below it, or a wildcard that covers it. If the new zone were
 * created empty, these answers would be lost.
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
  // This central cannot list the zone's names. Some names may be in neither the panel nor the ledger, so we
  // assume that they exist.
  if (!runtime.ports.central.traits.wholeZones) return true;
  const wildcards = new Set(wildcardsOver(zone, above));
  const records = (await readCentralZone(runtime, above, [], ctx)) ?? [];
  return records.some(({ name }) => isWithin(name, zone) || wildcards.has(name));
}
