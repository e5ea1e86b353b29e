import type { DnsName } from '../../dns/name.ts';

/** A key as servers are configured with it, and as a client is told. */
export interface ServerKey {
  /** Absolute name without its final dot, as configuration files have it. */
  readonly name: string;
  readonly algorithm: 'hmac-md5' | 'hmac-sha1' | 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';
  /** Base64. */
  readonly secret: string;
}

/** A zone to be served. */
export interface ServedZone {
  readonly zone: DnsName;
  /** Lines of a master file beside SOA and NS, names relative to the zone. */
  readonly records?: string;
  /** Names of the keys that may update it; absent: the first key of the server. Empty: nobody may. */
  readonly keys?: readonly string[];
  readonly signed?: boolean;
  /** BIND: more statements of its `zone` block. */
  readonly options?: string;
}

/** A name server of a test. */
export interface NameServer {
  readonly kind: 'bind' | 'knot' | 'powerdns';
  /** On 127.0.0.1, UDP and TCP. */
  readonly port: number;
  readonly folder: string;
  /** Makes zones with SOA, NS and what is given; resolves once they are served. */
  addZones(zones: readonly ServedZone[]): Promise<void>;
  dropZone(zone: DnsName): Promise<void>;
  /** Ends the program, starts it again where it was, halts it and lets it go on. */
  start(): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  halt(): Promise<void>;
  resume(): void;
  log(): string;
  /** Ends it and removes every file. */
  dispose(): Promise<void>;
}

/** Options that every server of a test has. */
export interface NameServerOptions {
  readonly keys?: readonly ServerKey[];
  readonly zones?: readonly ServedZone[];
}

/** The master file of a new zone: as a provider makes one. */
export function zoneText({ zone, records = '' }: ServedZone): string {
  return [
    `$ORIGIN ${zone}`,
    '$TTL 3600',
    '@ SOA ns1.example.net. hostmaster.example.net. 1 10800 3600 604800 3600',
    '@ NS ns1.example.net.',
    '@ NS ns2.example.net.',
    records,
    '',
  ].join('\n');
}

/** A key with a random secret. */
export function makeKey(name = 'alice-key', algorithm: ServerKey['algorithm'] = 'hmac-sha256'): ServerKey {
  const octets = crypto.getRandomValues(new Uint8Array(32));
  return { name, algorithm, secret: Buffer.from(octets).toString('base64') };
}

/** File name for a zone; names may hold anything. */
export function zoneFileName(zone: DnsName): string {
  return `${Buffer.from(zone).toString('hex').slice(0, 200)}.zone`;
}
