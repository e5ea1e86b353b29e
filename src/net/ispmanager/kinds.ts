/**
 * Kinds of panel software, used both for the customer's panel and for the central. ISPmanager 5 belongs to
 * `ispmanager6`. DNSmanager 5 and 6 are one kind (docs/protocol.md#generations).
 */
export const ispmanagerKinds = ['ispmanager6', 'ispmanager4', 'dnsmanager'] as const;

export type IspmanagerKind = (typeof ispmanagerKinds)[number];

/** Names that users see, the same in every language. */
export const ispmanagerTitles: Readonly<Record<IspmanagerKind, string>> = {
  ispmanager6: 'ISPmanager 5/6',
  ispmanager4: 'ISPmanager 4',
  dnsmanager: 'DNSmanager 5/6',
};

/** The panel's name in addresses, file names and `mgrctl -m` (docs/protocol.md#addresses, #mgrctl). */
export function panelName(kind: IspmanagerKind): 'ispmgr' | 'dnsmgr' {
  return kind === 'dnsmanager' ? 'dnsmgr' : 'ispmgr';
}
