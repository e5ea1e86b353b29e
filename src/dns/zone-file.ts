import type { DnsName } from './name.ts';
import { txtChunks } from './rdata/rdata.ts';
import type { ResourceRecord } from './record.ts';

/**
 * Records as the text of a master file (RFC 1035 section 5), one a line. Names are absolute and in punycode.
 * A record of unknown TTL has none, so the reader's default counts.
 */
export function zoneFileText(zone: DnsName, records: readonly ResourceRecord[]): string {
  const lines = records.map(({ name, type, ttl, rdata }) =>
    [name, ...(ttl === null ? [] : [String(ttl)]), 'IN', type, dataText(type, rdata)].join(' '),
  );
  return [`$ORIGIN ${zone}`, ...lines].join('\n');
}

function dataText(type: string, rdata: string): string {
  return type === 'TXT' || type === 'SPF' ? txtChunks(rdata).join(' ') : rdata;
}
