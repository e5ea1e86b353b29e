import { ispmanagerPanels } from './ispmanager/module.ts';
import type { PanelModule } from './module.ts';

/**
 * Every kind of panel. A new kind is one line here: installer, doctor, form and agent use this list
 * (docs/adding-a-panel.md).
 */
export const panels = {
  ...ispmanagerPanels,
} satisfies Readonly<Record<string, PanelModule>>;

export type PanelKind = keyof typeof panels;

export const panelKinds: readonly PanelKind[] = Object.keys(panels).filter(isPanelKind);

function isPanelKind(text: string): text is PanelKind {
  return Object.hasOwn(panels, text);
}

/** Roots at which panels are installed, likeliest first. */
export const usualRoots: readonly string[] = panelKinds.flatMap((kind) => panels[kind].usualRoots);

/** The kind that is assumed if no panel lies under a root. Reading it then reports what is missing. */
export const defaultPanelKind: PanelKind = 'ispmanager4';

/** The root that is used if no usual root has a panel. */
export const defaultRoot = '/usr/local/mgr5';
