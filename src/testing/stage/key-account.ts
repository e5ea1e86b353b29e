import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startKnot } from '../servers/knot.ts';
import { makeKey, type NameServerOptions, type ServedZone, type ServerKey } from '../servers/name-server.ts';
import { startNamed } from '../servers/named.ts';
import { absolute } from './panel-words.ts';
import { isDnsUpdate } from './relay.ts';
import { dataOf, type ServerAccount } from './server-account.ts';
import { account } from './stage.ts';

/**
 * Makes an account at BIND or Knot. The customer has a key that may update the customer's zones. The provider
 * has one key for all zones, and one that may transfer them.
 * @param name of the customer's key. If it begins with `transfer`, it may transfer zones too
 */
export async function keyAccount(kind: 'bind' | 'knot', name: string = account.name): Promise<ServerAccount> {
  const [ours, others, provider, reader] = [
    makeKey(name),
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

/**
 * Writes a key file for `dig -k` and `nsupdate -k`, so that no process list shows the secret.
 * @returns its path
 */
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
