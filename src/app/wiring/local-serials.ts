import { queryMessage } from '../../dns/wire/message.ts';
import { DnsDataError } from '../../dns/problem.ts';
import type { DnsName } from '../../dns/name.ts';
import type { SerialReader } from '../../core/serials.ts';
import type { Settings } from '../../config/settings.ts';
import { DnsClient } from '../../net/dns/client.ts';
import { DnsError } from '../../net/dns/dns-error.ts';

/**
 * How long one query may take, milliseconds. This is short: the server is on this host, and a lost query is
 * soon repeated.
 */
const patience = 1_000;

/** Reads the serials of zones at the panel's own name server, over UDP and without recursion. */
export function localSerials({ serialServer }: Pick<Settings, 'serialServer'>): SerialReader {
  const trust = { kind: 'public' } as const;
  const client = new DnsClient({
    server: serialServer,
    transport: 'udp',
    trust,
    key: null,
    timeout: patience,
  });
  return {
    serial: async (zone, signal) => await serialOf(client, zone, signal),
    close: () => client.close(),
  };
}

async function serialOf(client: DnsClient, zone: DnsName, signal: AbortSignal): Promise<number | null> {
  try {
    const { flags, rcode, answers } = await client.exchange(queryMessage(zone, 'SOA'), signal);
    // The answer is not authoritative. It may come from a cache and be old.
    if (!flags.aa || rcode !== 0) return null;
    const soa = answers.find(({ name, type }) => name === zone && type === 'SOA');
    const [, , serial] = soa?.rdata?.split(' ') ?? [];
    return serial === undefined ? null : Number(serial);
  } catch (error) {
    if (error instanceof DnsError || error instanceof DnsDataError) return null;
    throw error;
  }
}
