/** Starts the name servers of the benchmarks. Each has a bare client, and settings for the product. */
import type { DnsName } from '../src/dns/name.ts';
import { startKnot } from '../src/testing/servers/knot.ts';
import { makeKey, type NameServer, type ServedZone } from '../src/testing/servers/name-server.ts';
import { startNamed } from '../src/testing/servers/named.ts';
import { startPowerdns, type Powerdns } from '../src/testing/servers/powerdns.ts';
import { freePort } from '../src/testing/servers/process.ts';
import { missingFor, type ServerKind } from '../src/testing/stage/server-registry.ts';
import { newZone, rawCalls, rawUpdates, type Rec, type RawClient } from './raw.ts';
import { print } from './print.ts';

/** Names of the servers. The name of a figure begins with one of them. */
export const softwares = ['bind', 'knot', 'powerdns_sqlite', 'powerdns_lmdb'] as const;
export type Software = (typeof softwares)[number];

/** The kind of test server for each name. */
const serverOf: Readonly<Record<Software, ServerKind>> = {
  bind: 'bind',
  knot: 'knot',
  powerdns_sqlite: 'powerdns',
  powerdns_lmdb: 'powerdns',
};

export type Figures = Record<string, number>;

/**
 * Measures at each element of `wanted` that is installed. Prints each figure on standard error as soon as it
 * is known. A failure of one measurement is printed and noted as `failed`, and the others are made all the
 * same.
 * @param missing why an element cannot be measured here; false: it can be
 * @param measure calls `note` with figures that are known early; the figures that it returns are noted too
 * @returns the figures; each name begins with the element's name
 */
export async function atEachOf<T extends string>(
  wanted: readonly T[],
  missing: (one: T) => string | false,
  measure: (one: T, note: (found: Readonly<Figures>) => void) => Promise<Readonly<Figures>>,
): Promise<Figures> {
  const figures: Figures = {};
  for (const one of wanted) {
    const why = missing(one);
    if (why !== false) {
      print(`${one}: ${why}`);
      continue;
    }
    const note = (found: Readonly<Figures>): void => {
      for (const [name, value] of Object.entries(found)) {
        figures[`${one}_${name}`] = value;
        print(`${one}_${name} ${value}`);
      }
    };
    try {
      note(await measure(one, note));
    } catch (error) {
      print(`${one}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      note({ failed: 1 });
    }
  }
  return figures;
}

/** Like {@link atEachOf}, for name servers. */
export async function atEach(
  wanted: readonly Software[],
  measure: (software: Software, note: (found: Readonly<Figures>) => void) => Promise<Readonly<Figures>>,
): Promise<Figures> {
  return await atEachOf(wanted, (software) => missingFor(serverOf[software]), measure);
}

/** Account of the zones in PowerDNS. */
const account = 'bench';

export interface Subject {
  readonly server: NameServer;
  readonly raw: RawClient;
  /** Section `[isp_master]` of the product's settings. */
  readonly settings: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

/** A zone with its records. */
export interface Filled {
  readonly zone: DnsName;
  readonly records: readonly Rec[];
}

/**
 * Starts a server with these zones.
 * @param serial the first serial at BIND and Knot; absent: 1
 * @param isCopied whether other servers may copy the zones of PowerDNS (kind Master)
 */
export async function startSubject(
  software: Software,
  zones: readonly Filled[],
  { serial = 1, isCopied = false }: { readonly serial?: number; readonly isCopied?: boolean } = {},
): Promise<Subject> {
  if (software === 'bind' || software === 'knot') {
    // The test server lets a key with this name transfer zones, too.
    const key = makeKey('transfer-bench');
    const options = { keys: [key], zones: zones.map((filled) => ({ ...served(filled), serial })) };
    // At Knot, a key with this name could transfer zones but not update them, so the policy allows both.
    const policy = ['action: [transfer, update]'];
    const server = software === 'bind' ? await startNamed(options) : await startKnot({ ...options, policy });
    const host = `127.0.0.1:${server.port}`;
    const settings = { kind: 'rfc2136', host, username: key.name, password: key.secret };
    return subjectOf(server, rawUpdates(server.port, key), settings);
  }
  const server = await startPowerdns({ backend: backendOf(software) });
  const raw = rawCalls(server, account);
  for (const { zone, records } of zones) await fill(server, raw, zone, records);
  if (isCopied)
    for (const { zone } of zones) await succeed(server.call('PUT', `/zones/${zone}`, { kind: 'Master' }));
  const settings = { kind: 'powerdns', host: server.url, username: account, password: server.apiKey };
  return subjectOf(server, raw, settings);
}

function subjectOf(server: NameServer, raw: RawClient, settings: Subject['settings']): Subject {
  const stop = async (): Promise<void> => {
    raw.close();
    await server.dispose();
  };
  return { server, raw, settings, stop };
}

function backendOf(software: 'powerdns_sqlite' | 'powerdns_lmdb'): 'sqlite3' | 'lmdb' {
  return software === 'powerdns_sqlite' ? 'sqlite3' : 'lmdb';
}

function served({ zone, records }: Filled): ServedZone {
  const lines = records.map(({ name, type, ttl, rdata }) => `${name} ${ttl ?? 3_600} IN ${type} ${rdata}`);
  return { zone, records: lines.join('\n') };
}

/** Largest number of RRsets in one request, because PowerDNS takes requests of up to 2 MB. */
const mostSets = 5_000;

async function fill(server: Powerdns, raw: RawClient, zone: DnsName, records: readonly Rec[]): Promise<void> {
  if (records.length <= mostSets && raw.create !== undefined) {
    await raw.create(zone, records);
    return;
  }
  const { status, text } = await server.call('POST', '/zones', newZone(zone, account));
  if (status >= 300) throw new Error(`PowerDNS: ${status} ${text}`);
  for (let at = 0; at < records.length; at += mostSets)
    await raw.write(zone, records.slice(at, at + mostSets));
}

/** A primary and a secondary of the same software, with its default settings for NOTIFY. */
export interface Pair {
  readonly secondary: NameServer;
  /** Makes a change at the primary. If the server does not send a NOTIFY at once, also asks for it. */
  write(zone: DnsName, records: readonly Rec[]): Promise<void>;
  stop(): Promise<void>;
}

export async function startPair(software: Software, filled: Filled): Promise<Pair> {
  return software === 'bind' || software === 'knot'
    ? await transferPair(software, filled)
    : await powerdnsPair(software, filled);
}

async function transferPair(software: 'bind' | 'knot', filled: Filled): Promise<Pair> {
  const key = makeKey('bench-key');
  const port = await freePort();
  const zones = [served(filled)];
  const ours = { keys: [key], zones, secondaries: [port] };
  const primary = software === 'bind' ? await startNamed(ours) : await startKnot(ours);
  const theirs = { zones, primary: primary.port, port };
  const secondary = software === 'bind' ? await startNamed(theirs) : await startKnot(theirs);
  const raw = rawUpdates(primary.port, key);
  return pairOf(primary, secondary, raw, raw.write);
}

/** PowerDNS sends NOTIFY on its own only once a minute, so each write asks for it. */
async function powerdnsPair(
  software: 'powerdns_sqlite' | 'powerdns_lmdb',
  { zone, records }: Filled,
): Promise<Pair> {
  const backend = backendOf(software);
  const port = await freePort();
  const extra = `primary=yes\nonly-notify=127.0.0.1\nalso-notify=127.0.0.1:${port}`;
  const primary = await startPowerdns({ backend, extra });
  const secondary = await startPowerdns({ backend, port, extra: 'secondary=yes' });
  const raw = rawCalls(primary, account);
  await succeed(primary.call('POST', '/zones', { ...newZone(zone, account), kind: 'Master' }));
  await raw.write(zone, records);
  const masters = [`127.0.0.1:${primary.port}`];
  await succeed(secondary.call('POST', '/zones', { name: zone, kind: 'Slave', masters }));
  const notify = (): Promise<void> => succeed(primary.call('PUT', `/zones/${zone}/notify`));
  await notify();
  return pairOf(primary, secondary, raw, async (changed, set) => {
    await raw.write(changed, set);
    await notify();
  });
}

async function succeed(answer: ReturnType<Powerdns['call']>): Promise<void> {
  const { status, text } = await answer;
  if (status >= 300) throw new Error(`PowerDNS: ${status} ${text}`);
}

function pairOf(
  primary: NameServer,
  secondary: NameServer,
  raw: RawClient,
  write: (zone: DnsName, records: readonly Rec[]) => Promise<void>,
): Pair {
  return {
    secondary,
    write,
    stop: async () => {
      raw.close();
      await Promise.all([primary.dispose(), secondary.dispose()]);
    },
  };
}
