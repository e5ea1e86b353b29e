import type { DnsName } from '../../../dns/name.ts';
import { CentralError } from '../../central.ts';
import type { SerialPair } from '../parts/serial-proofs.ts';
import type { Runtime } from '../runtime.ts';

/** At the panel's name server, the serials of at most this many zones are read at the same time. */
const atOnce = 64;

/**
 * Reads the serials of these zones at both sides. Returns only zones that have a serial at each side. Returns
 * no zone if a side shows no serials or cannot be reached, or if the settings turn serials off. A failure of
 * a side is logged, not thrown.
 */
export async function readSerials(
  runtime: Runtime,
  zones: readonly DnsName[],
): Promise<ReadonlyMap<DnsName, SerialPair>> {
  const { central, serials, log, settings } = runtime.ports;
  const zoneSerials = central.zoneSerials?.bind(central);
  if (zoneSerials === undefined || serials === undefined || settings.serialsEvery === 0) return new Map();
  const atPanel = await panelSerials(runtime, zones);
  if (atPanel.size === 0) return new Map();
  try {
    const atCentral = await runtime.timers.step('-', (ctx) => zoneSerials([...atPanel.keys()], ctx));
    const pairs = new Map<DnsName, SerialPair>();
    for (const [zone, panel] of atPanel) {
      const serial = atCentral.get(zone);
      if (serial !== undefined) pairs.set(zone, { panel, central: serial });
    }
    return pairs;
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    log(2, 'serials.failed', { code: error.code });
    return new Map();
  }
}

/** Reads serials for groups of zones. Stops at the first group for which the name server answers nothing. */
async function panelSerials(runtime: Runtime, zones: readonly DnsName[]): Promise<Map<DnsName, number>> {
  const { serials } = runtime.ports;
  const { signal } = runtime.timers.stopping;
  const found = new Map<DnsName, number>();
  if (serials === undefined) return found;
  for (let from = 0; from < zones.length && !signal.aborted; from += atOnce) {
    const asked = zones.slice(from, from + atOnce);
    const before = found.size;
    const answers = await Promise.all(asked.map(async (zone) => await serials.serial(zone, signal)));
    for (const [at, zone] of asked.entries()) {
      const serial = answers[at] ?? null;
      if (serial !== null) found.set(zone, serial);
    }
    if (found.size === before) break;
  }
  return found;
}
