import { queryMessage, type DnsMessage } from '../../dns/wire/message.ts';
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
/** How long TCP is not tried again after it failed, milliseconds. */
const tcpPause = 60_000;

/**
 * Reads the serials of zones at the panel's own name server, without recursion. With thousands of zones, TCP
 * takes less than half of the processor time of UDP, where each query has a socket of its own. A server that
 * does not answer over TCP is asked over UDP.
 */
export function localSerials({ serialServer }: Pick<Settings, 'serialServer'>): SerialReader {
  const over = (transport: 'tcp' | 'udp'): DnsClient =>
    new DnsClient({
      server: serialServer,
      transport,
      trust: { kind: 'public' },
      key: null,
      timeout: patience,
    });
  const [tcp, udp] = [over('tcp'), over('udp')];
  let tcpFailedAt = -Infinity;
  return {
    serial: async (zone, signal) => {
      if (performance.now() - tcpFailedAt >= tcpPause) {
        const answer = await ask(tcp, zone, signal);
        if (answer !== null || signal.aborted) return answer === null ? null : serialIn(answer, zone);
        tcpFailedAt = performance.now();
      }
      const answer = await ask(udp, zone, signal);
      return answer === null ? null : serialIn(answer, zone);
    },
    close: () => {
      tcp.close();
      udp.close();
    },
  };
}

/** The server's answer; null: there is none, or it cannot be read. */
async function ask(client: DnsClient, zone: DnsName, signal: AbortSignal): Promise<DnsMessage | null> {
  try {
    return await client.exchange(queryMessage(zone, 'SOA'), signal);
  } catch (error) {
    if (error instanceof DnsError || error instanceof DnsDataError) return null;
    throw error;
  }
}

function serialIn({ flags, rcode, answers }: DnsMessage, zone: DnsName): number | null {
  // An answer that is not authoritative may come from a cache and be old.
  if (!flags.aa || rcode !== 0) return null;
  const soa = answers.find(({ name, type }) => name === zone && type === 'SOA');
  const [, , serial] = soa?.rdata?.split(' ') ?? [];
  return serial === undefined ? null : Number(serial);
}
