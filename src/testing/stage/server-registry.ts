import type { CentralKind } from '../../centrals/registry.ts';
import { missingPrograms } from '../servers/process.ts';
import { gatewayAccount } from './gateway-account.ts';
import { keyAccount } from './key-account.ts';
import { powerdnsAccount } from './powerdns-server-account.ts';
import type { ServerAccount } from './server-account.ts';

/** A real name server that stages, the demo and the benchmarks can start as central. */
interface TestServer {
  /** The value of the setting `kind` for this server. */
  readonly kind: CentralKind;
  readonly title: string;
  /** Programs that must be installed, each with the Debian package that contains it. */
  readonly programs: readonly string[];
  readonly packages: string;
  readonly startAccount: () => Promise<ServerAccount>;
}

/** Every real name server of the tests. Stages, and the choices of the demo, use this table. */
export const testServers = {
  bind: {
    kind: 'rfc2136',
    title: 'BIND 9',
    programs: ['named', 'rndc', 'dig', 'nsupdate', 'openssl'],
    packages: 'bind9 bind9-utils bind9-dnsutils openssl',
    startAccount: async () => await keyAccount('bind'),
  },
  knot: {
    kind: 'rfc2136',
    title: 'Knot DNS',
    programs: ['knotd', 'knotc', 'dig', 'nsupdate'],
    packages: 'knot bind9-dnsutils',
    startAccount: async () => await keyAccount('knot'),
  },
  powerdns: {
    kind: 'powerdns',
    title: 'PowerDNS',
    programs: ['pdns_server', 'dig'],
    packages: 'pdns-server pdns-backend-sqlite3 bind9-dnsutils',
    startAccount: powerdnsAccount,
  },
  gateway: {
    kind: 'gateway',
    title: 'domainsync gateway',
    programs: ['pdns_server', 'dig'],
    packages: 'pdns-server pdns-backend-sqlite3 bind9-dnsutils',
    startAccount: async () => await gatewayAccount(),
  },
  'gateway-bind': {
    kind: 'gateway',
    title: 'domainsync gateway, BIND',
    programs: ['named', 'rndc', 'dig', 'nsupdate', 'openssl'],
    packages: 'bind9 bind9-utils bind9-dnsutils openssl',
    startAccount: async () => await gatewayAccount('bind'),
  },
  'gateway-knot': {
    kind: 'gateway',
    title: 'domainsync gateway, Knot',
    programs: ['knotd', 'knotc', 'dig', 'nsupdate'],
    packages: 'knot bind9-dnsutils',
    startAccount: async () => await gatewayAccount('knot'),
  },
} as const satisfies Readonly<Record<string, TestServer>>;

export type ServerKind = keyof typeof testServers;

export const serverKinds: readonly ServerKind[] = Object.keys(testServers).filter(isServerKind);

/** Whether the text is the name of one of these servers. */
export function isServerKind(text: string): text is ServerKind {
  return Object.hasOwn(testServers, text);
}

/** The reason why this server cannot be started here (missing programs); false: it can be started. */
export function missingFor(kind: ServerKind): string | false {
  return missingPrograms(...testServers[kind].programs);
}
