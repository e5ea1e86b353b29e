import { automatic, ispmanagerCentrals } from './ispmanager/module.ts';
import type { CentralModule } from './module.ts';
import { powerdns } from './powerdns/module.ts';
import { rfc2136 } from './rfc2136/module.ts';

/**
 * Every kind of central by its name in settings. A new one is one line here: settings, form, doctor, and the
 * table of docs/centrals.md read it from here (docs/adding-a-central.md).
 */
export const centrals = {
  ...ispmanagerCentrals,
  powerdns,
  rfc2136,
} satisfies Readonly<Record<string, CentralModule>>;

export type CentralKind = keyof typeof centrals;

export const centralKinds: readonly CentralKind[] = Object.keys(centrals).filter(isCentralKind);

function isCentralKind(text: string): text is CentralKind {
  return Object.hasOwn(centrals, text);
}

/**
 * What a setting or a field of the form means. `auto`, and whatever is no kind: a panel, to be found out
 * which.
 */
export function centralKindOf(text: string): CentralKind | 'auto' {
  return isCentralKind(text) ? text : 'auto';
}

/** What the product knows of a kind of central. */
export function centralModule(kind: CentralKind | 'auto'): CentralModule {
  return kind === 'auto' ? automatic : centrals[kind];
}
