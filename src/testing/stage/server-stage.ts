/** A customer's panel with the plugin, and a real name server of the provider as central. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Generation } from '../../../sandbox/index.ts';
import { zoneName } from '../../dns/name.ts';
import { formatZoneFile } from '../../dns/zonefile.ts';
import { startKnot } from '../servers/knot.ts';
import {
  makeKey,
  type NameServer,
  type NameServerOptions,
  type ServedZone,
  type ServerKey,
} from '../servers/name-server.ts';
import { startNamed } from '../servers/named.ts';
import { startPowerdns, type Powerdns } from '../servers/powerdns.ts';
import { missingPrograms } from '../servers/process.ts';
import type { CentralSide, PublicView } from './central-side.ts';
import { publicView, servesZone, transferred } from './dig.ts';
import type { StageDomain } from './make-domain.ts';
import { isDnsUpdate, isHttpPatch, Relay } from './relay.ts';
import { account, customer, makePanelSide, writeSettings, type AnyStage } from './stage.ts';
import { absolute, meaning, wordsOf, type Wanted } from './panel-words.ts';

export type ServerKind = NameServer['kind'];

export interface ServerStageOptions {
  /** Default: ISPmanager 6. */
  readonly panel?: Exclude<Generation, 'dnsmgr'>;
  readonly central: ServerKind;
  /** Options of `[sync]` in seconds. */
  readonly sync?: Readonly<Record<string, string>>;
}

/** A stage with a name server as central. */
export interface ServerStage extends AnyStage {
  readonly server: NameServer;
  /** The line between the plugin and the server. */
  readonly relay: Relay;
  readonly there: CentralSide & { readonly public: PublicView };
}

const serverTitles: Readonly<Record<ServerKind, string>> = {
  bind: 'BIND 9',
  knot: 'Knot DNS',
  powerdns: 'PowerDNS',
};

const programs: Readonly<Record<ServerKind, readonly string[]>> = {
  bind: ['named', 'rndc', 'dig', 'nsupdate', 'openssl'],
  knot: ['knotd', 'knotc', 'dig', 'nsupdate'],
  powerdns: ['pdns_server', 'dig'],
};

/** Debian packages that bring these. */
export const serverPackages: Readonly<Record<ServerKind, string>> = {
  bind: 'bind9 bind9-utils bind9-dnsutils openssl',
  knot: 'knot bind9-dnsutils',
  powerdns: 'pdns-server pdns-backend-sqlite3 bind9-dnsutils',
};

/** Why this server cannot be started here; false: it can. */
export function missingFor(kind: ServerKind): string | false {
  return missingPrograms(...programs[kind]);
}

/** How a server is run for the customer and asked for the truth. */
interface Account {
  readonly server: NameServer;
  readonly secrets: readonly string[];
  /** Where the plugin's requests go, and which of them are writes. */
  readonly port: number;
  readonly isWrite: (request: Buffer) => boolean;
  /** Options of `[isp_master]` for a server on this port. */
  readonly connection: (port: number) => Readonly<Record<string, string>>;
  /** File with the key that may transfer zones; null: none is needed. */
  readonly keyFile: string | null;
  readonly makesZones: boolean;
  readonly ours: (zones: readonly ServedZone[]) => Promise<void>;
  readonly foreign: (zone: ServedZone) => Promise<void>;
  readonly zones: () => Promise<readonly string[]>;
  readonly edit: (zone: string, record: Wanted, what: 'add' | 'delete') => Promise<void>;
}

/** @throws Error when a program is missing (`missingFor`) */
export async function makeServerStage(options: ServerStageOptions): Promise<ServerStage> {
  const { panel: generation = 'v6', central: kind, sync = {} } = options;
  const side = await makePanelSide(generation);
  const made = kind === 'powerdns' ? await powerdnsAccount() : await keyAccount(kind);
  const { server } = made;
  const relay = new Relay(made.port, made.isWrite);
  await relay.open();
  return {
    ...side,
    server,
    relay,
    secrets: [...made.secrets, customer.password],
    there: serverSide(serverTitles[kind], made, relay),
    configure: (changes = {}, more = {}) => {
      writeSettings(side.panel.root, { ...made.connection(relay.port), ...changes }, { ...sync, ...more });
    },
    stop: async () => {
      await side.stop();
      await relay.close();
      await server.dispose();
      rmSync(side.directory, { recursive: true, force: true });
    },
  };
}

function serverSide(
  title: string,
  made: Account,
  relay: Relay,
): CentralSide & { readonly public: PublicView } {
  const { server, keyFile } = made;
  const view = publicView(server.port);
  return {
    title,
    // Whatever a panel can make.
    types: wordsOf('dnsmgr').types,
    hasTtl: true,
    makesZones: made.makesZones,
    public: view,
    hasZone: async (zone) => await servesZone(server.port, zone),
    held: async (zone) => await transferred(server.port, zone, keyFile),
    writes: async () => {
      const serials = await Promise.all((await made.zones()).map(async (zone) => await view.serial(zone)));
      return serials.reduce((sum, serial) => sum + serial, 0);
    },
    makeZones: async (zones) => {
      await made.ours(zones.map((zone) => served(zone)));
    },
    makeForeignZone: async (zone) => {
      await made.foreign(served({ name: zone, records: [] }));
    },
    add: async (zone, record) => {
      await made.edit(zone, record, 'add');
    },
    remove: async (zone, record) => {
      await made.edit(zone, record, 'delete');
    },
    // BIND wants mail servers of the zone itself to have an address (its option `check-mx` and what it checks of updates).
    objects: () =>
      server.kind === 'bind'
        ? { record: { name: '', type: 'MX', value: 'no-address', numbers: [30] }, says: 'REFUSED' }
        : null,
    down: async () => {
      await relay.close();
      await server.stop();
    },
    up: async () => {
      await server.start();
      await relay.open();
    },
    withhold: () => relay.withhold(),
    answerAgain: () => relay.answerAgain(),
  };
}

function served({ name, records }: StageDomain): ServedZone {
  const zone = zoneName(name);
  return { zone, records: formatZoneFile(zone, records) };
}

/** BIND and Knot: the customer has a key that may update his zones, the provider one for all, and one that may read them whole. */
async function keyAccount(kind: 'bind' | 'knot'): Promise<Account> {
  const [ours, others, provider, reader] = [
    makeKey(account.name),
    makeKey('somebody'),
    makeKey('provider'),
    makeKey('transfer-provider'),
  ];
  const options: NameServerOptions = { keys: [ours, others, provider, reader] };
  const server = kind === 'bind' ? await startNamed(options) : await startKnot(options);
  const keyFile = writeKey(server.folder, reader);
  const providerFile = writeKey(server.folder, provider);
  const names: string[] = [];
  const make = async (zones: readonly ServedZone[], key: ServerKey): Promise<void> => {
    await server.addZones(zones.map((zone) => ({ ...zone, keys: [key.name, provider.name] })));
    names.push(...zones.map(({ zone }) => zone.slice(0, -1)));
  };
  return {
    server,
    secrets: [ours.secret],
    port: server.port,
    isWrite: isDnsUpdate,
    connection: (port) => ({
      kind: 'rfc2136',
      host: `dns://127.0.0.1:${port}`,
      username: ours.name,
      password: ours.secret,
    }),
    keyFile,
    makesZones: false,
    ours: async (zones) => await make(zones, ours),
    foreign: async (zone) => await make([zone], others),
    zones: () => Promise.resolve(names),
    edit: async (zone, record, what) => {
      const said = [
        absolute(record.name, zone),
        ...(what === 'add' ? [String(record.ttl ?? 3_600)] : []),
        record.type,
        dataOf(record, zone),
      ].join(' ');
      await nsupdate(server.port, providerFile, `zone ${zone}\nupdate ${what} ${said}\nsend\n`);
    },
  };
}

/** The data of a record in a master file. */
function dataOf(record: Wanted, zone: string): string {
  const data = meaning(record, zone).split(' ').slice(2).join(' ');
  return record.type === 'TXT' ? JSON.stringify(data) : data;
}

/** A file as `dig -k` and `nsupdate -k` want it: no secret in a list of processes. */
function writeKey(folder: string, { name, algorithm, secret }: ServerKey): string {
  const path = join(folder, `${name}.key`);
  writeFileSync(path, `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };\n`, { mode: 0o600 });
  return path;
}

async function nsupdate(port: number, keyFile: string, lines: string): Promise<void> {
  const child = spawn('nsupdate', ['-v', '-k', keyFile], { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said += part.toString('utf8')));
  child.stdin.end(`server 127.0.0.1 ${port}\n${lines}`);
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`nsupdate ${lines}: ${said}`);
}

/** PowerDNS: zones are the customer's by their account; one API key for everything. */
async function powerdnsAccount(): Promise<Account> {
  const server = await startPowerdns({
    account: account.name,
    // Else new zones have the server's own placeholder in it, and DNAME records are stored without effect.
    extra:
      'default-soa-content=ns1.provider.example.net hostmaster.@ 0 10800 3600 604800 3600\ndname-processing=yes',
  });
  const zones = async (): Promise<readonly { readonly name: string }[]> =>
    JSON.parse((await server.call('GET', '/zones?dnssec=false')).text) as { name: string }[];
  return {
    server,
    secrets: [server.apiKey],
    port: Number(new URL(server.url).port),
    isWrite: isHttpPatch,
    connection: (port) => ({
      kind: 'powerdns',
      host: `http://127.0.0.1:${port}`,
      username: account.name,
      password: server.apiKey,
      nameservers: 'ns1.provider.example.net, ns2.provider.example.net',
    }),
    keyFile: null,
    makesZones: true,
    ours: async (made) => await server.addZones(made),
    foreign: async (zone) => {
      await server.addZones([zone]);
      await call(server, 'PUT', `/zones/${zone.zone}`, { account: 'somebody' });
    },
    zones: async () => (await zones()).map(({ name }) => name.slice(0, -1)),
    edit: async (zone, record, what) => {
      await patch(server, zone, record, what);
    },
  };
}

async function call(server: Powerdns, ...words: Parameters<Powerdns['call']>): Promise<string> {
  const { status, text } = await server.call(...words);
  if (status >= 300) throw new Error(`PowerDNS ${words[1]}: ${status} ${text}`);
  return text;
}

interface RRset {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly records: readonly { readonly content: string; readonly disabled: boolean }[];
}

/** The API knows whole RRsets only. */
async function patch(server: Powerdns, zone: string, record: Wanted, what: 'add' | 'delete'): Promise<void> {
  const { rrsets } = JSON.parse(await call(server, 'GET', `/zones/${zone}.`)) as { rrsets: readonly RRset[] };
  const [name, { type, ttl }] = [absolute(record.name, zone), record];
  const old = rrsets.find((one) => one.name === name && one.type === type);
  const content = dataOf(record, zone);
  const others = (old?.records ?? []).filter((one) => one.content !== content);
  const records = what === 'add' ? [...others, { content, disabled: false }] : others;
  const set = { name, type, ttl: ttl ?? old?.ttl ?? 3_600, records, changetype: 'REPLACE' };
  await call(server, 'PATCH', `/zones/${zone}.`, { rrsets: [set] });
}
