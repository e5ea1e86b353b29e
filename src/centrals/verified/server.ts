import { queryMessage } from '../../dns/wire/message.ts';
import type { Peer } from '../../net/connect.ts';
import { DnsClient } from '../../net/dns/client.ts';
import type { AskedServer } from './ask.ts';

/** How long one query may take, in milliseconds, including a repetition after a lost datagram. */
const patience = 3_000;

/** Makes a name server that is queried over UDP, and over TCP if the answer does not fit. */
export function askedServer(name: string, server: Peer): AskedServer {
  const client = new DnsClient({
    server,
    transport: 'udp',
    trust: { kind: 'public' },
    key: null,
    timeout: patience,
  });
  return {
    name,
    ask: async (owner, type, signal) => await client.exchange(queryMessage(owner, type), signal),
    close: () => client.close(),
  };
}
