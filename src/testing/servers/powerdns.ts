import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseZoneFile } from '../../dns/zone-file.ts';
import { groupRRsets } from '../zones.ts';
import { txtChunks } from '../../dns/rdata/rdata.ts';
import { zoneText, type NameServer, type ServedZone } from './name-server.ts';
import { freePort, serverFolder, ServerProcess } from './process.ts';

export interface PowerdnsOptions {
  /** Where zones are stored. Default: `sqlite3`. */
  readonly backend?: 'sqlite3' | 'lmdb';
  /** Account of the zones that `addZones` creates. */
  readonly account?: string;
  /** More lines for `pdns.conf`. */
  readonly extra?: string;
  readonly zones?: readonly ServedZone[];
  readonly port?: number;
}

export interface Powerdns extends NameServer {
  readonly kind: 'powerdns';
  /** URL of the HTTP server, `http://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  readonly apiKey: string;
  /** Calls the API directly. @param path the part of the path below `/api/v1/servers/localhost` */
  readonly call: (method: string, path: string, body?: unknown) => Promise<{ status: number; text: string }>;
}

const schema = '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';

/** Starts a PowerDNS Authoritative Server with its HTTP API, on free ports. */
export async function startPowerdns(options: PowerdnsOptions = {}): Promise<Powerdns> {
  const folder = serverFolder('pdns');
  const port = options.port ?? (await freePort());
  const webPort = await freePort();
  const apiKey = 'test-api-key-0123456789';
  const { backend = 'sqlite3', extra = '' } = options;
  if (backend === 'sqlite3') {
    const database = new DatabaseSync(join(folder, 'pdns.sqlite3'));
    // The instructions of the package set this too. With WAL, unlike the default, readers and a writer do not
    // block each other.
    database.exec('PRAGMA journal_mode=WAL');
    database.exec(readFileSync(schema, 'utf8'));
    database.close();
  }
  writeFileSync(
    join(folder, 'pdns.conf'),
    `launch=${backend === 'sqlite3' ? 'gsqlite3' : 'lmdb'}
${backend === 'sqlite3' ? `gsqlite3-database=${folder}/pdns.sqlite3\ngsqlite3-dnssec=yes` : `lmdb-filename=${folder}/pdns.lmdb`}
local-address=127.0.0.1
local-port=${port}
socket-dir=${folder}
api=yes
api-key=${apiKey}
webserver=yes
webserver-address=127.0.0.1
webserver-port=${webPort}
webserver-allow-from=127.0.0.1
security-poll-suffix=
disable-syslog=yes
${extra}
`,
  );
  const url = `http://127.0.0.1:${webPort}`;
  const call: Powerdns['call'] = async (method, path, body) => {
    const answer = await fetch(`${url}/api/v1/servers/localhost${path}`, {
      method,
      headers: { 'X-API-Key': apiKey, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const words = [`--config-dir=${folder}`, '--daemon=no', '--guardian=no', '--write-pid=no'];
  const server = new ServerProcess(folder, 'pdns_server', words, async () => {
    return await call('GET', '').then(
      ({ status }) => status === 200,
      () => false,
    );
  });
  await server.start();
  const powerdns: Powerdns = {
    kind: 'powerdns',
    port,
    url,
    apiKey,
    call,
    folder,
    addZones: async (zones) => {
      for (const zone of zones) await makeZone(call, zone, options.account ?? '');
    },
    dropZone: async (zone) => {
      await succeed(call('DELETE', `/zones/${zone}`));
    },
    start: async () => await server.start(),
    stop: async (signal) => await server.stop(signal),
    halt: async () => await server.halt(),
    resume: () => server.resume(),
    log: () => server.log(),
    dispose: async () => await server.dispose(),
  };
  await powerdns.addZones(options.zones ?? []);
  return powerdns;
}

async function makeZone(call: Powerdns['call'], served: ServedZone, account: string): Promise<void> {
  const { zone, signed = false } = served;
  const { records } = parseZoneFile(zoneText(served));
  const rrsets = groupRRsets(records).map((set) => ({
    name: set.name,
    type: set.type,
    ttl: set.records[0]?.ttl ?? 3_600,
    records: set.records.map(({ rdata }) => ({
      content: set.type === 'TXT' ? txtChunks(rdata).join(' ') : rdata,
      disabled: false,
    })),
  }));
  await succeed(call('POST', '/zones', { name: zone, kind: 'Native', account, rrsets, dnssec: signed }));
}

async function succeed(answer: ReturnType<Powerdns['call']>): Promise<void> {
  const { status, text } = await answer;
  if (status >= 300) throw new Error(`PowerDNS API: ${status} ${text}`);
}
