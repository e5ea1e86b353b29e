import { isWithin, namesAbove, wildcardsOver, type DnsName } from '../../../dns/name.ts';
import type { CallContext } from '../../central.ts';
import { edits } from '../../operation.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import { ownRecords } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Whether a parent zone in our account already answers queries for names of a new zone. The parent does if it
 * has a record at the new zone's name or below, or a wildcard that covers this name. If the new zone were
 * created empty, these answers would be lost. Records that open edits have removed count too, because an undo
 * may put them back.
 * @param listed the zones of the account among the new zone's name and the names above it
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
  // This central cannot list all records of a zone. The parent zone may have records that neither the panel
  // nor the ledger knows, so we assume that it answers.
  if (!runtime.ports.central.traits.wholeZones) return true;
  const wildcards = new Set(wildcardsOver(zone, above));
  const present = (await readCentralZone(runtime, above, [], ctx)) ?? [];
  const { journal, clock } = runtime.ports;
  const open = await journal.operations({ zone: above, openAt: clock.wall() });
  const records = [...present, ...edits(open).flatMap(ownRecords)];
  return records.some(({ name }) => isWithin(name, zone) || wildcards.has(name));
}
