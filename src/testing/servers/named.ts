import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { DnsName } from '../../dns/name.ts';
import {
  makeKey,
  zoneFileName,
  zoneText,
  type NameServer,
  type NameServerOptions,
  type ServedZone,
  type ServerKey,
} from './name-server.ts';
import { answers, freePort, runProgram, serverFolder, ServerProcess, until } from './process.ts';

export interface NamedOptions extends NameServerOptions {
  /** More lines for the `options` block of `named.conf`. */
  readonly extra?: string;
  /**
   * The `update-policy` rules of every zone. `KEY` stands for each of its keys. Default: all rights for each
   * key.
   */
  readonly policy?: string;
  /** Port of the primary server. If it is given, all zones here are secondary, and NOTIFY refreshes them. */
  readonly primary?: number;
  /** Ports of secondary servers. They get NOTIFY and may transfer the zones. */
  readonly secondaries?: readonly number[];
  readonly port?: number;
  /** Whether the server resolves other names recursively, for any client. Default: no. */
  readonly recursion?: boolean;
}

export interface Named extends NameServer {
  readonly kind: 'bind';
  readonly tlsPort: number;
  /** SHA-256 of the server's TLS certificate, in hexadecimal. */
  readonly fingerprint: string;
  readonly rndc: (...words: readonly string[]) => Promise<string>;
}

/**
 * Starts BIND 9 on free ports, with and without TLS. Only keys whose names begin with `transfer`, and
 * secondary servers, may transfer zones.
 */
export async function startNamed(options: NamedOptions = {}): Promise<Named> {
  const folder = serverFolder('named');
  mkdirSync(join(folder, 'zones'));
  const port = options.port ?? (await freePort());
  const [tlsPort, controlPort] = [await freePort(), await freePort()];
  const control = makeKey('control');
  makeCertificate(folder);
  const keys = options.keys ?? [];
  writeFileSync(
    join(folder, 'named.conf'),
    configuration(folder, { port, tlsPort, controlPort }, [...keys, control], options),
  );
  writeFileSync(join(folder, 'rndc.conf'), rndcConfiguration(control, controlPort));
  const zones = new Map<DnsName, ServedZone>();
  const writeZones = (): void => {
    const blocks = [...zones.values()].map((zone) => zoneBlock(zone, keys, options));
    writeFileSync(join(folder, 'zones.conf'), blocks.join('\n'));
  };
  const put = (more: readonly ServedZone[]): void => {
    for (const one of more) {
      zones.set(one.zone, one);
      if (options.primary === undefined) {
        writeFileSync(join(folder, 'zones', zoneFileName(one.zone)), zoneText(one));
      }
    }
    writeZones();
  };
  put(options.zones ?? []);
  const server = new ServerProcess(folder, 'named', ['-g', '-c', join(folder, 'named.conf')], () =>
    // BIND logs "running as: named" before it listens, and " running" once it listens.
    Promise.resolve(/ running$/mu.test(server.log())),
  );
  const rndc = (...words: readonly string[]): Promise<string> =>
    runProgram('rndc', ['-c', join(folder, 'rndc.conf'), ...words]);
  await server.start();
  return {
    kind: 'bind',
    port,
    tlsPort,
    fingerprint: fingerprintOf(folder),
    folder,
    rndc,
    addZones: async (more) => {
      put(more);
      await rndc('reconfig');
      // `rndc reconfig` returns before the zones are loaded.
      for (const { zone } of more) await until(async () => await loaded(rndc, zone));
    },
    dropZone: async (zone) => {
      zones.delete(zone);
      writeZones();
      await rndc('reconfig');
      for (const ending of ['', '.jnl', '.signed', '.signed.jnl', '.jbk'])
        rmSync(join(folder, 'zones', `${zoneFileName(zone)}${ending}`), { force: true });
    },
    start: async () => {
      rmSync(join(folder, 'server.log'), { force: true });
      await server.start();
      while (!(await answers(port))) await new Promise((resolve) => setImmediate(resolve));
    },
    stop: async (signal) => await server.stop(signal),
    halt: async () => await server.halt(),
    resume: () => server.resume(),
    log: () => server.log(),
    dispose: async () => await server.dispose(),
  };
}

async function loaded(rndc: Named['rndc'], zone: DnsName): Promise<boolean> {
  return await rndc('zonestatus', zone).then(
    (said) => said.includes('serial:'),
    () => false,
  );
}

interface Ports {
  readonly port: number;
  readonly tlsPort: number;
  readonly controlPort: number;
}

function configuration(
  folder: string,
  { port, tlsPort, controlPort }: Ports,
  keys: readonly ServerKey[],
  { extra = '', secondaries = [], recursion = false }: NamedOptions,
): string {
  const told = secondaries.map((one) => `127.0.0.1 port ${one};`).join(' ');
  return `
options {
  directory "${folder}";
  pid-file "${folder}/named.pid";
  session-keyfile "${folder}/session.key";
  managed-keys-directory "${folder}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on port ${tlsPort} tls local { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion ${recursion ? 'yes' : 'no'};
  dnssec-validation no;
  notify ${secondaries.length > 0 ? `explicit; also-notify { ${told} }` : 'no'};
  allow-transfer { ${secondaries.length > 0 ? '127.0.0.1;' : transferKeys(keys)} };
  ${extra}
};
tls local { cert-file "${folder}/cert.pem"; key-file "${folder}/key.pem"; };
controls { inet 127.0.0.1 port ${controlPort} allow { 127.0.0.1; } keys { "control"; }; };
${keys.map(keyBlock).join('\n')}
include "${folder}/zones.conf";
`;
}

function transferKeys(keys: readonly ServerKey[]): string {
  const named = keys.filter(({ name }) => name.startsWith('transfer')).map(({ name }) => `key "${name}";`);
  return named.length === 0 ? 'none;' : named.join(' ');
}

function keyBlock({ name, algorithm, secret }: ServerKey): string {
  return `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };`;
}

function rndcConfiguration(control: ServerKey, port: number): string {
  return `${keyBlock(control)}
options { default-key "control"; default-server 127.0.0.1; default-port ${port}; };
`;
}

function zoneBlock(
  served: ServedZone,
  keys: readonly ServerKey[],
  { policy = 'grant KEY zonesub ANY;', primary }: NamedOptions,
): string {
  const { zone, signed = false, options = '' } = served;
  const file = `zones/${zoneFileName(zone)}`;
  const name = zone.replaceAll('"', String.raw`\"`);
  if (primary !== undefined) {
    return `zone "${name}" { type secondary; file "${file}"; primaries { 127.0.0.1 port ${primary}; }; };`;
  }
  const rules = (served.keys ?? keys.slice(0, 1).map((key) => key.name)).map((key) =>
    policy.replaceAll('KEY', `"${key}"`),
  );
  const updates = rules.length === 0 ? '' : `update-policy { ${rules.join(' ')} };`;
  return `zone "${name}" { type primary; file "${file}"; ${updates} ${signed ? 'dnssec-policy default;' : ''} ${options} };`;
}

/** Makes a self-signed certificate for 127.0.0.1: `cert.pem` and `key.pem`. */
export function makeCertificate(folder: string): void {
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem'), '-days', '30'];
  const subject = ['-subj', '/CN=named.test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = spawnSync('openssl', [...kind, ...files, ...subject]);
  if (made.status !== 0) throw new Error(`openssl: ${String(made.stderr)}`);
}

function fingerprintOf(folder: string): string {
  const { fingerprint256 } = new X509Certificate(readFileSync(join(folder, 'cert.pem')));
  return fingerprint256.replaceAll(':', '').toLowerCase();
}
