/** Plays `script/demo --gateway`: two customers of a provider, and a gateway in front of his name server. */
import { makeGatewayStage } from '../src/testing/stage/gateway-stage.ts';
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

/** Starts two panels, PowerDNS and the gateway. @throws {Error} when a program is missing */
export async function makeGatewayDemo(): Promise<GatewayDemo> {
  const stage = await makeGatewayStage('shop-17', 'shop-18');
  const { first, second, gateway, server } = stage;
  return {
    play: async () => {
      print('');
      print(`PowerDNS is a real one: 127.0.0.1 port ${server.port}. The gateway listens at ${gateway.url}.`);
      const tokens = await setUpCustomers(stage);
      await editsAtBoth(stage);
      await foreignZone(stage);
      const renewed = await stolenToken(stage, tokens.first);
      await movedZone(stage);
      await audited(stage, [tokens.first.token, tokens.second.token, renewed.token]);
    },
    byHand: [
      ...[first, second].map(({ id, panel }) => `panel of ${id}   ${panel.address}`),
      `name server        127.0.0.1 port ${server.port}`,
      `operator           ${['domainsync', 'gateway', '--config', gateway.config, 'audit'].join(' ')}`,
    ],
    stop: async () => {
      await stage.stop();
    },
  };
}
