/**
 * Bare clients of name servers for comparison. They do the least that a program must do for an edit: they
 * send one request per change, and read and store nothing.
 */
import { Agent, request } from 'node:http';
import type { DnsName } from '../src/dns/name.ts';
import type { makeRecord } from '../src/dns/record.ts';
import { groupRRsets } from '../src/testing/zones.ts';
import { addRecord, updateMessage } from '../src/dns/wire/update.ts';
import { deleteRrset } from '../src/testing/delete-rrset.ts';
import { readTsigKey } from '../src/dns/wire/tsig.ts';
import { DnsClient } from '../src/net/dns/client.ts';
import type { ServerKey } from '../src/testing/servers/name-server.ts';
import type { Powerdns } from '../src/testing/servers/powerdns.ts';

export type Rec = ReturnType<typeof makeRecord>;

export interface RawClient {
  /**
   * Replaces all records of the names and types in `records`. Resolves when the server has accepted the
   * change.
   */
  readonly write: (zone: DnsName, records: readonly Rec[]) => Promise<void>;
  /** Creates a zone with these records; absent: this kind of client cannot create zones. */
  readonly create?: (zone: DnsName, records: readonly Rec[]) => Promise<void>;
  close(): void;
}

/** Sends signed updates (RFC 2136) over TCP connections that stay open. */
export function rawUpdates(port: number, key: ServerKey): RawClient {
  const client = new DnsClient({
    server: { host: '127.0.0.1', port },
    transport: 'tcp',
    trust: { kind: 'public' },
    key: readTsigKey(key),
    timeout: 30_000,
  });
  const { signal } = new AbortController();
  return {
    write: async (zone, records) => {
      const cleared = groupRRsets(records).map(({ name, type }) => deleteRrset(name, type));
      const added = records.map((record) => addRecord(record, record.ttl ?? 3_600));
      const { rcode } = await client.exchange(updateMessage(zone, [], [...cleared, ...added]), signal);
      if (rcode !== 0) throw new Error(`the update was refused: rcode ${rcode}`);
    },
    close: () => client.close(),
  };
}

interface Answered {
  readonly status: number;
  readonly text: string;
}

/**
 * Calls the API of PowerDNS. The connections stay open if the server allows it.
 * @param repeats how often a write is repeated to which the server answers 500. With sqlite it does so now
 *   and then
 */
export function rawCalls({ url, apiKey }: Powerdns, account: string, repeats = 10): RawClient {
  const agent = new Agent({ keepAlive: true });
  const once = async (method: string, path: string, text: string): Promise<Answered> => {
    const headers = { 'X-API-Key': apiKey, 'Content-Type': 'application/json' };
    return await new Promise((resolve, reject) => {
      const target = `${url}/api/v1/servers/localhost/zones${path}`;
      const sent = request(target, { method, agent, headers }, (answer) => {
        const said: Buffer[] = [];
        answer.on('data', (part: Buffer) => said.push(part));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 500, text: Buffer.concat(said).toString() }),
        );
      });
      sent.on('error', reject);
      sent.end(text);
    });
  };
  const call = async (method: string, path: string, body: unknown): Promise<void> => {
    const text = JSON.stringify(body);
    for (let left = repeats; ; left -= 1) {
      const answer = await once(method, path, text);
      if (answer.status < 300) return;
      if (answer.status !== 500 || left === 0) throw new Error(`${method}: ${answer.status} ${answer.text}`);
    }
  };
  return {
    write: (zone, records) => call('PATCH', `/${zone}`, { rrsets: setsOf(records) }),
    create: (zone, records) =>
      call('POST', '?rrsets=false', { ...newZone(zone, account), rrsets: setsOf(records) }),
    close: () => agent.destroy(),
  };
}

/** The body of a request for a new zone, the same as the product sends. */
export function newZone(zone: DnsName, account: string): Readonly<Record<string, unknown>> {
  return {
    name: zone,
    kind: 'Native',
    account,
    nameservers: ['ns1.example.net.'],
    api_rectify: false,
    soa_edit_api: 'DEFAULT',
  };
}

function setsOf(records: readonly Rec[]): readonly unknown[] {
  return groupRRsets(records).map((set) => ({
    name: set.name,
    type: set.type,
    ttl: set.records[0]?.ttl ?? 3_600,
    changetype: 'REPLACE',
    records: set.records.map(({ rdata }) => ({ content: rdata, disabled: false })),
  }));
}
