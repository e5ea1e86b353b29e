import type { DnsName } from '../../../dns/name.ts';
import type { RRsetKey } from '../../../dns/zone.ts';
import type { CallContext, CentralRecord } from '../../central.ts';
import { edits } from '../../operation.ts';
import { isFrozen } from './frozen.ts';
import { recordsIn, touchedRecords } from './operations.ts';
import type { Runtime } from '../runtime.ts';

/** How many of the zone's newest operations are searched for RRsets that we wrote. */
const latest = 50;

/**
 * Reads the zone at the central as completely as the central allows. If the central cannot show whole zones,
 * reads the RRsets in `held`, in the ledger and in recent operations.
 * @param held further RRsets to read, such as those of the panel
 * @returns null: the central has no such zone
 * @throws {CentralError | JournalError}
 */
export async function readCentralZone(
  runtime: Runtime,
  zone: DnsName,
  held: readonly RRsetKey[],
  ctx: CallContext,
): Promise<readonly CentralRecord[] | null> {
  const { central } = runtime.ports;
  const known = central.traits.wholeZones ? [] : await knownSets(runtime, zone, held);
  return await central.readZone(zone, known, ctx);
}

async function knownSets(runtime: Runtime, zone: DnsName, held: readonly RRsetKey[]): Promise<RRsetKey[]> {
  const { journal } = runtime.ports;
  const known = new Map<string, RRsetKey>();
  const take = ({ name, type }: RRsetKey): void => {
    known.set(`${name} ${type}`, { name, type });
  };
  held.forEach(take);
  const rows = (await isFrozen(journal, zone)) ? [] : await journal.rows(zone);
  for (const { record } of rows) take(record);
  const recent = await journal.operations({ zone, latest });
  for (const { items } of edits(recent)) recordsIn(items).forEach(take);
  recent.flatMap(touchedRecords).forEach(take);
  return [...known.values()];
}
