import { ispmanagerPanels } from './ispmanager/module.ts';
import type { PanelModule } from './module.ts';

/**
 * Every kind of panel. A new kind needs only one line here: installer, doctor, form and agent use this list
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

/** The roots under which panels are usually installed, the likeliest first. */
export const usualRoots: readonly string[] = panelKinds.flatMap((kind) => panels[kind].usualRoots);

/**
 * The kind that is assumed if there is no panel under a root. A read of the panel then fails with an error.
 */
export const defaultPanelKind: PanelKind = 'ispmanager4';

/** The root that is used if there is no panel under any usual root. */
export const defaultRoot = '/usr/local/mgr5';
