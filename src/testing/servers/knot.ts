import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DnsName } from '../../dns/name.ts';
import {
  zoneFileName,
  zoneText,
  type NameServer,
  type NameServerOptions,
  type ServedZone,
  type ServerKey,
} from './name-server.ts';
import { freePort, runProgram, serverFolder, ServerProcess } from './process.ts';

export interface KnotOptions extends NameServerOptions {
  /**
   * ACLs for each key, in the order in which Knot tries them: YAML without `id` and `key`. Default: all
   * rights.
   */
  readonly policy?: readonly string[];
  /** Port of the primary server. If it is given, all zones here are secondary, and NOTIFY refreshes them. */
  readonly primary?: number;
  /** Ports of secondary servers. They get NOTIFY and may transfer the zones. */
  readonly secondaries?: readonly number[];
  readonly port?: number;
  /** More lines for the default template of `knot.conf`, indented by four spaces. */
  readonly template?: string;
}

export interface Knot extends NameServer {
  readonly kind: 'knot';
  readonly socket: string;
  readonly knotc: (...words: readonly string[]) => Promise<string>;
}

/**
 * Starts Knot DNS on a free port. Only keys whose names begin with `transfer`, and secondary servers, may
 * transfer zones.
 */
export async function startKnot(options: KnotOptions = {}): Promise<Knot> {
  const folder = serverFolder('knot');
  mkdirSync(join(folder, 'zones'));
  mkdirSync(join(folder, 'db'));
  const port = options.port ?? (await freePort());
  const socket = join(folder, 'knot.sock');
  const zones = new Map<DnsName, ServedZone>();
  const file = join(folder, 'knot.conf');
  const writeAll = (): void => {
    writeFileSync(file, configuration(folder, port, [...zones.values()], options));
  };
  const put = (more: readonly ServedZone[]): void => {
    for (const one of more) {
      zones.set(one.zone, one);
      if (options.primary === undefined) {
        writeFileSync(join(folder, 'zones', zoneFileName(one.zone)), zoneText(one));
      }
    }
    writeAll();
  };
  put(options.zones ?? []);
  const knotc = (...words: readonly string[]): Promise<string> =>
    runProgram('knotc', ['-s', socket, '-c', file, ...words]);
  const server = new ServerProcess(folder, 'knotd', ['-c', file], async () => {
    return await knotc('status').then(
      () => true,
      () => false,
    );
  });
  const loaded = async (): Promise<void> => {
    // Knot answers on its control socket only after all zones are loaded. So a command about any one zone is
    // enough to wait for.
    const names = [...zones.keys()].slice(0, 1);
    if (names.length > 0 && options.primary === undefined) await knotc('-b', 'zone-refresh');
  };
  await server.start();
  return {
    kind: 'knot',
    port,
    socket,
    folder,
    knotc,
    addZones: async (more) => {
      put(more);
      await knotc('-b', 'reload');
      await loaded();
    },
    dropZone: async (zone) => {
      zones.delete(zone);
      writeAll();
      await knotc('-b', 'reload');
      rmSync(join(folder, 'zones', zoneFileName(zone)), { force: true });
    },
    start: async () => await server.start(),
    stop: async (signal) => await server.stop(signal),
    halt: async () => await server.halt(),
    resume: () => server.resume(),
    log: () => server.log(),
    dispose: async () => await server.dispose(),
  };
}

function configuration(
  folder: string,
  port: number,
  zones: readonly ServedZone[],
  { keys = [], primary, secondaries = [], template = '', policy }: KnotOptions,
): string {
  const remotes = [...(primary === undefined ? [] : [primary]), ...secondaries];
  return `
server:
    rundir: "${folder}"
    listen: 127.0.0.1@${port}
control:
    listen: "${folder}/knot.sock"
log:
  - target: stderr
    any: info
database:
    storage: "${folder}/db"
${keys.length === 0 ? '' : `key:\n${keys.map(keyBlock).join('')}`}
${remotes.length === 0 ? '' : `remote:\n${remotes.map((one) => `  - id: r${one}\n    address: 127.0.0.1@${one}\n`).join('')}`}
acl:
${keys.map((key) => aclBlocks(key, policy)).join('')}${primary === undefined ? '' : '  - id: notify\n    address: 127.0.0.1\n    action: notify\n'}${secondaries.length === 0 ? '' : '  - id: peers\n    address: 127.0.0.1\n    action: transfer\n'}
template:
  - id: default
    storage: "${folder}/zones"
${template}
zone:
${zones.map((zone) => zoneBlock(zone, keys, { primary, secondaries, rules: policy?.length ?? 1 })).join('')}`;
}

function keyBlock({ name, algorithm, secret }: ServerKey): string {
  return `  - id: ${name}\n    algorithm: ${algorithm}\n    secret: ${secret}\n`;
}

/** The ACLs of a key. A zone lists those that apply to it ({@link zoneBlock}). */
function aclBlocks({ name }: ServerKey, policy?: readonly string[]): string {
  const rules = policy ?? ['action: update'];
  const blocks = rules.map((rule, at) => aclBlock(aclName(name, at), name, rule));
  const transfer = mayTransfer(name) ? [aclBlock(transferAcl(name), name, 'action: transfer')] : [];
  return `${[...blocks, ...transfer].join('\n')}\n`;
}

function aclBlock(id: string, key: string, rule: string): string {
  return [`  - id: ${id}`, `key: ${key}`, rule].join('\n    ');
}

function mayTransfer(key: string): boolean {
  return key.startsWith('transfer');
}

function transferAcl(key: string): string {
  return `${key}-transfer`;
}

function aclName(key: string, at: number): string {
  return at === 0 ? key : `${key}-${at}`;
}

function zoneBlock(
  { zone, keys: own, signed = false }: ServedZone,
  keys: readonly ServerKey[],
  peers: {
    readonly primary: number | undefined;
    readonly secondaries: readonly number[];
    readonly rules: number;
  },
): string {
  const transfers = keys
    .map(({ name }) => name)
    .filter(mayTransfer)
    .map(transferAcl);
  const writers = own ?? keys.slice(0, 1).map(({ name }) => name);
  const rulesOf = (key: string): string[] => Array.from({ length: peers.rules }, (_, at) => aclName(key, at));
  const acl = [...writers.flatMap(rulesOf), ...transfers];
  if (peers.primary !== undefined) acl.push('notify');
  if (peers.secondaries.length > 0) acl.push('peers');
  return [
    `  - domain: "${zone}"`,
    `    file: "${zoneFileName(zone)}"`,
    ...(acl.length === 0 ? [] : [`    acl: [${[...new Set(acl)].join(', ')}]`]),
    ...(peers.primary === undefined ? [] : [`    master: r${peers.primary}`]),
    ...(peers.secondaries.length === 0
      ? []
      : [`    notify: [${peers.secondaries.map((one) => `r${one}`).join(', ')}]`]),
    ...(signed ? ['    dnssec-signing: on'] : []),
    '',
  ].join('\n');
}
