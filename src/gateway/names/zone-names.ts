/** Names of which no customer may make a zone. The operator can give him such a zone all the same. */
import { isWithin, labels, parentName, zoneName, type DnsName } from '../../dns/name.ts';
import { problem, type Problem } from '../../dns/problem.ts';
import { isNetworkWithin, type Network } from '../../net/inside.ts';
import type { PublicSuffixes } from './public-suffixes.ts';
import { reverseNetwork } from './reverse-range.ts';

/** What the operator has said about names. */
export interface NameRules {
  /** Names of the provider: nobody makes a zone of them, below them or above them. */
  readonly reserved: readonly DnsName[];
  /** Networks of the provider: nobody makes reverse zones in them. */
  readonly reservedNetworks: readonly Network[];
  /** Networks in which customers may make reverse zones. */
  readonly reverse: readonly Network[];
  readonly suffixes: PublicSuffixes;
}

/** Names that no resolver looks up in the public DNS (RFC 6761 and the registry that it started). */
const special = [
  'localhost',
  'local',
  'invalid',
  'onion',
  'alt',
  'internal',
  'home.arpa',
  'resolver.arpa',
].map((text) => zoneName(text));

const arpa = zoneName('arpa');

/**
 * First labels of names directly below a public suffix that programs look up for any name below the suffix.
 * Whoever had such a zone would answer for the names of others.
 */
const takenPrefixes: ReadonlySet<string> = new Set(['autoconfig', 'autodiscover', 'mta-sts', 'wpad']);

/**
 * Maximum number of labels. Before a create, the name servers are asked for each name above the zone. Without
 * this limit one request of a client could cause more than a hundred requests to them.
 */
const mostLabels = 12;

/** Why no customer may make a zone with this name; null: it can be one. */
export function zoneNameProblem(rules: NameRules, zone: DnsName): Problem | null {
  const { reserved, suffixes } = rules;
  const [first = '', ...above] = labels(zone);
  if (above.length === 0) return problem('gateway.no-zone-name', { zone });
  if (special.some((name) => isWithin(zone, name))) return problem('gateway.special-name', { zone });
  if (isWithin(zone, arpa))
    return isOpenReverse(zone, rules) ? null : problem('gateway.reverse-name', { zone });
  if (above.length >= mostLabels) return problem('gateway.deep-name', { zone, most: String(mostLabels) });
  if (reserved.some((name) => isWithin(zone, name) || isWithin(name, zone)))
    return problem('gateway.reserved-name', { zone });
  if (suffixes.isSuffix(zone)) return problem('gateway.public-suffix', { zone });
  const isTaken = first.startsWith('_') || takenPrefixes.has(first);
  if (isTaken && suffixes.isSuffix(parentName(zone))) return problem('gateway.reserved-prefix', { zone });
  return null;
}

function isOpenReverse(zone: DnsName, { reverse, reservedNetworks }: NameRules): boolean {
  const network = reverseNetwork(zone);
  if (network === null || !reverse.some((open) => isNetworkWithin(network, open))) return false;
  return !reservedNetworks.some((own) => isNetworkWithin(network, own) || isNetworkWithin(own, network));
}
