import { gatewayModule } from './gateway/module.ts';
import { automatic, ispmanagerCentrals } from './ispmanager/module.ts';
import type { CentralModule } from './module.ts';
import { powerdns } from './powerdns/module.ts';
import { rfc2136 } from './rfc2136/module.ts';

/**
 * Every kind of central, under its name in the settings. A new kind needs only one line here: settings, form,
 * doctor and the table of docs/centrals.md use this list (docs/adding-a-central.md).
 */
export const centrals = {
  ...ispmanagerCentrals,
  powerdns,
  rfc2136,
  gateway: gatewayModule,
} satisfies Readonly<Record<string, CentralModule>>;

export type CentralKind = keyof typeof centrals;

export const centralKinds: readonly CentralKind[] = Object.keys(centrals).filter(isCentralKind);

function isCentralKind(text: string): text is CentralKind {
  return Object.hasOwn(centrals, text);
}

/**
 * The kind that a setting or a form field names. Any other text gives `auto`: an ISPmanager or DNSmanager,
 * which is asked for its kind.
 */
export function centralKindOf(text: string): CentralKind | 'auto' {
  return isCentralKind(text) ? text : 'auto';
}

/** The module of a kind of central. */
export function centralModule(kind: CentralKind | 'auto'): CentralModule {
  return kind === 'auto' ? automatic : centrals[kind];
}
