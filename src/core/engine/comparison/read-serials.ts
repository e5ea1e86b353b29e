import type { DnsName } from '../../../dns/name.ts';
import { CentralError, type ListedSerials } from '../../central.ts';
import type { SerialPair } from '../parts/serial-proofs.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Lists the zones of the central. If their serials cannot be read, logs this and lists the zones without.
 * @param asked the zones to ask for, as in `Central.listZones`
 * @param bySerials whether the serials are wanted. Without them every serial is null
 * @throws {CentralError}
 */
export async function listCentral(
  runtime: Runtime,
  asked: readonly DnsName[],
  bySerials: boolean,
): Promise<ListedSerials> {
  const { central, log } = runtime.ports;
  const listSerials = central.listSerials?.bind(central);
  if (bySerials && listSerials !== undefined && hasSerials(runtime)) {
    try {
      return await runtime.timers.step('-', (ctx) => listSerials(asked, ctx));
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
      log(2, 'serials.failed', { code: error.code });
    }
  }
  const zones = await runtime.timers.step('-', (ctx) => central.listZones(asked, ctx));
  return new Map(zones.map((zone) => [zone, null]));
}

/** Whether serials of the panel are read, and those of the central may be. */
function hasSerials({ promises, ports: { serials, settings } }: Runtime): boolean {
  // An engine that only observes compares all zones, so it needs no serials.
  return serials !== undefined && settings.serialsEvery > 0 && promises === null;
}

/**
 * Reads the serials of these zones at the panel's name server. Returns only zones that have a serial at each
 * side. Returns no zone if the settings turn serials off, or the name server does not answer.
 * @param atCentral the serials that the central has shown
 */
export async function readSerials(
  runtime: Runtime,
  zones: readonly DnsName[],
  atCentral: ListedSerials,
): Promise<ReadonlyMap<DnsName, SerialPair>> {
  const { serials } = runtime.ports;
  const asked = zones.filter((zone) => (atCentral.get(zone) ?? null) !== null);
  const pairs = new Map<DnsName, SerialPair>();
  if (serials === undefined || asked.length === 0) return pairs;
  for (const [zone, panel] of await serials.serials(asked, runtime.timers.stopping.signal)) {
    const central = atCentral.get(zone) ?? null;
    if (central !== null) pairs.set(zone, { panel, central });
  }
  return pairs;
}
