import { panelKindNames, panelKinds, type PanelKind } from './ispmanager/panel-kind.ts';

/** Kinds of central: an account at a panel, or a name server of its own. */
export const centralKinds = [...panelKinds, 'powerdns', 'rfc2136'] as const;

export type CentralKind = PanelKind | 'powerdns' | 'rfc2136';

/** In words, in every language. */
export const centralKindNames: Readonly<Record<CentralKind, string>> = {
  ...panelKindNames,
  powerdns: 'PowerDNS',
  rfc2136: 'BIND, Knot DNS (RFC 2136)',
};

/** What a setting or a form's field says; `auto` = a panel, to be found out which; also where it says anything else. */
export function centralKindOf(text: string): CentralKind | 'auto' {
  return centralKinds.find((kind) => kind === text) ?? 'auto';
}
