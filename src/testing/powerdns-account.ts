import { readPowerdnsSettings, createPowerdnsCentral } from '../centrals/powerdns/index.ts';
import type { Central } from '../core/central.ts';
import type { DnsName } from '../dns/name.ts';
import { txtChunks } from '../dns/rdata/rdata.ts';
import { makeRecord, recordId, type ResourceRecord } from '../dns/record.ts';
import type { ContractSubject } from './central-contract.ts';
import { startPowerdns, type Powerdns, type PowerdnsOptions } from './servers/powerdns.ts';

/** The account of the zones that are ours in tests. */
export const alice = 'alice';

/** A central of a test's server. @param overrides settings as they stand in a file */
export function powerdnsCentral(
  server: Powerdns,
  overrides: Readonly<Record<string, unknown>> = {},
): Central {
  const input = { address: server.url, username: alice, password: server.apiKey, ...overrides };
  const read = readPowerdnsSettings(input);
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  return createPowerdnsCentral(read.settings);
}

export async function powerdnsSubject(options: PowerdnsOptions): Promise<ContractSubject> {
  const server = await startPowerdns(options);
  return {
    central: powerdnsCentral(server),
    someoneElse: someoneElse(server),
    stop: async () => await server.dispose(),
  };
}

/** Another program with the same key, by bare calls of the API. */
export function someoneElse(server: Powerdns): ContractSubject['someoneElse'] {
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
    const { status, text } = await server.call('PATCH', `/zones/${zone}`, { rrsets: [patch] });
    if (status !== 204) throw new Error(`${status} ${text}`);
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

/** A RRset as the API shows it. */
interface Shown {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly records: readonly { readonly content: string; readonly disabled: boolean }[];
}

/** `null`: no such zone. */
export async function rrsets(server: Powerdns, zone: DnsName): Promise<readonly Shown[] | null> {
  const { status, text } = await server.call('GET', `/zones/${zone}`);
  if (status === 404) return null;
  const { rrsets: shown } = JSON.parse(text) as { readonly rrsets: readonly Shown[] };
  return shown;
}

function contentOf({ type, rdata }: ResourceRecord): string {
  return type === 'TXT' ? txtChunks(rdata).join(' ') : rdata;
}
