import type { IspmanagerKind } from '../../net/ispmanager/kinds.ts';
import type { CentralSettings } from './settings.ts';

/**
 * An address at which the central may answer. If `kind` is null, the answers from the address have to show
 * the kind of the panel.
 */
export interface LikelyPlace {
  readonly address: string;
  readonly kind: IspmanagerKind | null;
}

/** Ports and paths that panels use by default (docs/protocol.md#addresses). */
const habits = [
  { port: 1500, path: '/ispmgr', kind: 'ispmanager6' },
  { port: 1500, path: '/dnsmgr', kind: 'dnsmanager' },
  { port: 443, path: '/ispmgr', kind: 'ispmanager6' },
  { port: 443, path: '/dnsmgr', kind: 'dnsmanager' },
  { port: 443, path: '/manager/ispmgr', kind: 'ispmanager4' },
  { port: 443, path: '/manager/dnsmgr', kind: 'dnsmanager' },
] as const;

/** The addresses to try, the likeliest first. If the settings contain a path, only that address is tried. */
export function placesOf({
  address,
  kind,
}: Pick<CentralSettings, 'address' | 'kind'>): readonly LikelyPlace[] {
  const url = new URL(address);
  const known = kind === 'auto' ? null : kind;
  if (url.pathname !== '/') return [{ address, kind: known }];
  const stated = url.port !== '' || address.endsWith(':443');
  const fitting = habits.filter((one) => known === null || one.kind === known);
  const places = fitting.map(({ port, path }): LikelyPlace => {
    const place = new URL(url);
    place.pathname = path;
    if (!stated) place.port = String(port);
    return { address: place.href, kind: known };
  });
  return [...new Map(places.map((place) => [place.address, place])).values()];
}
