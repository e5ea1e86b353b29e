import type { CentralModule } from '../module.ts';

const hostWayOut = 'look whether "host" is the address of the HTTP API of a PowerDNS Authoritative Server';

/** A PowerDNS Authoritative Server, reached by its HTTP API. */
export const powerdns: CentralModule = {
  title: 'PowerDNS',
  protocol: 'the HTTP API',
  credentials: 'the account that zones are marked with, and the API key',
  host: 'web-or-local',
  needsNameServers: true,
  notes: new Set(['powerdns.not-all-zones']),
  waysOut: {
    'central.login': 'compare "password" with the API key of the server',
    'central.wrong-kind': hostWayOut,
    'central.garbled': hostWayOut,
    'central.access-denied': 'ask the provider to let this host in (webserver-allow-from)',
    'central.zone-failing': 'ask the provider to run "pdnsutil check-zone ZONE": it names the record',
    'powerdns.no-flush': 'let the proxy in front of the API pass PUT .../cache/flush (docs/centrals.md)',
    'powerdns.not-all-zones':
      'run the doctor again at a quiet hour; the hourly comparisons read all of the panel\'s, and "domainsync zones" names those that fail',
    'powerdns.zone-without-ns':
      'add them: pdnsutil add-record ZONE @ NS 3600 ns1.example.net.; set "nameservers" for new zones',
    'settings.nameservers-needed': 'set "nameservers" in that section, with commas between',
  },
  open: async (connection, ports) => {
    const { createPowerdnsCentral, readPowerdnsSettings } = await import('./index.ts');
    const { nameServers, kind } = connection.newZones;
    const zoneKind = kind === 'master' ? 'Master' : 'Native';
    const settings = readPowerdnsSettings({ ...connection, nameServers, zoneKind });
    return createPowerdnsCentral(settings, ports);
  },
};
