/** The name server behind the gateway of a story, and what is there, past the gateway. */
import * as v from 'valibot';
import { zoneName } from '../../../dns/name.ts';
import { gatewayAccountName, powerdnsBackend } from '../../servers/gateway-process.ts';
import type { NameServer } from '../../servers/name-server.ts';
import { startPowerdns } from '../../servers/powerdns.ts';
import { runProgram } from '../../servers/process.ts';
import { backendAccount, backendOptions, type BackendKind } from '../../stage/gateway-account.ts';

export interface StoryServer {
  readonly server: NameServer;
  /** Options of the gateway's section `[backend]`. */
  readonly backend: Readonly<Record<string, string>>;
  /** Secrets of the gateway that must not stand in its log or database. */
  readonly secrets: readonly string[];
  /** Whether a gateway can create and delete zones there. If not, the provider does. */
  readonly makesZones: boolean;
  /** Makes a zone as the provider does. Names here are absolute. */
  readonly makeZone: (zone: string, records: string) => Promise<void>;
  /** Names of all zones, but for the provider's own. */
  readonly zones: () => Promise<ReadonlySet<string>>;
  /** The data of an RRset, in master-file form. */
  readonly data: (zone: string, name: string, type: string) => Promise<readonly string[]>;
  /** All records of a zone, as the server transfers them. */
  readonly octets: (zone: string) => Promise<string>;
  /** Deletes an RRset, as somebody who has the server's key. */
  readonly deleteRRset: (zone: string, name: string, type: string) => Promise<void>;
}

/** Starts a name server of this kind. @param provider name of the provider's zone, which is made */
export async function startStoryServer(kind: BackendKind, provider: string): Promise<StoryServer> {
  const started = await (kind === 'powerdns' ? storyPowerdns(provider) : storyKeyServer(kind, provider));
  await started.makeZone(provider, 'www A 192.0.2.1\nmail A 192.0.2.2');
  return started;
}

const rrsets = v.object({
  rrsets: v.array(
    v.object({
      name: v.string(),
      type: v.string(),
      records: v.array(v.object({ content: v.string() })),
    }),
  ),
});

const served = v.array(v.object({ name: v.string() }));

async function storyPowerdns(provider: string): Promise<StoryServer> {
  const server = await startPowerdns({ account: gatewayAccountName });
  return {
    server,
    backend: powerdnsBackend(server),
    secrets: [server.apiKey],
    makesZones: true,
    makeZone: async (zone, records) => {
      await server.addZones([{ zone: zoneName(zone), records }]);
    },
    zones: async () => {
      const { text } = await server.call('GET', '/zones?dnssec=false');
      const names = new Set(v.parse(served, JSON.parse(text)).map(({ name }) => name));
      names.delete(provider);
      return names;
    },
    data: async (zone, name, type) => {
      const path = `/zones/${zone}?rrset_name=${name}&rrset_type=${type}`;
      const { status, text } = await server.call('GET', path);
      if (status !== 200) throw new Error(`${zone} at PowerDNS: ${status} ${text}`);
      const found = v.parse(rrsets, JSON.parse(text)).rrsets.filter((one) => one.name === name);
      return found.flatMap(({ records }) => records.map(({ content }) => content));
    },
    octets: async (zone) => await transferOf(server.port, zone, null),
    deleteRRset: async (zone, name, type) => {
      await server.call('PATCH', `/zones/${zone}`, { rrsets: [{ name, type, changetype: 'DELETE' }] });
    },
  };
}

async function storyKeyServer(kind: 'bind' | 'knot', provider: string): Promise<StoryServer> {
  const made = await backendAccount(kind);
  const { server, secrets, keyFile } = made;
  const octets = async (zone: string): Promise<string> => await transferOf(server.port, zone, keyFile);
  const data: StoryServer['data'] = async (zone, name, type) =>
    (await octets(zone)).split('\n').flatMap((line) => {
      const [owner, , , its, ...words] = line.split(/\s+/u);
      return owner === name && its === type ? [words.join(' ')] : [];
    });
  return {
    server,
    backend: backendOptions(made, kind),
    secrets,
    makesZones: made.makesZones,
    makeZone: async (zone, records) => {
      const one = { zone: zoneName(zone), records };
      await (zone === provider ? made.foreign(one) : made.ours([one]));
    },
    zones: async () => {
      const names = new Set((await made.zones()).map((name) => `${name}.`));
      names.delete(provider);
      return names;
    },
    data,
    octets,
    deleteRRset: async (zone, name, type) => {
      for (const value of await data(zone, name, type))
        await made.edit(zone.slice(0, -1), { name: name.slice(0, -zone.length - 1), type, value }, 'delete');
    },
  };
}

/** @param keyFile a file with the key for the transfer; null: none is needed */
async function transferOf(port: number, zone: string, keyFile: string | null): Promise<string> {
  const key = keyFile === null ? [] : ['-k', keyFile];
  const place = ['@127.0.0.1', '-p', String(port), ...key];
  return await runProgram('dig', [...place, '+noall', '+answer', '+tries=1', zone, 'AXFR']);
}
