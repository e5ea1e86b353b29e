import { queryMessage } from '../../dns/wire/message.ts';
import type { Peer } from '../../net/connect.ts';
import { DnsClient } from '../../net/dns/client.ts';
import type { AskedServer } from './ask.ts';

/** Milliseconds that one question may take, including a repetition after a lost datagram. */
const patience = 3_000;

/** A name server, asked over UDP, and over TCP if the answer does not fit. */
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
