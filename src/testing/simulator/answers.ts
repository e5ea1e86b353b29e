import { isWithin, parentName, parseName, type DnsName } from '../../dns/name.ts';
import type { CentralStore } from './sim-central.ts';

type Zones = CentralStore['zones'];

/**
 * Whether a name server with these zones has records of any type at a name. The longest zone above the name
 * answers, with its wildcards (RFC 4592 section 3.3.1).
 */
export function isAnswered(zones: Zones, name: DnsName): boolean {
  const above = [...zones.keys()].filter((zone) => isWithin(name, zone));
  const zone = above.toSorted((one, other) => other.length - one.length)[0];
  if (zone === undefined) return false;
  const owners = [...(zones.get(zone)?.values() ?? [])].map((record) => record.name);
  const exists = (one: DnsName): boolean => owners.some((owner) => isWithin(owner, one));
  if (name === zone || exists(name)) return owners.includes(name);
  let encloser = parentName(name);
  while (encloser !== zone && !exists(encloser)) encloser = parentName(encloser);
  return owners.includes(parseName('*', encloser));
}
