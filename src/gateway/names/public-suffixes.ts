import { getPublicSuffix } from 'tldts';
import { labels, zoneName, type DnsName } from '../../dns/name.ts';
import { validOr } from '../../dns/problem.ts';

/** Knows public suffixes: names directly below which anybody can get a name, such as `org`, `co.uk`. */
export interface PublicSuffixes {
  isSuffix(name: DnsName): boolean;
}

/** The list that is part of this release, with its private section (publicsuffix.org). */
export const builtInSuffixes: PublicSuffixes = {
  isSuffix: (name) => {
    const text = labels(name).join('.');
    const options = { allowPrivateDomains: true, extractHostname: false, validateHostname: false };
    return getPublicSuffix(text, options) === text;
  },
};

/**
 * Reads a list in the form of publicsuffix.org: one rule a line, `*.` for any label, `!` for an exception,
 * `//` for a comment.
 * @returns null: the text is no such list
 */
export function readSuffixes(text: string): PublicSuffixes | null {
  const exact = new Set<DnsName>();
  const anyBelow = new Set<DnsName>();
  const exceptions = new Set<DnsName>();
  for (const line of text.split('\n')) {
    const [rule = ''] = line.trim().split(/\s/u, 1);
    if (rule === '' || rule.startsWith('//')) continue;
    const [, mark = '', written = ''] = /^(\*\.|!)?(.+)$/u.exec(rule) ?? [];
    const name = validOr(() => zoneName(written), null);
    if (name === null || name === '.') return null;
    (mark === '' ? exact : mark === '!' ? exceptions : anyBelow).add(name);
  }
  if (exact.size === 0) return null;
  return {
    isSuffix: (name) => {
      if (exceptions.has(name)) return false;
      const above = labels(name).slice(1);
      if (exact.has(name) || above.length === 0) return true;
      return anyBelow.has(`${above.join('.')}.` as DnsName);
    },
  };
}
