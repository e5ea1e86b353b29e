/** Every kind of name server behind a gateway, for tests that all of them must pass. */
import type { DnsName } from '../../dns/name.ts';
import type { ContractSubject } from '../contracts/central/zone-bench.ts';
import { quietContext } from '../quiet-context.ts';
import { startKnot } from '../servers/knot.ts';
import type { NameServer, NameServerOptions } from '../servers/name-server.ts';
import { startNamed } from '../servers/named.ts';
import { benchAt, keyBackend, powerdnsBackend, type GatewayBench } from './gateway.ts';
import { nameServerSubject } from './name-server.ts';
import { powerdnsSubject } from './powerdns.ts';

/** A gateway in front of a name server of any kind. */
export interface BackendBench extends GatewayBench<NameServer> {
  /** Writes at the name server itself, past the gateway. */
  readonly writer: ContractSubject['otherWriter'];
  /** Makes a zone, and gives it to the customer. */
  makeZone(zone: DnsName, customer: string): Promise<void>;
}

interface GatewayBackend {
  readonly title: string;
  /** Programs that must be installed. */
  readonly programs: readonly string[];
  readonly start: () => Promise<BackendBench>;
}

/** The kinds of name servers that a gateway can have behind it. */
export const gatewayBackends: readonly GatewayBackend[] = [
  { title: 'PowerDNS', programs: ['pdns_server'], start: startAtPowerdns },
  {
    title: 'BIND',
    programs: ['named', 'rndc', 'nsupdate'],
    start: async () => await startAtKey(startNamed),
  },
  {
    title: 'Knot',
    programs: ['knotd', 'knotc', 'nsupdate'],
    start: async () => await startAtKey(startKnot),
  },
];

async function startAtPowerdns(): Promise<BackendBench> {
  const direct = await powerdnsSubject({});
  const backend = powerdnsBackend(direct.url, direct.server.apiKey);
  const bench = await benchAt<NameServer>(direct.server, backend, () => direct.stop());
  const makeZone = async (zone: DnsName, customer: string): Promise<void> => {
    const central = bench.central(customer, await bench.token(customer));
    const seed = { addresses: [], nameServers: ['ns1.example.net.', 'ns2.example.net.'], mailServers: [] };
    await central.createZone(zone, seed, quietContext());
    await central.close();
  };
  return { ...bench, writer: direct.otherWriter, makeZone };
}

async function startAtKey(start: (options: NameServerOptions) => Promise<NameServer>): Promise<BackendBench> {
  const direct = await nameServerSubject(start, { axfr: true });
  const bench = await benchAt(direct.server, keyBackend(direct.port, direct.key), () => direct.stop());
  const makeZone = async (zone: DnsName, customer: string): Promise<void> => {
    await bench.token(customer);
    await direct.otherWriter.makeZone?.(zone);
    await bench.assign(zone, customer);
  };
  return { ...bench, writer: direct.otherWriter, makeZone };
}
