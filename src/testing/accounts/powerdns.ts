import { readPowerdnsSettings, createPowerdnsCentral } from '../../centrals/powerdns/index.ts';
import type { Central } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { DnsName } from '../../dns/name.ts';
import { txtChunks } from '../../dns/rdata/rdata.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { ContractSubject } from '../contracts/central/zone-bench.ts';
import { startProxy, type Behaviour } from '../proxies/http.ts';
import { realClock } from '../real-clock.ts';
import { startPowerdns, type Powerdns, type PowerdnsOptions } from '../servers/powerdns.ts';
import { patience } from '../patience.ts';

/** In tests, the value of `account` at PowerDNS for the zones that are ours. */
export const alice = 'alice';

/**
 * Makes a central for the server of a test.
 * @param overrides settings that differ, in the form of the settings file
 */
export function powerdnsCentral(
  server: Powerdns,
  overrides: Readonly<Record<string, unknown>> = {},
  clock: Clock = realClock,
  log: Log = () => undefined,
): Central {
  const own = { address: server.url, username: alice, password: server.apiKey, timeout: patience };
  return createPowerdnsCentral(readPowerdnsSettings({ ...own, ...overrides }), { clock, log });
}

/**
 * Makes a subject: a central and its server, with a proxy between them, whose URL is `url`. The proxy can cut
 * answers, and the server can be killed before or after a write.
 */
export async function powerdnsSubject(
  options: PowerdnsOptions,
): Promise<ContractSubject & { readonly server: Powerdns; readonly url: string }> {
  // With this setting, PowerDNS follows DNAME records; without it, PowerDNS only stores them.
  const server = await startPowerdns({ account: alice, extra: 'dname-processing=yes', ...options });
  const proxy = await startProxy(server.url);
  const central = (password = server.apiKey): Central =>
    powerdnsCentral(server, { address: proxy.url, password });
  let down = false;
  const die = async (): Promise<void> => {
    down = true;
    await server.stop('SIGKILL');
  };
  return {
    server,
    url: proxy.url,
    central: central(),
    otherWriter: otherWriter(server),
    stop: async () => {
      await proxy.close();
      await server.dispose();
    },
    wrongCredentials: () => central('wrong-key'),
    cutReads: (keep) => {
      proxy.behaviour = keep === null ? undefined : cutting(keep);
    },
    manyRecords: 5_000,
    crashes: {
      crash: async (when) => {
        if (when === 'now') await die();
        else proxy.behaviour = dying(when, die);
      },
      revive: async () => {
        proxy.behaviour = undefined;
        if (down) await server.start();
        down = false;
      },
    },
  };
}

/**
 * Makes a behaviour of the proxy: it sends only a part of each answer to a read.
 * @param keep number of octets that arrive; negative: number of octets that are missing at the end
 */
function cutting(keep: number): Behaviour {
  return async ({ method }, pass) => {
    if (method !== 'GET') return undefined;
    const whole = await pass();
    const octets = Buffer.byteLength(whole.body);
    return { short: whole, octets: keep < 0 ? Math.max(octets + keep, 0) : Math.min(keep, octets - 1) };
  };
}

function dying(when: 'before-write' | 'after-write', die: () => Promise<void>): Behaviour {
  return async ({ method }, pass) => {
    // A PUT is no write of records: it flushes caches or rectifies a zone.
    if (method === 'GET' || method === 'PUT') return undefined;
    const answer = when === 'after-write' ? await pass() : 'cut';
    await die();
    return answer;
  };
}

/** Makes another writer with the same API key, who calls the API without our adapter. */
export function otherWriter(server: Powerdns): ContractSubject['otherWriter'] {
  const rewrite = async (
    zone: DnsName,
    record: ResourceRecord,
    edit: (contents: string[]) => string[],
  ): Promise<void> => {
    const { name, type } = record;
    const set = (await rrsets(server, zone))?.find((one) => one.name === name && one.type === type);
    const contents = edit(set?.records.map(({ content }) => content) ?? []);
    const records = contents.map((content) => ({ content, disabled: false }));
    const patch = { name, type, ttl: set?.ttl ?? record.ttl ?? 3_600, changetype: 'REPLACE', records };
    for (;;) {
      const { status, text } = await server.call('PATCH', `/zones/${zone}`, { rrsets: [patch] });
      if (status === 204) return;
      // If two writes coincide, PowerDNS with SQLite answers one with 500. Then this write is repeated.
      if (status !== 500) throw new Error(`${status} ${text}`);
    }
  };
  const same = (record: ResourceRecord) => (content: string) =>
    recordId(makeRecord({ ...record, rdata: content })) === recordId(record);
  return {
    add: async (zone, record) =>
      await rewrite(zone, record, (contents) =>
        contents.some(same(record)) ? contents : [...contents, contentOf(record)],
      ),
    remove: async (zone, record) =>
      await rewrite(zone, record, (contents) => contents.filter((content) => !same(record)(content))),
    makeSignedZone: async (zone) => {
      await server.addZones([{ zone, signed: true }]);
      const metadata = { kind: 'PUBLISH-CDS', metadata: ['2'] };
      await server.call('PUT', `/zones/${zone}/metadata/PUBLISH-CDS`, metadata);
    },
    createZone: async (zone) => {
      const body = { name: zone, kind: 'Native', account: 'bob', nameservers: ['ns1.example.net.'] };
      const { status, text } = await server.call('POST', '/zones', body);
      if (status !== 201) throw new Error(`${status} ${text}`);
    },
    records: async (zone) =>
      (await rrsets(server, zone))?.flatMap(({ name, type, ttl, records }) =>
        records.map(({ content }) => makeRecord({ name, type, ttl, rdata: content })),
      ) ?? null,
  };
}

/** An RRset in the form in which the API shows it. */
interface Shown {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly records: readonly { readonly content: string; readonly disabled: boolean }[];
}

/** Reads the zone's RRsets; null: the server does not have the zone. */
export async function rrsets(server: Powerdns, zone: DnsName): Promise<readonly Shown[] | null> {
  const { status, text } = await server.call('GET', `/zones/${zone}`);
  if (status === 404) return null;
  const { rrsets: shown } = JSON.parse(text) as { readonly rrsets: readonly Shown[] };
  return shown;
}

function contentOf({ type, rdata }: ResourceRecord): string {
  return type === 'TXT' ? txtChunks(rdata).join(' ') : rdata;
}
