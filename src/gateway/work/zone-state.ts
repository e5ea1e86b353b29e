import { outage } from '../../centrals/errors.ts';
import type { CallContext, Central } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';

/**
 * What a name server has of a zone. `half-made`: a zone without SOA record, which is not served. PowerDNS
 * makes a zone before its records, and leaves such a zone when it is killed in between.
 */
export type MadeState = 'whole' | 'half-made' | 'missing';

/** Asks a name server what it has of a zone. @throws {CentralError} */
export async function zoneStateAt(central: Central, zone: DnsName, ctx: CallContext): Promise<MadeState> {
  const apex = await central.readNames(zone, [zone], ctx);
  if (apex === null) return 'missing';
  return apex.some(({ type }) => type === 'SOA') ? 'whole' : 'half-made';
}

/**
 * Refuses a zone that the name server has made only in part. The gateway removes it within a minute.
 * @throws {CentralError}
 */
export async function demandWhole(central: Central, zone: DnsName, ctx: CallContext): Promise<void> {
  if ((await zoneStateAt(central, zone, ctx)) === 'half-made')
    throw outage('central.unreachable', { text: 'the name server has made the zone only in part' });
}
