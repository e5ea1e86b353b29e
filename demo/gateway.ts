/** Plays `script/demo --gateway`: two customers of a provider, and a gateway in front of his name server. */
import type { BackendKind } from '../src/testing/stage/gateway-account.ts';
import { makeGatewayStage } from '../src/testing/stage/gateway-stage.ts';
import { testServers } from '../src/testing/stage/server-registry.ts';
import {
  audited,
  editsAtBoth,
  foreignZone,
  movedZone,
  setUpCustomers,
  stolenToken,
} from './chapters-gateway.ts';
import { print } from './print.ts';

/** The demo of the gateway, ready to be played. */
export interface GatewayDemo {
  play(): Promise<void>;
  /** What a user can try by hand while everything keeps running. */
  readonly byHand: readonly string[];
  stop(): Promise<void>;
}

/** Starts two panels, the name server and the gateway. @throws {Error} when a program is missing */
export async function makeGatewayDemo(backend: BackendKind): Promise<GatewayDemo> {
  const stage = await makeGatewayStage(backend, ['shop-17', 'shop-18']);
  const { first, second, gateway, provider } = stage;
  const { port } = provider.server;
  const { title } = testServers[backend];
  return {
    play: async () => {
      print('');
      print(`${title} is a real one: 127.0.0.1 port ${port}. The gateway listens at ${gateway.url}.`);
      const tokens = await setUpCustomers(stage);
      await editsAtBoth(stage);
      await foreignZone(stage);
      const renewed = await stolenToken(stage, tokens.first);
      await movedZone(stage);
      await audited(stage, [tokens.first.token, tokens.second.token, renewed.token]);
    },
    byHand: [
      ...[first, second].map(({ id, panel }) => `panel of ${id}   ${panel.address}`),
      `name server        127.0.0.1 port ${port}`,
      `operator           ${['domainsync', 'gateway', '--config', gateway.config, 'audit'].join(' ')}`,
    ],
    stop: async () => {
      await stage.stop();
    },
  };
}
