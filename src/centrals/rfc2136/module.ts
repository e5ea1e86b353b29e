import type { CentralModule } from '../module.ts';

const zonesWayOut =
  'ask the provider whether "host" is the primary, and to let the key update these zones, the name _domainsync in them too (docs/centrals.md)';

/** BIND 9 or Knot DNS, reached by queries and dynamic updates that are signed with a TSIG key. */
export const rfc2136: CentralModule = {
  title: 'BIND, Knot DNS (RFC 2136)',
  protocol: 'signed queries and dynamic updates',
  credentials: 'name and secret of the TSIG key',
  host: 'name-server',
  needsNameServers: false,
  withoutZones: zonesWayOut,
  waysOut: {
    'central.login': 'compare name, secret and "algorithm" of the TSIG key with what the provider has',
    'central.wrong-kind':
      'look whether "host" is the primary name server, and whether it takes updates at all',
    'central.garbled': 'look whether "host", its port and "transport" are those of the primary name server',
    'central.access-denied': zonesWayOut,
    'central.query-refused':
      'ask the provider to let this host or the key query its zones: allow-query in the options, view or zone (docs/centrals.md)',
  },
  open: async (connection, ports) => {
    const { createRfc2136Central, readRfc2136Settings } = await import('./index.ts');
    return createRfc2136Central(readRfc2136Settings({ ...connection, ...connection.dns }), ports);
  },
};
