/**
 * Bare clients that read, for comparison with the product. They send the least requests that a read needs,
 * and parse the answers. They check, compare and store nothing.
 */
import { execFile } from 'node:child_process';
import * as http from 'node:http';
import * as https from 'node:https';
import { join } from 'node:path';
import { SaxesParser } from 'saxes';
import * as v from 'valibot';
import type { DnsName } from '../src/dns/name.ts';
import { queryMessage } from '../src/dns/wire/message.ts';
import { readTsigKey } from '../src/dns/wire/tsig.ts';
import { DnsClient } from '../src/net/dns/client.ts';

/** How to reach a central. It can be written as JSON for another process. */
export const reachShape = v.variant('kind', [
  v.object({
    kind: v.literal('sandbox'),
    /** Address of the API. */
    url: v.string(),
    user: v.string(),
    password: v.string(),
  }),
  v.object({ kind: v.literal('powerdns'), url: v.string(), apiKey: v.string() }),
  v.object({
    kind: v.literal('bind'),
    port: v.number(),
    key: v.object({ name: v.string(), algorithm: v.literal('hmac-sha256'), secret: v.string() }),
    /** Whether whole zones are read by AXFR; otherwise each name is queried. */
    axfr: v.boolean(),
  }),
]);
export type Reach = v.InferOutput<typeof reachShape>;

/** A zone with the owner names of its records. */
export interface NamedHosts {
  readonly zone: DnsName;
  readonly hosts: readonly DnsName[];
}

export interface BareSide {
  /** Lists the zones, or asks for each of these. */
  readonly list: (zones: readonly DnsName[]) => Promise<void>;
  /** @returns how many records the zone has */
  readonly read: (zone: NamedHosts) => Promise<number>;
  close(): void;
}

export function bareCentral(reach: Reach): BareSide {
  switch (reach.kind) {
    case 'sandbox':
      return bareAccount(reach);
    case 'powerdns':
      return bareApi(reach);
    case 'bind':
      return bareQueries(reach);
  }
}

/** Calls the command-line tool of the panel, as the product does. */
export function barePanel(root: string): BareSide {
  const call = async (...words: readonly string[]): Promise<number> => {
    const text = await new Promise<string>((resolve, reject) => {
      execFile(
        join(root, 'sbin/mgrctl'),
        ['-m', 'ispmgr', '-o', 'xml', ...words],
        { maxBuffer: mostOctets },
        (error, stdout) => (error === null ? resolve(stdout) : reject(error)),
      );
    });
    return rowsIn(text);
  };
  return {
    list: async () => void (await call('domain')),
    read: async ({ zone }) => await call('domain.record', `elid=${zone.slice(0, -1)}`),
    close: () => undefined,
  };
}

const mostOctets = 64 * 1024 * 1024;

/** Parses a list of the panel and counts its rows. */
function rowsIn(text: string): number {
  let rows = 0;
  const parser = new SaxesParser();
  parser.on('opentag', ({ name }) => {
    if (name === 'elem') rows += 1;
  });
  parser.write(text).close();
  return rows;
}

type ReachOf<T extends Reach['kind']> = Extract<Reach, { readonly kind: T }>;

function bareAccount({ url, user, password }: ReachOf<'sandbox'>): BareSide {
  const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
  const call = async (params: Readonly<Record<string, string>>): Promise<number> => {
    const form = new URLSearchParams({ authinfo: `${user}:${password}`, out: 'xml', ...params });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return rowsIn(await sent(https.request(url, { method: 'POST', agent, headers }), form.toString()));
  };
  return {
    list: async () => void (await call({ func: 'domain' })),
    read: async ({ zone }) => await call({ func: 'domain.record', elid: zone.slice(0, -1) }),
    close: () => agent.destroy(),
  };
}

const zoneShape = v.object({ rrsets: v.array(v.object({ records: v.array(v.unknown()) })) });

function bareApi({ url, apiKey }: ReachOf<'powerdns'>): BareSide {
  const agent = new http.Agent({ keepAlive: true });
  const call = async (path: string): Promise<unknown> => {
    const target = `${url}/api/v1/servers/localhost/zones${path}`;
    return JSON.parse(await sent(http.request(target, { agent, headers: { 'X-API-Key': apiKey } }), ''));
  };
  return {
    list: async () => void (await call('?dnssec=false')),
    read: async ({ zone }) => {
      const { rrsets } = v.parse(zoneShape, await call(`/${zone}`));
      return rrsets.reduce((sum, { records }) => sum + records.length, 0);
    },
    close: () => agent.destroy(),
  };
}

async function sent(request: http.ClientRequest, body: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString();
        if (answer.statusCode === 200) resolve(text);
        else reject(new Error(`${request.path}: ${answer.statusCode} ${text.slice(0, 200)}`));
      });
    });
    request.end(body);
  });
}

/** Number of queries that a bare client sends at a time. */
const queriesAtOnce = 100;

function bareQueries({ port, key, axfr }: ReachOf<'bind'>): BareSide {
  const client = new DnsClient({
    server: { host: '127.0.0.1', port },
    transport: 'tcp',
    trust: { kind: 'public' },
    key: readTsigKey(key),
    timeout: 60_000,
  });
  const { signal } = new AbortController();
  const ask = async (names: readonly DnsName[], type: string): Promise<number> => {
    let records = 0;
    for (let at = 0; at < names.length; at += queriesAtOnce) {
      const part = names.slice(at, at + queriesAtOnce);
      const answers = await Promise.all(
        part.map(async (name) => await client.exchange(queryMessage(name, type), signal)),
      );
      for (const answer of answers) records += answer.answers.length;
    }
    return records;
  };
  return {
    list: async (zones) => void (await ask(zones, 'SOA')),
    read: async ({ zone, hosts }) =>
      axfr ? (await client.transfer(zone, signal)).length : await ask(hosts, 'ANY'),
    close: () => client.close(),
  };
}
