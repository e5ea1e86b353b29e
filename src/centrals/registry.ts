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
} satisfies Readonly<Record<string, CentralModule>>;

export type CentralKind = keyof typeof centrals;

export const centralKinds: readonly CentralKind[] = Object.keys(centrals).filter(isCentralKind);

function isCentralKind(text: string): text is CentralKind {
  return Object.hasOwn(centrals, text);
}

/**
 * The kind that a setting or a form field names. `auto`, which also stands for any unknown text, means a
 * panel whose kind is found by asking it.
 */
export function centralKindOf(text: string): CentralKind | 'auto' {
  return isCentralKind(text) ? text : 'auto';
}

/** The module of a kind of central. */
export function centralModule(kind: CentralKind | 'auto'): CentralModule {
  return kind === 'auto' ? automatic : centrals[kind];
}
