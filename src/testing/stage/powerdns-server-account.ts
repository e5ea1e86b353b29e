import { startPowerdns, type Powerdns } from '../servers/powerdns.ts';
import { absolute, type Wanted } from './panel-words.ts';
import { isHttpPatch } from './relay.ts';
import { dataOf, type ServerAccount } from './server-account.ts';
import { account } from './stage.ts';

/**
 * Makes an account at PowerDNS. The field `account` of a zone shows whose it is; the one API key may write
 * all zones.
 */
export async function powerdnsAccount(): Promise<ServerAccount> {
  const server = await startPowerdns({
    account: account.name,
    // Without the first setting, the SOA of new zones has placeholder values. Without the second, PowerDNS
    // stores DNAME records but does not follow them.
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

/** The API replaces whole RRsets, so the RRset is read first. */
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
