/** The central DNS server of a crash run. Tests read and write it directly, without the product. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Generation } from '../../../sandbox/index.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { formatZoneFile } from '../../dns/zone-file.ts';
import { runProgram } from '../servers/process.ts';
import type { ServedZone } from '../servers/name-server.ts';
import { transferred } from '../stage/dig.ts';
import { meaning, meaningOf, saveClick, type Wanted, type Words } from '../stage/panel-words.ts';
import { testServers, type ServerKind } from '../stage/server-registry.ts';
import { dataOf, type ServerAccount } from '../stage/server-account.ts';
import { SandboxProcess, type Account } from './sandbox-process.ts';
import type { ProxyOptions } from './proxy-protocol.ts';

/** A zone with its records, as a test creates it before the plugin is installed. */
export interface SeedZone {
  readonly zone: string;
  readonly records: readonly Wanted[];
}

/** A new record that a central has refused to store. */
export interface RefusedRecord {
  readonly zone: DnsName;
  readonly record: ResourceRecord;
}

export interface CrashCentral {
  readonly title: string;
  /** Whether the customer's account may create and delete zones. */
  readonly makesZones: boolean;
  /**
   * Whether this central cannot list the zones of an account. The plugin then asks for each zone by its name.
   */
  readonly byName: boolean;
  readonly secrets: readonly string[];
  readonly port: () => number;
  /** Key and certificate files for a TLS proxy in front of the central; null: the central uses plain TCP. */
  readonly tls: ProxyOptions['tls'];
  /** Makes the options of `[isp_master]`. @param port the port at which the plugin reaches the central */
  readonly connection: (port: number) => Readonly<Record<string, string>>;
  /** Creates a zone in the customer's account, or in that of another customer. */
  readonly seed: (zone: SeedZone, owner: 'ours' | 'others') => Promise<void>;
  /** Names of all zones of the customer, without final dots. */
  readonly zones: () => Promise<readonly string[]>;
  /** The records of a zone without SOA and apex NS; null: there is no such zone. */
  readonly held: (zone: string) => Promise<readonly ResourceRecord[] | null>;
  /**
   * Returns all records of a zone as text, exactly as the central shows them, to find any change of the zone.
   */
  readonly octets: (zone: string) => Promise<string>;
  /** Makes the central refuse its next write; null: this central cannot be made to refuse. */
  readonly refuseNext: (() => Promise<void>) | null;
  /** New records that the central has refused because of {@link refuseNext}, in all zones. */
  readonly refused: () => readonly RefusedRecord[];
  readonly diedByItself: () => boolean;
  /** Kills the program. @returns whether it was running */
  readonly kill: () => Promise<boolean>;
  readonly start: () => Promise<void>;
  /** Ends the program and releases its resources. @param keep whether to keep the files of the program */
  readonly dispose: (keep: boolean) => Promise<void>;
}

const account: Account = { name: 'kunde42', password: 'pa;ss#wo=%rd' };
const others: Account = { name: 'somebody', password: 'somebody' };

/** Makes a record from the way users describe it. */
export function recordOf(wanted: Wanted, zone: string): ResourceRecord {
  const { name, type, ttl } = wanted;
  const owner = name === '' ? '@' : name;
  return makeRecord({ name: owner, type, rdata: dataOf(wanted, zone), ttl: ttl ?? null }, zoneName(zone));
}

/** Makes a record from its text in the form of `meaning` (panel-words.ts). */
export function recordFromMeaning(text: string, ttl: number | null): ResourceRecord {
  const [name = '', type = '', ...data] = text.split(' ');
  const rdata = type === 'TXT' ? JSON.stringify(data.join(' ')) : data.join(' ');
  return makeRecord({ name, type, rdata, ttl });
}

/** Reads the records of a zone from a sandbox panel, without apex NS; null: the panel has no such zone. */
export async function sandboxRecords(panel: SandboxProcess, zone: string): Promise<ResourceRecord[] | null> {
  const rows = await panel.records(zone);
  const own = rows?.filter(({ name, type }) => type !== 'NS' || name !== `${zone}.`);
  return (
    own?.map((row) => {
      const { ttl = '' } = row;
      return recordFromMeaning(meaningOf(row, zone), ttl === '' ? null : Number(ttl));
    }) ?? null
  );
}

/**
 * New records that a sandbox panel has refused to save because of a fault, by the panel's own log.
 * @param root of the panel
 */
export function refusedBy(root: string, words: Words): RefusedRecord[] {
  const directory = join(root, 'var');
  const logs = readdirSync(directory).filter((name) => name.endsWith('.log'));
  const text = logs.map((name) => readFileSync(join(directory, name), 'utf8')).join('');
  return [...text.matchAll(/'([^']*)' fault refuse$/gmu)].flatMap(([, call = '']) => {
    const params = new URLSearchParams(call);
    const zone = params.get('plid') ?? '';
    if (params.get('func') !== words.save || params.get('elid') !== '') return [];
    const record = recordFromMeaning(meaning(words.saved(params), zone), null);
    return [{ zone: zoneName(zone), record }];
  });
}

/** Starts a sandbox panel that serves as the central. @param directory folder of the story */
export async function panelCentral(directory: string, generation: Generation): Promise<CrashCentral> {
  const users = ['root:central-root:7', ...[account, others].map((one) => `${one.name}:${one.password}:5`)];
  const root = join(directory, 'central');
  const switches = ['defaultHosts=["@","parking"]', 'defaultSpf=false'];
  const panel = new SandboxProcess({ root, generation, users, switches });
  await panel.start();
  const etc = join(root, 'etc');
  return {
    title: panel.words.title,
    makesZones: true,
    byName: false,
    secrets: [account.password],
    port: () => panel.port,
    tls: { key: join(etc, 'manager.key'), cert: join(etc, 'manager.crt') },
    connection: (port) => ({
      host: `https://127.0.0.1:${port}`,
      username: account.name,
      password: account.password,
      fingerprint: panel.fingerprint,
    }),
    seed: async (zone, owner) => await seedPanel(panel, zone, owner === 'ours' ? account : others),
    zones: async () => (await panel.zones()).filter((zone) => !zone.startsWith('others-')),
    held: async (zone) => await sandboxRecords(panel, zone),
    octets: async (zone) => JSON.stringify(await panel.records(zone)),
    refuseNext: async () => {
      const fault = { func: panel.words.save, effect: 'refuse', code: 9, text: 'this address is blocked' };
      await panel.control('fault', { fault });
    },
    refused: () => refusedBy(root, panel.words),
    diedByItself: () => panel.diedByItself,
    kill: async () => await panel.kill(),
    start: async () => await panel.start(),
    dispose: async () => void (await panel.kill()),
  };
}

/** Creates a zone with exactly these records in a sandbox panel, as its owner would. */
export async function seedPanel(panel: SandboxProcess, seed: SeedZone, by: Account): Promise<void> {
  const none = { defaultHosts: [], defaultMxRecords: false, defaultSpf: false };
  const before = await panel.control('switches');
  await panel.control('switches', { set: none });
  const domain = { elid: '', name: seed.zone, ip: '192.0.2.80', sok: 'ok' };
  const answers = [await panel.call('domain.edit', domain, by)];
  for (const record of seed.records) {
    const { func, params } = saveClick(panel.words, seed.zone, record);
    answers.push(await panel.call(func, params, by));
  }
  const bad = answers.find(({ ok }) => !ok);
  if (bad !== undefined) throw new Error(`${seed.zone}: ${bad.body}`);
  await panel.control('switches', { set: pick(before, Object.keys(none)) });
}

function pick(from: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  const all = Object.entries(from ?? {});
  return Object.fromEntries(all.filter(([name]) => names.includes(name)));
}

/** Starts BIND, Knot or PowerDNS as the central. */
export async function serverCentral(kind: ServerKind): Promise<CrashCentral> {
  const made = await testServers[kind].startAccount();
  const { server } = made;
  let runs = true;
  return {
    title: testServers[kind].title,
    makesZones: made.makesZones,
    byName: kind !== 'powerdns',
    secrets: made.secrets,
    port: () => made.port,
    tls: null,
    connection: (port) => made.connection(port),
    seed: async (zone, owner) =>
      await (owner === 'ours' ? made.ours([served(zone)]) : made.foreign(served(zone))),
    zones: async () => (await made.zones()).filter((zone) => !zone.startsWith('others-')),
    held: async (zone) => await heldAt(made, zone),
    octets: async (zone) => {
      const key = made.keyFile === null ? [] : ['-k', made.keyFile];
      const place = ['@127.0.0.1', '-p', String(server.port), ...key];
      return await runProgram('dig', [...place, '+noall', '+answer', '+tries=1', zone, 'AXFR']);
    },
    refuseNext: null,
    refused: () => [],
    diedByItself: () => false,
    kill: async () => {
      if (!runs) return false;
      runs = false;
      await server.stop('SIGKILL');
      return true;
    },
    start: async () => {
      await server.start();
      runs = true;
    },
    dispose: async (keep) => {
      await server.dispose();
      if (!keep) rmSync(server.folder, { recursive: true, force: true });
    },
  };
}

async function heldAt(made: ServerAccount, zone: string): Promise<ResourceRecord[] | null> {
  const held = await transferred(made.server.port, zone, made.keyFile);
  return held?.map((one) => recordFromMeaning(one.meaning, one.ttl)) ?? null;
}

function served({ zone, records }: SeedZone): ServedZone {
  const name = zoneName(zone);
  return {
    zone: name,
    records: formatZoneFile(
      name,
      records.map((one) => recordOf(one, zone)),
    ),
  };
}
