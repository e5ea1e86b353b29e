import { queryMessage } from '../../dns/wire/message.ts';
import { DnsDataError } from '../../dns/problem.ts';
import type { DnsName } from '../../dns/name.ts';
import type { SerialReader } from '../../core/serials.ts';
import type { Settings } from '../../config/settings.ts';
import { DnsClient } from '../../net/dns/client.ts';
import { DnsError } from '../../net/dns/dns-error.ts';

/** Milliseconds that one question may take. The server is on this host; a lost one is asked again soon. */
const patience = 1_000;

/** Reads serials at the panel's own name server, over UDP and without asking for recursion. */
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
    // A resolver's answer may be old.
    if (!flags.aa || rcode !== 0) return null;
    const soa = answers.find(({ name, type }) => name === zone && type === 'SOA');
    const [, , serial] = soa?.rdata?.split(' ') ?? [];
    return serial === undefined ? null : Number(serial);
  } catch (error) {
    if (error instanceof DnsError || error instanceof DnsDataError) return null;
    throw error;
  }
}
