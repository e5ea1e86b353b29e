/** A stage with two customers of a provider: a panel each, and a gateway in front of his name server. */
import { removeUnlessFailed } from '../kept-folders.ts';
import { GatewayProcess, writeGatewaySettings } from '../servers/gateway-process.ts';
import type { PublicView } from './central-side.ts';
import { publicView } from './dig.ts';
import { backendAccount, backendOptions, type BackendKind } from './gateway-account.ts';
import type { ServerAccount } from './server-account.ts';
import { makePanelSide, until, writeSettings, type AnyStage } from './stage.ts';

/** A customer with a panel. */
export interface GatewayCustomer extends Omit<AnyStage, 'there' | 'secrets' | 'configure'> {
  readonly id: string;
  readonly there: { readonly public: PublicView };
  /** Writes the settings of the plugin: the gateway as central, with this token. */
  configure(token: string): void;
  /** Waits until the first comparison has ended and the owners of the zones are known. */
  ready(): Promise<void>;
}

export interface GatewayStage {
  readonly backend: BackendKind;
  /** The name server, with the provider's own access to it. */
  readonly provider: ServerAccount;
  readonly gateway: GatewayProcess;
  /** The name server as the public queries it. */
  readonly view: PublicView;
  readonly first: GatewayCustomer;
  readonly second: GatewayCustomer;
  /** Stops everything. All files are removed when the process ends, unless a test failed. */
  stop(): Promise<void>;
}

/**
 * Starts two panels, the name server and the gateway. The gateway has the customers already, without tokens.
 * @param ids of the customers
 * @throws {Error} when a program is missing
 */
export async function makeGatewayStage(
  backend: BackendKind,
  ids: readonly [string, string],
): Promise<GatewayStage> {
  const [one, other] = [await makePanelSide('v6'), await makePanelSide('v6')];
  const provider = await backendAccount(backend);
  const { server } = provider;
  const gateway = new GatewayProcess(writeGatewaySettings(server.folder, backendOptions(provider, backend)));
  const stop = async (): Promise<void> => {
    for (const panel of [one, other]) {
      await panel.stop();
      removeUnlessFailed(panel.directory);
    }
    await gateway.stop();
    await server.dispose();
  };
  try {
    await gateway.start();
    for (const id of ids) await gateway.operator('customer', 'add', id);
  } catch (error) {
    await stop();
    throw error;
  }
  const view = publicView(server.port);
  const [first, second] = ids;
  return {
    backend,
    provider,
    gateway,
    view,
    first: customerOf(first, one, view, gateway),
    second: customerOf(second, other, view, gateway),
    stop,
  };
}

type PanelSide = Awaited<ReturnType<typeof makePanelSide>>;

function customerOf(id: string, side: PanelSide, view: PublicView, gateway: GatewayProcess): GatewayCustomer {
  return {
    ...side,
    id,
    there: { public: view },
    configure: (token) => {
      const connection = { kind: 'gateway', host: gateway.url, username: id, password: token };
      writeSettings(side.panel.root, connection, {});
    },
    ready: async () => {
      await until(`${id}: the first comparison, and the owners of the zones`, async () => {
        const { engine = null, fromAgent = null } = (await side.status()) ?? {};
        return (engine?.baselineAt ?? null) !== null && (fromAgent?.owners.readAt ?? null) !== null;
      });
    },
  };
}
