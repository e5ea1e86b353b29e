import { labelOctets, labels, type DnsName } from '../../dns/name.ts';

/**
 * A name in PowerDNS's spelling: with a final dot, and with escapes only for dots, backslashes and characters
 * that cannot be printed.
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
 * A name for the query of a URL. PowerDNS 4.7.3 decodes `%XX` twice there, so a percent sign is written as an
 * escape of DNS.
 */
export function queriedName(name: DnsName): string {
  return serverName(name).replaceAll('%', String.raw`\037`);
}

/**
 * The id of a zone in URLs. Characters except letters, digits, dot and hyphen become `=XX`, the octet in
 * hexadecimal: `0/25.2.0.192.in-addr.arpa` becomes `0=2F25.2.0.192.in-addr.arpa.`.
 */
export function zoneId(zone: DnsName): string {
  if (zone === '.') return '=2E';
  return serverName(zone).replaceAll(
    /[^a-z0-9.-]/gu,
    (char) => `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/**
 * Whether the API accepts an owner name. PowerDNS 4.7.3 refuses most characters that DNS allows ("contains
 * unsupported characters").
 */
export function takesOwner(name: DnsName): boolean {
  return /^(?:\*\.)?(?:[a-z0-9_/-]+\.)*$/u.test(name);
}
