import { ispmanagerTitles, type IspmanagerKind } from '../../net/ispmanager/kinds.ts';
import type { CentralModule } from '../module.ts';

/** An account of an ISPmanager or DNSmanager of any kind. */
const anyPanel: Omit<CentralModule, 'title'> = {
  protocol: 'the API of the panel, HTTPS',
  credentials: 'name and password of the account',
  host: 'web',
  needsNameServers: false,
  waysOut: {},
  open: async (connection, ports) => {
    const { createIspmanagerCentral, readIspmanagerSettings } = await import('./index.ts');
    return createIspmanagerCentral(readIspmanagerSettings(connection), ports);
  },
};

export const ispmanagerCentrals: Readonly<Record<IspmanagerKind, CentralModule>> = {
  ispmanager6: { ...anyPanel, title: ispmanagerTitles.ispmanager6 },
  ispmanager4: { ...anyPanel, title: ispmanagerTitles.ispmanager4 },
  dnsmanager: { ...anyPanel, title: ispmanagerTitles.dnsmanager },
};

/** The module for settings without `kind`: the panel is asked for its kind. */
export const automatic: CentralModule = {
  ...anyPanel,
  title: 'a panel',
  waysOut: {
    'central.unreachable':
      'look whether this host may reach it (firewall, proxy), and whether it runs: ask the provider; a name server has to be named by its "kind"',
  },
};
