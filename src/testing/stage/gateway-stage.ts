/** A stage with two customers of a provider: a panel each, and a gateway in front of his name server. */
import { removeUnlessFailed } from '../kept-folders.ts';
import {
  GatewayProcess,
  gatewayAccountName,
  powerdnsBackend,
  writeGatewaySettings,
} from '../servers/gateway-process.ts';
import { startPowerdns, type Powerdns } from '../servers/powerdns.ts';
import type { PublicView } from './central-side.ts';
import { publicView } from './dig.ts';
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
  readonly server: Powerdns;
  readonly gateway: GatewayProcess;
  /** The name server as the public queries it. */
  readonly view: PublicView;
  readonly first: GatewayCustomer;
  readonly second: GatewayCustomer;
  /** Stops everything. All files are removed when the process ends, unless a test failed. */
  stop(): Promise<void>;
}

/**
 * Starts two panels, PowerDNS and the gateway. The gateway has the customers already, without tokens.
 * @param first id of the first customer
 * @throws {Error} when a program is missing
 */
export async function makeGatewayStage(first: string, second: string): Promise<GatewayStage> {
  const panels = [await makePanelSide('v6'), await makePanelSide('v6')] as const;
  const extra = 'default-soa-content=ns1.provider.example.net hostmaster.@ 0 10800 3600 604800 3600';
  const server = await startPowerdns({ account: gatewayAccountName, extra });
  const gateway = new GatewayProcess(writeGatewaySettings(server.folder, powerdnsBackend(server)));
  const stop = async (): Promise<void> => {
    for (const panel of panels) {
      await panel.stop();
      removeUnlessFailed(panel.directory);
    }
    await gateway.stop();
    await server.dispose();
  };
  try {
    await gateway.start();
    for (const id of [first, second]) await gateway.operator('customer', 'add', id);
  } catch (error) {
    await stop();
    throw error;
  }
  const view = publicView(server.port);
  const [one, other] = panels;
  return {
    server,
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
