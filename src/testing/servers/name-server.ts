import type { DnsName } from '../../dns/name.ts';

/** A TSIG key, for the configuration of a server and for its clients. */
export interface ServerKey {
  /** Absolute name without the final dot, as in configuration files. */
  readonly name: string;
  readonly algorithm: 'hmac-md5' | 'hmac-sha1' | 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';
  /** The secret in Base64. */
  readonly secret: string;
}

/** A zone that a server is to serve. */
export interface ServedZone {
  readonly zone: DnsName;
  /** Lines of a master file, with names relative to the zone. The server's file gets SOA and NS besides. */
  readonly records?: string;
  /** Names of the keys that may update the zone; absent: the server's first key; empty: no key may. */
  readonly keys?: readonly string[];
  readonly signed?: boolean;
  /** The first serial; absent: 1. */
  readonly serial?: number;
  /** Further statements for the zone's `zone` block in BIND's configuration. */
  readonly options?: string;
}

/** A real name server that a test has started. */
export interface NameServer {
  readonly kind: 'bind' | 'knot' | 'powerdns';
  /** Port on 127.0.0.1 for UDP and TCP. */
  readonly port: number;
  readonly folder: string;
  /** Creates zones with SOA, NS and the given records. Resolves once the server answers for them. */
  addZones(zones: readonly ServedZone[]): Promise<void>;
  dropZone(zone: DnsName): Promise<void>;
  /**
   * `start` and `stop` start and end the program, and keep its data. `halt` suspends it, `resume` lets it go
   * on.
   */
  start(): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  halt(): Promise<void>;
  resume(): void;
  log(): string;
  /** Ends the program and removes its files. */
  dispose(): Promise<void>;
}

/** Options for every name server of a test. */
export interface NameServerOptions {
  readonly keys?: readonly ServerKey[];
  readonly zones?: readonly ServedZone[];
}

/** The master file of a new zone, as a provider would write it. */
export function zoneText({ zone, records = '', serial = 1 }: ServedZone): string {
  return [
    `$ORIGIN ${zone}`,
    '$TTL 3600',
    `@ SOA ns1.example.net. hostmaster.example.net. ${serial} 10800 3600 604800 3600`,
    '@ NS ns1.example.net.',
    '@ NS ns2.example.net.',
    records,
    '',
  ].join('\n');
}

/** Makes a key with a random secret. */
export function makeKey(name = 'alice-key', algorithm: ServerKey['algorithm'] = 'hmac-sha256'): ServerKey {
  const octets = crypto.getRandomValues(new Uint8Array(32));
  return { name, algorithm, secret: Buffer.from(octets).toString('base64') };
}

/** A file name for a zone. It is hexadecimal, because the names of zones may contain any character. */
export function zoneFileName(zone: DnsName): string {
  return `${Buffer.from(zone).toString('hex').slice(0, 200)}.zone`;
}
