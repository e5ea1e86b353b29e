import type { DnsName } from '../../dns/name.ts';
import type { CallContext, CentralRecord } from '../central.ts';
import type { Runtime } from './runtime.ts';

/** How many of a zone's newest operations are asked for names they wrote at. */
const latest = 50;

/**
 * The zone at the central as far as it can be read there: all of it, or all names that panel, ledger or recent operations know.
 * @param names at which the panel, or the caller, knows records
 * @returns null: the central has no such zone
 * @throws {CentralError | JournalError}
 */
export async function readCentralZone(
  runtime: Runtime,
  zone: DnsName,
  names: Iterable<DnsName>,
  ctx: CallContext,
): Promise<readonly CentralRecord[] | null> {
  const { central } = runtime.ports;
  const known = central.traits.wholeZones ? [] : await knownNames(runtime, zone, names);
  return await central.readZone(zone, known, ctx);
}

async function knownNames(runtime: Runtime, zone: DnsName, names: Iterable<DnsName>): Promise<DnsName[]> {
  const { journal } = runtime.ports;
  const known = new Set(names);
  for (const { record } of await journal.rows(zone)) known.add(record.name);
  for (const { items, added, removed, snapshot } of await journal.operations({ zone, latest })) {
    for (const { remove, add } of items) {
      if (remove !== null) known.add(remove.name);
      if (add !== null) known.add(add.name);
    }
    for (const record of [...added, ...removed, ...snapshot]) known.add(record.name);
  }
  return [...known];
}
