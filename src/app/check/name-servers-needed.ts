import { centralModule } from '../../centrals/registry.ts';
import type { Settings } from '../../config/settings.ts';
import type { CallContext } from '../../core/central.ts';
import { PanelError, type Panel } from '../../core/panel.ts';
import { problem, type Problem } from '../../dns/problem.ts';

/** Most zones of the panel that are checked. */
const mostZones = 3;

/**
 * Returns a problem if new zones would get no NS records for their own name. That is so if neither the option
 * `nameservers`, nor the central, nor the panel names a name server. Null: new zones get NS records, or the
 * panel has no zones or cannot be read.
 */
export async function nameServersNeeded(
  { kind, newZones, number }: Settings,
  panel: Panel,
  ctx: CallContext,
): Promise<Problem | null> {
  if (!centralModule(kind).needsNameServers || newZones.nameServers.length > 0) return null;
  try {
    const zones = (await panel.listZones(ctx)).zones.slice(0, mostZones);
    for (const zone of zones) {
      const records = (await panel.readZone(zone, ctx)) ?? [];
      if (records.some(({ name, type }) => type === 'NS' && name === zone)) return null;
    }
    if (zones.length === 0) return null;
  } catch (error) {
    if (error instanceof PanelError) return null;
    throw error;
  }
  const section = number === 1 ? 'isp_master' : `central_${number}`;
  return problem('settings.nameservers-needed', { section });
}
