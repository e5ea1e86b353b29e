import { queryMessage, type DnsMessage } from '../../dns/wire/message.ts';
import { DnsDataError } from '../../dns/problem.ts';
import type { DnsName } from '../../dns/name.ts';
import type { SerialReader } from '../../core/serials.ts';
import type { Settings } from '../../config/settings.ts';
import { DnsClient } from '../../net/dns/client.ts';
import { DnsError } from '../../net/dns/dns-error.ts';
import { askSerials } from '../../net/dns/serial-queries.ts';

/**
 * How long one query may take, milliseconds. This is short: the server is on this host, and a lost query is
 * soon repeated.
 */
const patience = 1_000;
/** How long TCP is not tried again after it failed, milliseconds. */
const tcpPause = 60_000;
/** Maximum number of zones that are asked for over UDP at the same time. */
const datagramsAtOnce = 64;

/**
 * Reads the serials of zones at the panel's own name server, without recursion. Over TCP, one connection
 * carries all queries. Over UDP each query has a socket of its own and takes ten times the processor time. So
 * only zones without an answer over TCP are asked for over UDP.
 */
export function localSerials({ serialServer }: Pick<Settings, 'serialServer'>): SerialReader {
  const closing = new AbortController();
  const udp = new DnsClient({
    server: serialServer,
    transport: 'udp',
    trust: { kind: 'public' },
    key: null,
    timeout: patience,
  });
  let tcpFailedAt = -Infinity;
  const overTcp = async (zones: readonly DnsName[], signal: AbortSignal): ReturnType<typeof askSerials> => {
    if (performance.now() - tcpFailedAt < tcpPause) return new Map();
    const answered = await askSerials(serialServer, zones, patience, signal);
    if (zones.some((zone) => !answered.has(zone)) && !signal.aborted) tcpFailedAt = performance.now();
    return answered;
  };
  return {
    serials: async (zones, signal) => {
      const ending = AbortSignal.any([signal, closing.signal]);
      const answered = await overTcp(zones, ending);
      const left = zones.filter((zone) => !answered.has(zone));
      const found = new Map(await overUdp(udp, left, ending));
      for (const [zone, serial] of answered) if (serial !== null) found.set(zone, serial);
      return found;
    },
    close: () => {
      closing.abort();
      udp.close();
    },
  };
}

/** Asks for groups of zones. Stops at the first group about which the server does not answer. */
async function overUdp(
  client: DnsClient,
  zones: readonly DnsName[],
  signal: AbortSignal,
): Promise<ReadonlyMap<DnsName, number>> {
  const found = new Map<DnsName, number>();
  for (let from = 0; from < zones.length && !signal.aborted; from += datagramsAtOnce) {
    const asked = zones.slice(from, from + datagramsAtOnce);
    const answers = await Promise.all(asked.map(async (zone) => await ask(client, zone, signal)));
    if (answers.every((answer) => answer === null)) break;
    for (const [at, zone] of asked.entries()) {
      const answer = answers[at] ?? null;
      const serial = answer === null ? null : serialIn(answer, zone);
      if (serial !== null) found.set(zone, serial);
    }
  }
  return found;
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
