import { ispmanagerPanels } from './ispmanager/module.ts';
import type { PanelModule } from './module.ts';

/**
 * Every kind of panel. A new one is one line here: the installer, the doctor, the form and the agent read it
 * from here (docs/adding-a-panel.md).
 */
export const panels = {
  ...ispmanagerPanels,
} satisfies Readonly<Record<string, PanelModule>>;

export type PanelKind = keyof typeof panels;

export const panelKinds: readonly PanelKind[] = Object.keys(panels).filter(isPanelKind);

function isPanelKind(text: string): text is PanelKind {
  return Object.hasOwn(panels, text);
}

/** Roots panels are installed at, the likeliest first. */
export const usualRoots: readonly string[] = panelKinds.flatMap((kind) => panels[kind].usualRoots);

/** What a root without a panel is taken for, so that reading it tells what is missing. */
export const defaultPanelKind: PanelKind = 'ispmanager4';

/** Where a panel is searched for if none is at a usual root. */
export const defaultRoot = '/usr/local/mgr5';
