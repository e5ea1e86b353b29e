import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { keyAccount } from './key-account.ts';
import { powerdnsAccount } from './powerdns-server-account.ts';
import type { ServerAccount } from './server-account.ts';
import { account } from './stage.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, '../../cli/main.ts');

/** A line of the gateway's log that names the port at which it listens. */
const listening = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ event: v.literal('gateway.listening'), port: v.number() }),
);

/** The name servers behind a gateway, by the setting `kind`. */
export type BackendKind = 'powerdns' | 'bind' | 'knot';

/**
 * Makes an account at a gateway in front of a name server. The gateway is a process of its own, and the
 * operator's commands set it up. It belongs to the server: `server.dispose` ends it.
 */
export async function gatewayAccount(kind: BackendKind = 'powerdns'): Promise<ServerAccount> {
  const made = await (kind === 'powerdns' ? powerdnsAccount() : keyAccount(kind, 'transfer-gateway'));
  try {
    return await behindGateway(made, kind);
  } catch (error) {
    await made.server.dispose();
    throw error;
  }
}

async function behindGateway(made: ServerAccount, kind: BackendKind): Promise<ServerAccount> {
  const { folder } = made.server;
  const config = join(folder, 'gateway.ini');
  writeFileSync(config, settingsText(made, kind, join(folder, 'gateway')), { mode: 0o600 });
  const operator = async (...words: readonly string[]): Promise<string> =>
    (await run(process.execPath, [program, '--json', 'gateway', '--config', config, ...words])).stdout;
  await operator('customer', 'add', account.name);
  const added = await operator('token', 'add', account.name, '--from', '127.0.0.0/8');
  const { token } = v.parse(v.object({ token: v.string() }), JSON.parse(added));
  const gateway = await startGateway(config);
  return {
    ...made,
    server: {
      ...made.server,
      dispose: async () => {
        gateway.child.kill('SIGTERM');
        if (gateway.child.exitCode === null) await once(gateway.child, 'close');
        await made.server.dispose();
      },
    },
    secrets: [...made.secrets, token],
    port: gateway.port,
    isWrite: isGatewayWrite,
    connection: (port) => ({
      kind: 'gateway',
      host: `http://127.0.0.1:${port}`,
      username: account.name,
      password: token,
      nameservers: 'ns1.provider.example.net, ns2.provider.example.net',
    }),
    ours: async (zones) => {
      await made.ours(zones);
      for (const { zone } of zones) await operator('zone', 'assign', zone, account.name);
    },
    // At PowerDNS, a zone that nobody owns is the provider's.
    foreign: async (zone) => {
      await (kind === 'powerdns' ? made.ours([zone]) : made.foreign(zone));
    },
  };
}

function settingsText(made: ServerAccount, kind: BackendKind, state: string): string {
  const { host = '', username = '', password = '' } = made.connection(made.port);
  return `[gateway]
listen = 127.0.0.1:0
state = ${state}
[backend]
kind = ${kind}
host = ${host}
username = ${username}
password = ${password}
`;
}

/** @throws {Error} if the process ends before it listens */
async function startGateway(
  config: string,
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const words = [program, 'gateway', '--config', config, 'serve'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('close', (status) => {
      reject(new Error(`the gateway ended: ${status}`));
    });
    // Later lines are read too, because a full pipe would hold up the gateway.
    createInterface({ input: child.stdout }).on('line', (line) => {
      const read = v.safeParse(listening, line);
      if (read.success) resolve(read.output.port);
    });
  });
  return { child, port };
}

/** Whether the octets are a request to a gateway that changes records or zones. */
function isGatewayWrite(request: Buffer): boolean {
  const head = request.toString('latin1', 0, 500).split(' ', 2);
  return head[0] === 'DELETE' || (head[0] === 'POST' && !(head[1] ?? '').endsWith('/withdraw'));
}
