import { labels, type DnsName } from '../../dns/name.ts';

/** The labels in reverse order, so that all names below a zone stand together: `org.example.www.`. */
export function reversed(zone: DnsName): string {
  return `${labels(zone).toReversed().join('.')}.`;
}

/**
 * The range of {@link reversed} names of a zone and everything below it. The first is part of it, the second
 * is not.
 */
export function rangeOf(zone: DnsName): readonly [from: string, to: string] {
  if (zone === '.') return ['.', '\u{10ffff}'];
  const own = reversed(zone);
  // The character after the dot is the slash.
  return [own, `${own.slice(0, -1)}/`];
}
