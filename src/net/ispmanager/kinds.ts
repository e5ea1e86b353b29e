/**
 * Kinds of panel that we speak with, as the customer's panel and as the central; 5 speaks as 6 does
 * (reference section 1).
 */
export const ispmanagerKinds = ['ispmanager6', 'ispmanager4', 'dnsmanager'] as const;

export type IspmanagerKind = (typeof ispmanagerKinds)[number];

/** In words, in every language. */
export const ispmanagerTitles: Readonly<Record<IspmanagerKind, string>> = {
  ispmanager6: 'ISPmanager 5/6',
  ispmanager4: 'ISPmanager 4',
  dnsmanager: 'DNSmanager 5/6',
};

/** The panel's own name, as in addresses, file names and `mgrctl -m` (reference sections 1, 12). */
export function panelName(kind: IspmanagerKind): 'ispmgr' | 'dnsmgr' {
  return kind === 'dnsmanager' ? 'dnsmgr' : 'ispmgr';
}
