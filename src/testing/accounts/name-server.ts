/**
 * A key at a real name server, as a subject of the central contract. The other writer of the contract works
 * in the same zones with BIND's own tools, without our adapter.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ContractSubject } from '../contracts/central/zone-bench.ts';
import { startDnsProxy, type DnsProxy } from '../proxies/dns.ts';
import { realClock } from '../real-clock.ts';
import type { NameServer, NameServerOptions, ServerKey } from '../servers/name-server.ts';
import { makeKey } from '../servers/name-server.ts';
import { until } from '../servers/process.ts';
import { createRfc2136Central, readRfc2136Settings } from '../../centrals/rfc2136/index.ts';
import type { Central } from '../../core/central.ts';
import { dnskeyType } from '../../dns/dnssec.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { txtChunks } from '../../dns/rdata/rdata.ts';
import { queryMessage } from '../../dns/wire/message.ts';
import { readTsigKey } from '../../dns/wire/tsig.ts';
import { DnsClient } from '../../net/dns/client.ts';
import { DnsError } from '../../net/dns/dns-error.ts';
import { patience } from '../patience.ts';

/** Options that differ between subjects. */
export interface AccountOptions {
  readonly algorithm?: ServerKey['algorithm'];
  readonly transport?: 'tcp' | 'udp' | 'tls';
  readonly axfr?: boolean;
}

const reader = 'transfer-reader';

/** Makes a central that uses this key at this server. @throws {SettingsRefused} */
export function centralAt(
  server: Pick<NameServer, 'port'>,
  key: ServerKey,
  more: Readonly<Record<string, unknown>> = {},
  wall: () => number = Date.now,
): Central {
  const settings = readRfc2136Settings({
    address: `dns://127.0.0.1:${server.port}`,
    username: key.name,
    password: key.secret,
    algorithm: key.algorithm,
    timeout: patience,
    ...more,
  });
  return createRfc2136Central(settings, { clock: { ...realClock, wall } });
}

/** A key at a name server, as a subject of the central contract. */
export interface KeySubject extends ContractSubject {
  readonly server: NameServer;
  readonly key: ServerKey;
  /** Port of the proxy in front of the server, or of the server if there is none. */
  readonly port: number;
}

/** Starts a server with the keys of two customers, and with a key by which the test reads zones. */
export async function nameServerSubject(
  start: (options: NameServerOptions) => Promise<NameServer>,
  { algorithm = 'hmac-sha256', transport = 'tcp', axfr = false }: AccountOptions = {},
): Promise<KeySubject> {
  const key = makeKey(axfr ? 'transfer-alice' : 'alice-key', algorithm);
  const [bob, watcher] = [makeKey('bob-key'), makeKey(reader)];
  const server = await start({ keys: [key, bob, watcher] });
  const more = { transport, axfr, ...(transport === 'tls' ? tlsOf(server) : {}) };
  const proxy = transport === 'tcp' ? await startDnsProxy(server.port) : null;
  const central = centralAt(proxy ?? server, key, more);
  const truth = new DnsClient({
    server: { host: '127.0.0.1', port: server.port },
    transport: 'tcp',
    trust: { kind: 'public' },
    key: readTsigKey({ name: watcher.name, algorithm: watcher.algorithm, secret: watcher.secret }),
    timeout: patience,
  });
  const write = async (zone: DnsName, line: string): Promise<void> => {
    await update(server, key, zone, line);
  };
  return {
    server,
    key,
    port: (proxy ?? server).port,
    central,
    otherWriter: {
      add: async (zone, record) => await write(zone, `update add ${text(record)}`),
      remove: async (zone, record) =>
        await write(zone, `update delete ${record.name} ${record.type} ${rdataText(record)}`),
      makeZone: async (zone) => await server.addZones([{ zone }]),
      makeSignedZone: async (zone) => {
        await server.addZones([{ zone, signed: true }]);
        await until(async () => await isSignedAt(truth, zone));
      },
      createZone: async (zone) => await server.addZones([{ zone, keys: [bob.name] }]),
      records: async (zone) => await transferred(truth, zone, () => server.log()),
    },
    wrongCredentials: () => centralAt(server, { ...key, secret: makeKey().secret }, more),
    ...(proxy === null ? {} : { ...crashesBy(proxy, server), cutReads: (keep) => (proxy.keep = keep) }),
    stop: async () => {
      await central.close();
      proxy?.close();
      truth.close();
      await server.dispose();
    },
  };
}

/** Whether the server has published DNSKEY records for the zone. */
async function isSignedAt(client: DnsClient, zone: DnsName): Promise<boolean> {
  const answer = await client.exchange(queryMessage(zone, dnskeyType), AbortSignal.timeout(patience));
  return answer.answers.length > 0;
}

/** Makes functions that kill the server right before or after it gets a write. */
function crashesBy(proxy: DnsProxy, server: NameServer): Pick<ContractSubject, 'crashes'> {
  let killed: Promise<void> | null = null;
  const kill = async (): Promise<void> => {
    proxy.beforeRequest = null;
    proxy.beforeAnswer = null;
    killed = server.stop('SIGKILL');
    await killed;
  };
  return {
    crashes: {
      crash: async (when) => {
        if (when === 'now') {
          await kill();
          proxy.shut();
        }
        const onWrite = async (kind: 'read' | 'write'): Promise<void> => {
          if (kind === 'write') await kill();
        };
        if (when === 'before-write') proxy.beforeRequest = onWrite;
        if (when === 'after-write') proxy.beforeAnswer = onWrite;
      },
      revive: async () => {
        if (killed !== null) {
          await killed;
          await server.start();
        }
        killed = null;
        await proxy.reopen();
      },
    },
  };
}

/**
 * Settings for TLS: the server's TLS port and the fingerprint of its certificate.
 * @throws Error if the server has no TLS
 */
function tlsOf(server: NameServer): Readonly<Record<string, unknown>> {
  if (!('tlsPort' in server) || !('fingerprint' in server)) throw new Error('this server speaks no TLS');
  return { address: `dns://127.0.0.1:${String(server.tlsPort)}`, pin: { fingerprint: server.fingerprint } };
}

function rdataText({ type, rdata }: ResourceRecord): string {
  return type === 'TXT' ? txtChunks(rdata).join(' ') : rdata;
}

function text(record: ResourceRecord): string {
  return `${record.name} ${record.ttl ?? 3_600} ${record.type} ${rdataText(record)}`;
}

/**
 * Sends an update with BIND's `nsupdate`.
 * @param line a command, such as `update add`
 * @throws {Error} when the server refuses the update
 */
export async function update(server: NameServer, key: ServerKey, zone: DnsName, line: string): Promise<void> {
  const words = ['-v', '-y', `${key.algorithm}:${key.name}:${key.secret}`];
  const child = spawn('nsupdate', words, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said += part.toString('utf8')));
  child.stdout.resume();
  child.stdin.end(`server 127.0.0.1 ${server.port}\nzone ${zone}\n${line}\nsend\n`);
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`nsupdate ${line}: ${said}`);
}

/**
 * Reads the zone by AXFR, as a secondary would. Null: the server refuses, because it does not have the zone.
 */
async function transferred(
  watcher: DnsClient,
  zone: DnsName,
  log: () => string,
): Promise<readonly ResourceRecord[] | null> {
  try {
    const records = await watcher.transfer(zone, AbortSignal.timeout(patience));
    return records.flatMap(({ name, type, ttl, rdata }) =>
      rdata === null ? [] : [{ name, type, ttl, rdata }],
    );
  } catch (error) {
    const unserved =
      error instanceof DnsError && ['REFUSED', 'NOTAUTH'].includes(error.params['rcode'] ?? '');
    if (unserved) return null;
    throw new Error(`${String(error)}\n${log().split('\n').slice(-15).join('\n')}`, { cause: error });
  }
}
