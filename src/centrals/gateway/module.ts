import type { CentralModule } from '../module.ts';

/** A gateway of the provider: one door in front of his name servers, with a token for each panel. */
export const gatewayModule: CentralModule = {
  title: 'domainsync gateway',
  protocol: "the gateway's HTTP API",
  credentials: 'the customer, and the token of this panel',
  host: 'web-or-local',
  needsNameServers: true,
  waysOut: {
    'central.login':
      'compare "username" with the customer, and "password" with the token, that the provider gave',
    'central.access-denied': 'ask the provider what this token may do (domainsync gateway explain)',
    'central.garbled': 'look whether "host" is the address of a gateway',
  },
  open: async (connection, ports) => {
    const { createGatewayCentral, readGatewaySettings } = await import('./index.ts');
    const { nameServers } = connection.newZones;
    return createGatewayCentral(readGatewaySettings({ ...connection, nameServers }), ports);
  },
};
