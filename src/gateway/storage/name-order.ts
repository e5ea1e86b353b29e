import { labels, type DnsName } from '../../dns/name.ts';

/** The labels in reverse order, so that all names below a zone stand together: `org.example.www.`. */
export function reversed(zone: DnsName): string {
  return `${labels(zone).toReversed().join('.')}.`;
}

/** The range of {@link reversed} names below a zone. The character after the dot is the slash. */
export function rangeBelow(zone: DnsName): [string, string] {
  if (zone === '.') return ['.', '\u{10ffff}'];
  const prefix = reversed(zone);
  return [prefix, `${prefix.slice(0, -1)}/`];
}
