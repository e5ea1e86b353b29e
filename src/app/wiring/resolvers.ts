import type { Settings } from '../../config/settings.ts';
import { noFlags, queryMessage } from '../../dns/wire/message.ts';
import { DnsClient } from '../../net/dns/client.ts';
import type { Peer } from '../../net/connect.ts';
import { Delegations, type Resolver } from '../plan/delegation.ts';
import { systemClock } from './clock.ts';

/** Longest time (ms) for a resolver's answer. The resolver may first have to ask many servers. */
const patience = 5_000;

/**
 * Makes the object that asks to which name servers zones are delegated. Sends no query itself. Null: the
 * settings name no resolver.
 */
export function makeDelegations(
  { resolvers, newZones }: Pick<Settings, 'resolvers' | 'newZones'>,
  timeout = patience,
): Delegations | null {
  if (resolvers.length === 0) return null;
  const all = resolvers.map((server) => resolverAt(server, timeout));
  return new Delegations(all, newZones.nameServers, () => systemClock.now());
}

function resolverAt(server: Peer, timeout: number): Resolver {
  const trust = { kind: 'public' } as const;
  const client = new DnsClient({ server, transport: 'udp', trust, key: null, timeout });
  return {
    nameServers: async (zone, signal) => {
      const query = queryMessage(zone, 'NS');
      return await client.exchange({ ...query, flags: { ...noFlags, rd: true } }, signal);
    },
    close: () => client.close(),
  };
}
