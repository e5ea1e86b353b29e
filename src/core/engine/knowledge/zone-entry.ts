import type { DnsName } from '../../../dns/name.ts';
import type { ZoneEntry, ZoneState } from '../../ledger.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Makes the ledger entry of a zone.
 * @param known what is known of the zone's incarnation and of the time of its baseline, for example its entry
 *   so far. Otherwise the incarnation is 1, and the baseline is taken now
 */
export function zoneEntry(
  { ports: { clock } }: Pick<Runtime, 'ports'>,
  zone: DnsName,
  state: ZoneState,
  note: string | null,
  known: Partial<Pick<ZoneEntry, 'incarnation' | 'baselineAt'>> | null = null,
): ZoneEntry {
  const { incarnation = 1, baselineAt = clock.wall() } = known ?? {};
  return { zone, state, incarnation, baselineAt, note };
}
