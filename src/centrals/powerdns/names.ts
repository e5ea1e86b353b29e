import { labelOctets, labels, type DnsName } from '../../dns/name.ts';

/**
 * A name as PowerDNS writes it: absolute; only the dot, the backslash and what is not printable are escaped.
 */
export function serverName(name: DnsName): string {
  if (name === '.') return '.';
  return labels(name)
    .map((label) => `${[...labelOctets(label)].map(octetText).join('')}.`)
    .join('');
}

function octetText(octet: number): string {
  const char = String.fromCharCode(octet);
  if (char === '.' || char === '\\') return `\\${char}`;
  return octet > 0x20 && octet < 0x7f ? char : `\\${String(octet).padStart(3, '0')}`;
}

/**
 * The id of a zone in URLs: all but letters, digits, dot and hyphen as `=XX` (`0/25.2.0.192.in-addr.arpa.`:
 * `0=2F25...`).
 */
export function zoneId(zone: DnsName): string {
  if (zone === '.') return '=2E';
  return serverName(zone).replaceAll(
    /[^a-z0-9.-]/gu,
    (char) => `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/**
 * Whether the API takes the owner name: it refuses most of what DNS allows ("contains unsupported
 * characters", 4.7.3).
 */
export function takesOwner(name: DnsName): boolean {
  return /^(?:\*\.)?(?:[a-z0-9_/-]+\.)*$/u.test(name);
}
