import { GatewayProcess, writeGatewaySettings } from '../servers/gateway-process.ts';
import { keyAccount } from './key-account.ts';
import { powerdnsAccount } from './powerdns-server-account.ts';
import type { ServerAccount } from './server-account.ts';
import { account } from './stage.ts';

/** The name servers behind a gateway, by the setting `kind`. */
export type BackendKind = 'powerdns' | 'bind' | 'knot';

/**
 * Makes an account at a gateway in front of a name server. The gateway is a process of its own, and the
 * operator's commands set it up. It belongs to the server: `server.dispose` ends it.
 */
export async function gatewayAccount(kind: BackendKind = 'powerdns'): Promise<ServerAccount> {
  const made = await backendAccount(kind);
  try {
    return await behindGateway(made, kind);
  } catch (error) {
    await made.server.dispose();
    throw error;
  }
}

async function behindGateway(made: ServerAccount, kind: BackendKind): Promise<ServerAccount> {
  const gateway = new GatewayProcess(writeGatewaySettings(made.server.folder, backendOptions(made, kind)));
  await gateway.operator('customer', 'add', account.name);
  const { token } = await gateway.makeToken(account.name, '--from', '127.0.0.0/8');
  await gateway.start();
  return {
    ...made,
    server: {
      ...made.server,
      dispose: async () => {
        await gateway.stop();
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
      for (const { zone } of zones) await gateway.operator('zone', 'assign', zone, account.name);
    },
    // At PowerDNS, a zone that nobody owns is the provider's.
    foreign: async (zone) => {
      await (kind === 'powerdns' ? made.ours([zone]) : made.foreign(zone));
    },
  };
}

/** Starts a name server with the provider's own access to it, for a gateway. */
export async function backendAccount(kind: BackendKind): Promise<ServerAccount> {
  return await (kind === 'powerdns' ? powerdnsAccount() : keyAccount(kind, 'transfer-gateway'));
}

/** Options of the section `[backend]` for this name server. */
export function backendOptions(made: ServerAccount, kind: BackendKind): Readonly<Record<string, string>> {
  const { host = '', username = '', password = '' } = made.connection(made.port);
  return { kind, host, username, password };
}

/** Whether the octets are a request to a gateway that changes records or zones. */
function isGatewayWrite(request: Buffer): boolean {
  const head = request.toString('latin1', 0, 500).split(' ', 2);
  return head[0] === 'DELETE' || (head[0] === 'POST' && !(head[1] ?? '').endsWith('/withdraw'));
}
